/* path_link makes a second name for the same file, so writes through either name are visible through both; it refuses directories and existing names.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

static unsigned link_(const char *from, const char *to)
{
	return __wasi_path_link(ROOT, 0, from, ROOT, to);
}

int main(void)
{
	make_dir("dir");
	put_file("file", "one");
	CHECK_OK(link_("file", "twin"));
	CHECK_OK(link_("file", "dir/triplet"));
	CHECK_EQ(stat_path("file").nlink, 3);
	CHECK_EQ(stat_path("twin").ino, stat_path("file").ino);
	put_file("twin", "changed");
	expect_file("dir/triplet", "changed");
	CHECK_OK(__wasi_path_unlink_file(ROOT, "file"));
	CHECK_EQ(stat_path("twin").nlink, 2);
	expect_file("twin", "changed");

	CHECK_ERRNO(link_("twin", "dir/triplet"), EEXIST);
	CHECK_ERRNO(link_("twin", "twin"), EEXIST);
	CHECK_ERRNO(link_("twin", "dir"), EEXIST);
	CHECK_ERRNO(link_("missing", "x"), ENOENT);
	CHECK_ERRNO(link_("twin", "missing/x"), ENOENT);
	CHECK_ERRNO(link_("twin", "twin/x"), ENOTDIR);
	CHECK_ERRNO(link_("twin", "x/"), ENOENT, ENOTDIR);
	CHECK_ERRNO(link_("twin/", "x"), ENOTDIR);
	CHECK_ERRNO(link_("dir", "x"), EPERM, EACCES, EISDIR);
	CHECK_ERRNO(link_("", "x"), ENOENT);
	CHECK_ERRNO(link_("twin", ""), ENOENT);
	CHECK_ERRNO(look("x"), ENOENT);

	/* For a symbolic link, the link itself gets another name. If it is followed, as POSIX allows, the target gets one (Wasmtime: EINVAL). */
	CHECK_OK(__wasi_path_symlink("nowhere", ROOT, "dangling"));
	CHECK_OK(link_("dangling", "dangling2"));
	CHECK_EQ(stat_path("dangling2").filetype, __WASI_FILETYPE_SYMBOLIC_LINK);
	CHECK_EQ(stat_path("dangling2").nlink, 2);
	CHECK_ERRNO(link_("twin", "dangling"), EEXIST);
	CHECK_ERRNO(__wasi_path_link(ROOT, FOLLOW, "dangling", ROOT, "x"), ENOENT);
	CHECK_OK(__wasi_path_symlink("twin", ROOT, "link"));
	CHECK_OK(__wasi_path_link(ROOT, FOLLOW, "link", ROOT, "followed"));
	CHECK_EQ(stat_path("followed").ino, stat_path("twin").ino);
	CHECK_ERRNO(__wasi_path_link(ROOT, 2, "twin", ROOT, "x"), EINVAL);

	CHECK_ERRNO(__wasi_path_link(99, 0, "twin", ROOT, "x"), EBADF);
	CHECK_ERRNO(__wasi_path_link(ROOT, 0, "twin", 99, "x"), EBADF);
	return 0;
}
