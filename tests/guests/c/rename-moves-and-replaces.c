// forms: wrapped
/* path_rename of files and directories: to new names, over files, over empty directories; renames that POSIX forbids change nothing.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

static unsigned rename_(const char *from, const char *to)
{
	return __wasi_path_rename(ROOT, from, ROOT, to);
}

int main(void)
{
	put_file("file", "file");
	uint64_t inode = stat_path("file").ino;
	CHECK_OK(rename_("file", "moved"));
	CHECK_ERRNO(look("file"), ENOENT);
	CHECK_EQ(stat_path("moved").ino, inode);
	expect_file("moved", "file");

	/* Over a file: the old file remains only for descriptors that have it open. */
	put_file("victim", "victim");
	int victim = open_file("victim", 0);
	CHECK_OK(rename_("moved", "victim"));
	expect_file("victim", "file");
	CHECK_EQ(stat_fd(victim).nlink, 0);
	char got[8];
	CHECK_EQ(read_some(victim, got, sizeof got), 6);
	CHECK_BYTES(got, "victim", 6);

	/* Onto itself: nothing happens. */
	CHECK_OK(rename_("victim", "victim"));
	CHECK_OK(rename_("victim", "./victim"));
	expect_file("victim", "file");

	/* Directories: to a new name with their contents, over an empty directory, but not over one with contents. */
	make_dir("dir");
	make_dir("dir/sub");
	put_file("dir/sub/leaf", "leaf");
	int open_sub = open_dir("dir/sub");
	CHECK_OK(rename_("dir", "place"));
	expect_file("place/sub/leaf", "leaf");
	make_dir("empty");
	CHECK_OK(rename_("place", "empty"));
	CHECK_ERRNO(look("place"), ENOENT);
	expect_file("empty/sub/leaf", "leaf");
	make_dir("full");
	put_file("full/x", "");
	CHECK_ERRNO(rename_("empty", "full"), ENOTEMPTY, EEXIST);
	expect_file("empty/sub/leaf", "leaf");

	/* An open directory moves with its name; its ".." is then the new parent's. */
	CHECK_OK(rename_("empty/sub", "full/sub"));
	int leaf = open_at(open_sub, "leaf", 0, READ_RIGHTS);
	CHECK_EQ(read_some(leaf, got, sizeof got), 4);
	CHECK_EQ(stat_path("full/sub/..").ino, stat_path("full").ino);

	/* Incompatible kinds. */
	CHECK_ERRNO(rename_("victim", "empty"), EISDIR);
	CHECK_ERRNO(rename_("empty", "victim"), ENOTDIR);
	CHECK_ERRNO(rename_("missing", "x"), ENOENT);
	CHECK_ERRNO(rename_("missing", "victim"), ENOENT);
	CHECK_ERRNO(rename_("victim", "missing/x"), ENOENT);
	CHECK_ERRNO(rename_("victim", "victim/x"), ENOTDIR);
	CHECK_ERRNO(rename_("", "x"), ENOENT);
	CHECK_ERRNO(rename_("victim", ""), ENOENT);
	expect_file("victim", "file");

	/* Into its own subtree, and other impossible places. */
	CHECK_ERRNO(rename_("full", "full/sub/full"), EINVAL);
	CHECK_ERRNO(rename_("full", "full/full"), EINVAL);
	CHECK_ERRNO(rename_("full/sub", "full"), ENOTEMPTY, EEXIST);
	CHECK_ERRNO(rename_(".", "dot"), EBUSY, EINVAL, EPERM, ENOTCAPABLE);
	CHECK_ERRNO(rename_("full", "."), EBUSY, EINVAL, EPERM, ENOTCAPABLE, ENOTEMPTY, EEXIST);
	CHECK_ERRNO(rename_("full/sub/..", "x"), EBUSY, EINVAL);
	expect_file("full/sub/leaf", "leaf");

	/* Two links of one file: POSIX requires that nothing happens, and both stay. */
	CHECK_OK(__wasi_path_link(ROOT, 0, "victim", ROOT, "twin"));
	CHECK_OK(rename_("victim", "twin"));
	CHECK_OK(look("victim"));
	CHECK_EQ(stat_path("twin").nlink, 2);

	/* A rename moves the symbolic link itself. */
	CHECK_OK(__wasi_path_symlink("victim", ROOT, "link"));
	CHECK_OK(rename_("link", "link2"));
	CHECK_EQ(stat_path("link2").filetype, __WASI_FILETYPE_SYMBOLIC_LINK);
	CHECK_OK(rename_("twin", "link2")); /* replaces the link, not its target */
	CHECK_EQ(stat_path("link2").filetype, __WASI_FILETYPE_REGULAR_FILE);

	/* From one directory's descriptor to another's. */
	int empty = open_dir("empty"), full = open_dir("full");
	put_file("empty/a", "a");
	CHECK_OK(__wasi_path_rename(empty, "a", full, "b"));
	expect_file("full/b", "a");
	CHECK_ERRNO(__wasi_path_rename(99, "a", full, "b"), EBADF);
	CHECK_ERRNO(__wasi_path_rename(full, "b", 99, "b"), EBADF);
	CHECK_ERRNO(__wasi_path_rename(victim, "b", full, "c"), ENOTDIR, EBADF, ENOTCAPABLE);
	return 0;
}
