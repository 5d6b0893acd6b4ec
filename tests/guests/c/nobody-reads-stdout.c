/* Once nobody reads it any more, writing to stdout is EPIPE, and poll says at once that the other side hung up.
 *
 * guest:
 *   stdout: closed
 */
#include "fs.h"
#include "poll.h"

static char block[4096];

int main(void)
{
	__wasi_ciovec_t iov = {(uint8_t *)block, sizeof block};
	__wasi_subscription_t sub = write_sub(1, 1);
	__wasi_event_t event;
	__wasi_size_t written;
	unsigned error;

	/* It may take a while until that is known here. */
	while ((error = __wasi_fd_write(1, &iov, 1, &written)) == 0)
		;
	CHECK_ERRNO(error, EPIPE);
	CHECK_EQ(poll_subs(&sub, &event, 1), 1);
	CHECK_EQ(event.error, 0);
	CHECK_EQ(event.fd_readwrite.flags, __WASI_EVENTRWFLAGS_FD_READWRITE_HANGUP);
	CHECK_EQ(event.fd_readwrite.nbytes, 0);
	/* A pipe takes nothing from anybody; a socket does not. */
	iov.buf_len = 0;
	CHECK_ERRNO(__wasi_fd_write(1, &iov, 1, &written), 0, EPIPE);
	return 0;
}
