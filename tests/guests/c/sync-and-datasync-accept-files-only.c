// forms: wrapped
/* fd_sync and fd_datasync succeed on a file, whether it was written or not, and fail with EBADF without one.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

int main(void)
{
	int fd = open_file("file", O_CREATE);

	CHECK_OK(__wasi_fd_sync(fd));
	write_all(fd, "data", 4);
	CHECK_OK(__wasi_fd_datasync(fd));
	CHECK_OK(__wasi_fd_sync(fd));
	expect_file("file", "data");

	CHECK_ERRNO(__wasi_fd_sync(99), EBADF);
	CHECK_ERRNO(__wasi_fd_datasync(-1), EBADF);
	/* POSIX allows syncing a directory; Wasmtime returns EBADF. A stream cannot be synced. */
	CHECK_ERRNO(__wasi_fd_sync(ROOT), 0, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_datasync(ROOT), 0, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_sync(1), EINVAL, EBADF, ENOTSUP, ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_datasync(0), EINVAL, EBADF, ENOTSUP, ENOTCAPABLE);
	close_fd(fd);
	CHECK_ERRNO(__wasi_fd_sync(fd), EBADF);
	return 0;
}
