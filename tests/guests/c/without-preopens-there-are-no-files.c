// forms: wrapped
/* Without preopened directories, descriptor 3 does not exist, and libc finds no files.
 *
 * guest:
 */
#include "check.h"

int main(void)
{
	__wasi_prestat_t stat;
	__wasi_fdstat_t fdstat;
	int fd;

	CHECK_ERRNO(__wasi_fd_prestat_get(3, &stat), EBADF);
	CHECK_ERRNO(__wasi_fd_fdstat_get(3, &fdstat), EBADF);
	CHECK_ERRNO(__wasi_path_open(3, 0, "file", 0, 0, 0, 0, &fd), EBADF);
	CHECK(fopen("/etc/passwd", "r") == NULL);
	CHECK(fopen("file", "w") == NULL);
	return 0;
}
