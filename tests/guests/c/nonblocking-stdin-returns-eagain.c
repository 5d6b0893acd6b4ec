/* With FDFLAGS_NONBLOCK, a read of an empty stdin fails with EAGAIN at once; fdstat shows the flag; without it, reads wait again.
 *
 * guest:
 *   stdin: after "ready\n"
 *   stdin: wait 300ms
 *   stdin: "late"
 *   expect-stdout: "ready\n"
 */
#include "fs.h"

int main(void)
{
	char buffer[8];
	__wasi_iovec_t iov = {(uint8_t *)buffer, sizeof buffer};
	__wasi_size_t got;
	__wasi_fdstat_t stat;

	CHECK_OK(__wasi_fd_fdstat_set_flags(0, __WASI_FDFLAGS_NONBLOCK));
	CHECK_OK(__wasi_fd_fdstat_get(0, &stat));
	CHECK_EQ(stat.fs_flags, __WASI_FDFLAGS_NONBLOCK);
	write_all(1, "ready\n", 6);
	for (int i = 0; i < 3; i++)
		CHECK_ERRNO(__wasi_fd_read(0, &iov, 1, &got), EAGAIN);

	CHECK_OK(__wasi_fd_fdstat_set_flags(0, 0));
	CHECK_OK(__wasi_fd_read(0, &iov, 1, &got));
	CHECK_EQ(got, 4);
	CHECK_BYTES(buffer, "late", 4);
	return 0;
}
