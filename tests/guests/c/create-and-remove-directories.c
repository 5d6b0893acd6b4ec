// forms: wrapped
/* path_create_directory and path_remove_directory, with everything that can make them fail.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

static unsigned mkdir_(const char *path)
{
	return __wasi_path_create_directory(ROOT, path);
}

static unsigned rmdir_(const char *path)
{
	return __wasi_path_remove_directory(ROOT, path);
}

int main(void)
{
	put_file("file", "");
	CHECK_OK(__wasi_path_symlink("dir", ROOT, "link"));
	CHECK_OK(__wasi_path_symlink("nowhere", ROOT, "dangling"));

	CHECK_OK(mkdir_("dir"));
	CHECK_ERRNO(mkdir_("dir"), EEXIST);
	CHECK_ERRNO(mkdir_("dir/"), EEXIST);
	CHECK_ERRNO(mkdir_("file"), EEXIST);
	CHECK_ERRNO(mkdir_("link"), EEXIST);
	CHECK_ERRNO(mkdir_("dangling"), EEXIST);
	CHECK_ERRNO(mkdir_("."), EEXIST);
	CHECK_ERRNO(mkdir_("missing/dir"), ENOENT);
	CHECK_ERRNO(mkdir_("file/dir"), ENOTDIR);
	CHECK_ERRNO(mkdir_(""), ENOENT);
	CHECK_OK(mkdir_("slash/"));
	CHECK_OK(mkdir_("dir/sub"));
	CHECK_OK(mkdir_("link/through"));
	CHECK_EQ(stat_path("dir/through").filetype, __WASI_FILETYPE_DIRECTORY);

	CHECK_ERRNO(rmdir_("dir"), ENOTEMPTY);
	CHECK_ERRNO(rmdir_("file"), ENOTDIR);
	CHECK_ERRNO(rmdir_("file/"), ENOTDIR);
	CHECK_ERRNO(rmdir_("link"), ENOTDIR);
	CHECK_ERRNO(rmdir_("dangling"), ENOTDIR);
	CHECK_ERRNO(rmdir_("missing"), ENOENT);
	CHECK_ERRNO(rmdir_("missing/"), ENOENT);
	CHECK_ERRNO(rmdir_("file/sub"), ENOTDIR);
	CHECK_ERRNO(rmdir_(""), ENOENT);
	CHECK_ERRNO(rmdir_("."), EINVAL, EBUSY, EPERM, ENOTCAPABLE, ENOTEMPTY);
	CHECK_ERRNO(rmdir_("dir/."), EINVAL, ENOTEMPTY);
	CHECK_ERRNO(rmdir_("dir/sub/.."), ENOTEMPTY, EINVAL);
	CHECK_OK(rmdir_("slash/"));
	CHECK_ERRNO(look("slash"), ENOENT);
	CHECK_OK(rmdir_("dir/through"));

	/* A directory that is removed while open stays empty. */
	int sub = open_dir("dir/sub"), fd;
	CHECK_OK(rmdir_("dir/sub"));
	CHECK_ERRNO(look("dir/sub"), ENOENT);
	CHECK_ERRNO(__wasi_path_create_directory(sub, "new"), ENOENT);
	CHECK_ERRNO(__wasi_path_open(sub, 0, "new", O_CREATE, 0, 0, 0, &fd), ENOENT);
	CHECK_ERRNO(__wasi_path_symlink("x", sub, "new"), ENOENT);
	uint8_t buffer[64];
	__wasi_size_t used = 0;
	CHECK_ERRNO(__wasi_fd_readdir(sub, buffer, sizeof buffer, 0, &used), 0, ENOENT);
	CHECK(used <= 24 + 1 + 24 + 2); /* "." and ".." at most */
	CHECK_EQ(stat_fd(sub).filetype, __WASI_FILETYPE_DIRECTORY);
	CHECK_OK(mkdir_("dir/sub")); /* a new directory with the same name */
	CHECK(stat_path("dir/sub").ino != stat_fd(sub).ino);

	CHECK_OK(rmdir_("dir/sub"));
	CHECK_OK(rmdir_("dir"));
	CHECK_ERRNO(__wasi_path_create_directory(99, "x"), EBADF);
	CHECK_ERRNO(__wasi_path_remove_directory(99, "x"), EBADF);
	int file = open_file("file", 0);
	CHECK_ERRNO(__wasi_path_create_directory(file, "x"), ENOTDIR, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_remove_directory(file, "x"), ENOTDIR, EBADF, ENOTCAPABLE);
	return 0;
}
