// forms: wrapped
/* A file ends at the largest offset: a write there fails with EFBIG, and a write that crosses it is shortened.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

int main(void)
{
	__wasi_ciovec_t iov = {(const uint8_t *)"1234", 4};
	__wasi_size_t written;
	int fd = open_file("file", O_CREATE);

	CHECK_EQ(seek_to(fd, INT64_MAX, __WASI_WHENCE_SET), INT64_MAX);
	CHECK_ERRNO(__wasi_fd_write(fd, &iov, 1, &written), EFBIG);
	CHECK_ERRNO(__wasi_fd_pwrite(fd, &iov, 1, INT64_MAX, &written), EFBIG);
	CHECK_EQ(stat_fd(fd).size, 0);
	CHECK_OK(__wasi_fd_pwrite(fd, &iov, 1, INT64_MAX - 2, &written));
	CHECK_EQ(written, 2);
	CHECK_EQ(stat_fd(fd).size, INT64_MAX);
	/* An append has no room now. */
	CHECK_OK(__wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_APPEND));
	seek_to(fd, 0, __WASI_WHENCE_SET);
	CHECK_ERRNO(__wasi_fd_write(fd, &iov, 1, &written), EFBIG);
	CHECK_EQ(seek_to(fd, 0, __WASI_WHENCE_CUR), 0);
	CHECK_OK(__wasi_path_unlink_file(ROOT, "file"));
	return 0;
}
