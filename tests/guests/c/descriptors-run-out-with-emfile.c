/* Opening endlessly fails with EMFILE, and the process continues; closing one allows one more.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

int main(void)
{
	__wasi_fdstat_t stat;
	int fd, last = -1, count = 0;
	unsigned error;

	put_file("file", "");
	while ((error = __wasi_path_open(ROOT, 0, "file", 0, __WASI_RIGHTS_FD_READ, 0, 0, &fd)) == 0) {
		last = fd;
		CHECK(++count < 2000000);
	}
	CHECK_ERRNO(error, EMFILE, ENFILE);
	CHECK(count >= 200);
	close_fd(last - 100);
	CHECK_OK(__wasi_path_open(ROOT, 0, "file", 0, __WASI_RIGHTS_FD_READ, 0, 0, &fd));
	CHECK_EQ(fd, last - 100);
	CHECK_ERRNO(__wasi_path_open(ROOT, 0, "file", 0, __WASI_RIGHTS_FD_READ, 0, 0, &fd), EMFILE, ENFILE);
	CHECK_OK(__wasi_fd_fdstat_get(last, &stat));
	for (fd = 4; fd <= last; fd++)
		close_fd(fd);
	CHECK_EQ(open_file("file", 0), 4);
	return 0;
}
