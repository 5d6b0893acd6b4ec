/* With FDFLAGS_NONBLOCK set on it, stdout takes what there is room for, and gives EAGAIN when there is none; poll tells when there is some again.
 *
 * guest:
 *   expect-stdout-starts: "xxxx"
 */
#include "fs.h"
#include "poll.h"

static char block[1 << 20];

int main(void)
{
	__wasi_ciovec_t iov = {(uint8_t *)block, sizeof block};
	__wasi_subscription_t sub = write_sub(1, 1);
	__wasi_event_t event;
	__wasi_size_t written, count;
	unsigned error;

	memset(block, 'x', sizeof block);
	CHECK_OK(__wasi_fd_fdstat_set_flags(1, __WASI_FDFLAGS_NONBLOCK));
	/* Whoever reads does it while this goes on, but not as fast. */
	while ((error = __wasi_fd_write(1, &iov, 1, &written)) == 0)
		CHECK(written > 0);
	CHECK_ERRNO(error, EAGAIN);

	CHECK_OK(__wasi_poll_oneoff(&sub, &event, 1, &count));
	CHECK_EQ(count, 1);
	CHECK_EQ(event.error, 0);
	iov.buf_len = 1;
	CHECK_OK(__wasi_fd_write(1, &iov, 1, &written));
	CHECK_EQ(written, 1);
	return 0;
}
