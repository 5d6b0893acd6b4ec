// forms: wrapped
/* O_DIRECTORY on a file fails with ENOTDIR, and opening a directory for writing with EISDIR; "." and paths with a trailing slash find only directories.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

static unsigned open_with(const char *path, unsigned oflags, __wasi_rights_t rights)
{
	int fd = -1;
	unsigned error = try_open(ROOT, path, 0, oflags, rights, 0, &fd);
	if (!error) {
		__wasi_fdstat_t stat;
		CHECK_OK(__wasi_fd_fdstat_get(fd, &stat));
		CHECK_EQ(stat.fs_filetype,
		         strncmp(path, "file", 4) == 0 ? __WASI_FILETYPE_REGULAR_FILE : __WASI_FILETYPE_DIRECTORY);
		CHECK(stat.fs_filetype != __WASI_FILETYPE_DIRECTORY || !(stat.fs_rights_base & __WASI_RIGHTS_FD_SEEK));
		close_fd(fd);
	}
	return error;
}

int main(void)
{
	__wasi_rights_t read = __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR,
					write = __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE;

	make_dir("dir");
	make_dir("dir/sub");
	put_file("file", "");
	CHECK_OK(open_with("dir", O_DIR, read));
	CHECK_OK(open_with("dir", 0, read));
	CHECK_OK(open_with("dir", 0, 0));
	CHECK_OK(open_with("dir/", O_DIR, read));
	CHECK_OK(open_with("dir///", 0, read));
	CHECK_OK(open_with(".", O_DIR, read));
	CHECK_OK(open_with("./", 0, read));
	CHECK_OK(open_with("dir/.", 0, read));
	CHECK_OK(open_with("dir/sub/..", O_DIR, read));
	CHECK_OK(open_with("dir//sub/./../sub/", O_DIR, read));

	CHECK_ERRNO(open_with("file", O_DIR, read), ENOTDIR);
	CHECK_ERRNO(open_with("file/", 0, read), ENOTDIR);
	CHECK_ERRNO(open_with("file/.", 0, read), ENOTDIR);
	CHECK_ERRNO(open_with("file//", O_DIR, read), ENOTDIR);
	CHECK_ERRNO(open_with("missing", O_DIR, read), ENOENT);
	CHECK_ERRNO(open_with("missing/", 0, read), ENOENT);

	CHECK_ERRNO(open_with("dir", O_DIR, write), EISDIR);
	CHECK_ERRNO(open_with("dir", 0, write), EISDIR);
	CHECK_ERRNO(open_with(".", O_DIR, write), EISDIR);
	CHECK_ERRNO(open_with("dir", O_CREATE, write), EISDIR);
	CHECK_ERRNO(open_with("dir", O_CREATE, read), EISDIR);
	CHECK_ERRNO(open_with("dir", O_TRUNCATE, write), EISDIR);
	CHECK_ERRNO(open_with("dir", O_CREATE | O_EXCLUSIVE, write), EEXIST, EISDIR);

	/* O_DIRECTORY cannot be combined with other flags. */
	CHECK_ERRNO(open_with("new", O_DIR | O_CREATE, read), EINVAL);
	CHECK_ERRNO(open_with("dir", O_DIR | O_CREATE, read), EINVAL);
	CHECK_ERRNO(open_with("new", O_DIR | O_CREATE | O_EXCLUSIVE, read), EINVAL);
	CHECK_ERRNO(look("new"), ENOENT);

	/* Paths cannot start at something that is not a directory. */
	int fd, file = open_file("file", 0);
	CHECK_ERRNO(__wasi_path_open(file, 0, "below", 0, 0, 0, 0, &fd), ENOTDIR, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_open(1, 0, "below", 0, 0, 0, 0, &fd), ENOTDIR, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_open(99, 0, "file", 0, 0, 0, 0, &fd), EBADF);

	/* From a directory other than the preopened one. */
	int dir = open_dir("dir");
	put_file("dir/inner", "inner");
	int inner = open_at(dir, "inner", 0, READ_RIGHTS);
	char got[8];
	CHECK_EQ(read_some(inner, got, sizeof got), 5);
	return 0;
}
