// forms: wrapped
/* A read-only directory can be read in every way, and cannot be changed in any.
 *
 * guest:
 *   dir: / read-only
 *   file: /file "text"
 *   file: /dir/inner "inner"
 */
#include "dirents.h"

#define REFUSED EROFS, EPERM, EACCES, ENOTCAPABLE

int main(void)
{
	int fd;

	expect_file("file", "text");
	expect_file("dir/inner", "inner");
	CHECK_EQ(count_entries(ROOT), 4);
	int dir = open_dir("dir");
	CHECK_EQ(count_entries(dir), 3);

	CHECK_ERRNO(__wasi_path_open(ROOT, 0, "file", 0, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE, 0, 0, &fd),
	            REFUSED);
	CHECK_ERRNO(__wasi_path_open(ROOT, 0, "file", 0, __WASI_RIGHTS_FD_WRITE, 0, 0, &fd), REFUSED);
	CHECK_ERRNO(__wasi_path_open(ROOT, 0, "file", O_TRUNCATE, __WASI_RIGHTS_FD_READ, 0, 0, &fd), REFUSED);
	CHECK_ERRNO(__wasi_path_open(ROOT, 0, "new", O_CREATE, __WASI_RIGHTS_FD_READ, 0, 0, &fd), REFUSED);
	CHECK_ERRNO(__wasi_path_create_directory(ROOT, "new"), REFUSED);
	CHECK_ERRNO(__wasi_path_create_directory(ROOT, "dir"), EEXIST, REFUSED); /* mkdir -p relies on it */
	CHECK_ERRNO(__wasi_path_create_directory(ROOT, "none/new"), ENOENT, REFUSED);
	CHECK_ERRNO(__wasi_path_remove_directory(ROOT, "dir"), REFUSED);
	CHECK_ERRNO(__wasi_path_unlink_file(ROOT, "file"), REFUSED);
	CHECK_ERRNO(__wasi_path_rename(ROOT, "file", ROOT, "new"), REFUSED);
	CHECK_ERRNO(__wasi_path_link(ROOT, 0, "file", ROOT, "new"), REFUSED);
	CHECK_ERRNO(__wasi_path_symlink("file", ROOT, "new"), REFUSED);
	CHECK_ERRNO(__wasi_path_filestat_set_times(ROOT, 0, "file", 0, 0, __WASI_FSTFLAGS_MTIM), REFUSED);
	CHECK_ERRNO(__wasi_fd_filestat_set_times(ROOT, 0, 0, __WASI_FSTFLAGS_MTIM), REFUSED, EBADF);

	/* The same from a directory or a file below it. */
	CHECK_ERRNO(__wasi_path_open(dir, 0, "new", O_CREATE, 0, 0, 0, &fd), REFUSED);
	CHECK_ERRNO(__wasi_path_unlink_file(dir, "inner"), REFUSED);
	CHECK_ERRNO(__wasi_path_create_directory(dir, "new"), REFUSED);
	fd = open_at(ROOT, "file", 0, READ_RIGHTS);
	CHECK_ERRNO(__wasi_fd_filestat_set_size(fd, 0), REFUSED, EBADF, EINVAL);
	CHECK_ERRNO(__wasi_fd_filestat_set_times(fd, 0, 0, __WASI_FSTFLAGS_MTIM), REFUSED, EBADF);
	expect_file("file", "text");
	return 0;
}
