/* Once stdout has no reader, writing to it fails with EPIPE, and poll reports at once that the other side hung up.
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

	/* The news that the reader is gone may take a while to arrive. */
	while ((error = __wasi_fd_write(1, &iov, 1, &written)) == 0)
		;
	CHECK_ERRNO(error, EPIPE);
	CHECK_EQ(poll_subs(&sub, &event, 1), 1);
	CHECK_EQ(event.error, 0);
	CHECK_EQ(event.fd_readwrite.flags, __WASI_EVENTRWFLAGS_FD_READWRITE_HANGUP);
	CHECK_EQ(event.fd_readwrite.nbytes, 0);
	/* An empty write fails on a pipe without a reader, but not on a socket. */
	iov.buf_len = 0;
	CHECK_ERRNO(__wasi_fd_write(1, &iov, 1, &written), 0, EPIPE);
	return 0;
}
