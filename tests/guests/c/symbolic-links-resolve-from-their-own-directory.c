/* path_symlink and path_readlink; links to files and directories, in the middle of paths, with "..", through links,
 * dangling.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"
#include "raw.h"

static unsigned symlink_(const char *target, const char *path)
{
	return __wasi_path_symlink(target, ROOT, path);
}

/* Checks the target of the link at `path`, read with a buffer of `size` bytes. */
static void expect_link(const char *path, const char *target, size_t size)
{
	char got[300];
	__wasi_size_t used;
	size_t want = strlen(target) < size ? strlen(target) : size;

	memset(got, '#', sizeof got);
	CHECK_OK(__wasi_path_readlink(ROOT, path, (uint8_t *)got, size, &used));
	CHECK_EQ(used, want); /* truncated instead of refused, and without a NUL */
	CHECK_BYTES(got, target, want);
	CHECK_EQ(got[want], '#');
}

int main(void)
{
	uint8_t buffer[8];
	__wasi_size_t used;

	make_dir("a");
	make_dir("a/b");
	put_file("a/b/file", "deep");
	put_file("top", "top");

	CHECK_OK(symlink_("a/b/file", "to-file"));
	expect_file("to-file", "deep");
	CHECK_OK(symlink_("a/b", "to-dir"));
	expect_file("to-dir/file", "deep");
	CHECK_OK(symlink_("../../top", "a/b/up"));
	expect_file("a/b/up", "top");
	expect_file("to-dir/up", "top"); /* from where the link is, not from where the path started */
	CHECK_OK(symlink_("to-dir", "again"));
	expect_file("again/up", "top");
	CHECK_OK(symlink_(".", "here"));
	expect_file("here/here/here/top", "top");
	CHECK_OK(symlink_("a/b/", "slash"));
	expect_file("slash/file", "deep");
	CHECK_EQ(stat_path("to-dir/..").ino, stat_path("a").ino); /* the directory's "..", not the link's */
	CHECK_EQ(stat_path("to-dir/").filetype, __WASI_FILETYPE_DIRECTORY);
	CHECK_ERRNO(look("to-file/"), ENOTDIR);

	/* Dangling links, whose targets are created later. */
	CHECK_OK(symlink_("later", "dangling"));
	CHECK_OK(symlink_("later", "dangling2"));
	CHECK_ERRNO(look("dangling/"), ENOENT);
	put_file("later", "here now");
	expect_file("dangling", "here now");

	expect_link("to-file", "a/b/file", 100);
	expect_link("to-file", "a/b/file", 8);
	expect_link("to-file", "a/b/file", 3);
	expect_link("to-file", "a/b/file", 0);
	expect_link("slash", "a/b/", 100);
	expect_link("again/up", "../../top", 100);
	CHECK_ERRNO(__wasi_path_readlink(ROOT, "top", buffer, 8, &used), EINVAL);
	CHECK_ERRNO(__wasi_path_readlink(ROOT, "a", buffer, 8, &used), EINVAL);
	CHECK_ERRNO(__wasi_path_readlink(ROOT, "missing", buffer, 8, &used), ENOENT);
	CHECK_ERRNO(__wasi_path_readlink(99, "to-file", buffer, 8, &used), EBADF);
	CHECK_ERRNO(raw_path_readlink(ROOT, P("to-file"), 7, memory_end() - 4, 8, P(&used)), EFAULT);
	CHECK_ERRNO(raw_path_readlink(ROOT, P("to-file"), 7, P(buffer), 8, memory_end()), EFAULT);

	CHECK_ERRNO(symlink_("x", "to-file"), EEXIST);
	CHECK_ERRNO(symlink_("x", "a"), EEXIST);
	CHECK_ERRNO(symlink_("x", "a/"), EEXIST);
	CHECK_ERRNO(symlink_("x", "dangling2"), EEXIST);
	CHECK_ERRNO(symlink_("x", "new/"), ENOENT, ENOTDIR);
	CHECK_ERRNO(symlink_("x", "top/"), ENOTDIR, EEXIST);
	CHECK_ERRNO(symlink_("x", "missing/new"), ENOENT);
	CHECK_ERRNO(symlink_("x", "top/new"), ENOTDIR);
	CHECK_ERRNO(symlink_("x", ""), ENOENT);
	CHECK_ERRNO(symlink_("", "new"), ENOENT, EINVAL);
	CHECK_ERRNO(symlink_("/", "new"), EPERM, ENOTCAPABLE); /* a link out of the sandbox cannot be created */
	CHECK_ERRNO(symlink_("/a/b", "new"), EPERM, ENOTCAPABLE);
	CHECK_ERRNO(look("new"), ENOENT);
	CHECK_ERRNO(__wasi_path_symlink("x", 99, "new"), EBADF);
	return 0;
}
