/* With FDFLAGS_NONBLOCK, a write to stdout writes as much as there is room for, and fails with EAGAIN when there is none; poll reports when there is room again.
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
	/* The reader reads at the same time, but not as fast. */
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
