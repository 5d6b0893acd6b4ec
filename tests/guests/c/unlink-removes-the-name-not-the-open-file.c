// forms: wrapped
/* path_unlink_file removes the name at once; the bytes are freed when the last descriptor is closed. For directories it fails with EISDIR.
 *
 * guest:
 *   dir: /
 */
#include "dirents.h"

static unsigned unlink_(const char *path)
{
	return __wasi_path_unlink_file(ROOT, path);
}

int main(void)
{
	char got[16];
	int fd = open_file("file", O_CREATE);

	write_all(fd, "text", 4);
	uint64_t inode = stat_fd(fd).ino;
	CHECK_OK(unlink_("file"));
	CHECK_ERRNO(look("file"), ENOENT);
	CHECK_EQ(count_entries(ROOT), 2);
	CHECK_EQ(stat_fd(fd).nlink, 0);
	write_all(fd, " more", 5);
	seek_to(fd, 0, __WASI_WHENCE_SET);
	CHECK_EQ(read_some(fd, got, sizeof got), 9);
	CHECK_BYTES(got, "text more", 9);

	put_file("file", "new");
	CHECK(stat_path("file").ino != inode);
	seek_to(fd, 0, __WASI_WHENCE_SET);
	CHECK_EQ(read_some(fd, got, 4), 4);
	CHECK_BYTES(got, "text", 4);
	expect_file("file", "new");
	close_fd(fd);

	CHECK_ERRNO(unlink_("missing"), ENOENT);
	CHECK_ERRNO(unlink_(""), ENOENT);
	CHECK_ERRNO(unlink_("file/"), ENOTDIR);
	CHECK_ERRNO(unlink_("file/below"), ENOTDIR);
	make_dir("dir");
	CHECK_ERRNO(unlink_("dir"), EISDIR, EPERM);
	CHECK_ERRNO(unlink_("dir/"), EISDIR, EPERM);
	CHECK_ERRNO(unlink_("."), EISDIR, EPERM, EINVAL, EBUSY);
	CHECK_ERRNO(unlink_("dir/.."), EISDIR, EPERM, EINVAL, EBUSY, ENOTEMPTY);

	/* A link itself is removed, never its target. */
	CHECK_OK(__wasi_path_symlink("file", ROOT, "link"));
	CHECK_OK(__wasi_path_symlink("dir", ROOT, "dir-link"));
	CHECK_ERRNO(unlink_("link/"), ENOTDIR);
	CHECK_OK(unlink_("link"));
	CHECK_OK(unlink_("dir-link"));
	CHECK_OK(look("file"));
	CHECK_OK(look("dir"));

	CHECK_ERRNO(__wasi_path_unlink_file(99, "file"), EBADF);
	int file = open_file("file", 0);
	CHECK_ERRNO(__wasi_path_unlink_file(file, "x"), ENOTDIR, EBADF, ENOTCAPABLE);
	return 0;
}
