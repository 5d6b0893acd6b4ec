// forms: wrapped
/* O_CREAT creates a file or keeps an existing one; with O_EXCL the name must not exist, not even as a dangling link; O_TRUNC empties the file.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

static unsigned open_with(const char *path, unsigned lookup, unsigned oflags)
{
	int fd = -1;
	unsigned error = try_open(ROOT, path, lookup, oflags, FILE_RIGHTS, 0, &fd);
	if (!error)
		close_fd(fd);
	return error;
}

/* With O_CREAT, "x/" fails with EISDIR, whatever x is, as on Linux: a file cannot have such a name. */
static void with_a_trailing_slash(void)
{
	static const char *const paths[] = {"new/",    "file/",       "dir/",  "to-file/",
	                                    "to-dir/", "to-nothing/", "loop/", "file//"};
	make_dir("dir");
	CHECK_OK(__wasi_path_symlink("file", ROOT, "to-file"));
	CHECK_OK(__wasi_path_symlink("dir", ROOT, "to-dir"));
	CHECK_OK(__wasi_path_symlink("nothing", ROOT, "to-nothing"));
	CHECK_OK(__wasi_path_symlink("nothing/", ROOT, "to-slash"));
	CHECK_OK(__wasi_path_symlink("loop", ROOT, "loop"));
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		CHECK_ERRNO(open_with(paths[i], 0, O_CREATE), EISDIR);
		CHECK_ERRNO(open_with(paths[i], FOLLOW, O_CREATE), EISDIR);
		CHECK_ERRNO(open_with(paths[i], FOLLOW, O_CREATE | O_EXCLUSIVE), EISDIR);
		CHECK_ERRNO(open_with(paths[i], 0, O_CREATE | O_TRUNCATE), EISDIR);
	}
	CHECK_ERRNO(open_with("to-slash", FOLLOW, O_CREATE), EISDIR);
	CHECK_ERRNO(open_with("to-slash", FOLLOW, O_CREATE | O_EXCLUSIVE), EEXIST); /* the link itself, without a slash */
	CHECK_ERRNO(look("new"), ENOENT);
	CHECK_ERRNO(look("nothing"), ENOENT);
	/* An error in the path to the name comes first. */
	CHECK_ERRNO(open_with("missing/new/", 0, O_CREATE), ENOENT);
	CHECK_ERRNO(open_with("file/new/", 0, O_CREATE), ENOTDIR);
	/* "." and ".." are existing directories. */
	CHECK_ERRNO(open_with("dir/.", 0, O_CREATE), EISDIR);
	CHECK_ERRNO(open_with("dir/./", 0, O_CREATE | O_EXCLUSIVE), EEXIST);
	/* Without O_CREAT the result depends on what exists. */
	CHECK_ERRNO(open_with("file/", 0, 0), ENOTDIR);
	CHECK_ERRNO(open_with("to-file/", 0, 0), ENOTDIR);
	CHECK_ERRNO(open_with("new/", 0, 0), ENOENT);
	expect_file("file", "");
}

int main(void)
{
	CHECK_ERRNO(open_with("file", 0, 0), ENOENT);
	CHECK_ERRNO(open_with("file", 0, O_TRUNCATE), ENOENT);
	CHECK_ERRNO(look("file"), ENOENT);
	CHECK_OK(open_with("file", 0, O_CREATE));
	put_file("file", "text");
	CHECK_OK(open_with("file", 0, O_CREATE));
	expect_file("file", "text");
	CHECK_ERRNO(open_with("file", 0, O_CREATE | O_EXCLUSIVE), EEXIST);
	CHECK_ERRNO(open_with("file", 0, O_CREATE | O_EXCLUSIVE | O_TRUNCATE), EEXIST);
	expect_file("file", "text");
	CHECK_OK(open_with("file", 0, O_TRUNCATE));
	expect_file("file", "");
	with_a_trailing_slash();
	CHECK_OK(open_with("new", 0, O_CREATE | O_EXCLUSIVE));
	CHECK_OK(open_with("newer", 0, O_CREATE | O_TRUNCATE));

	/* Where a name cannot be created. */
	CHECK_ERRNO(open_with("missing/file", 0, O_CREATE), ENOENT);
	CHECK_ERRNO(open_with("file/below", 0, O_CREATE), ENOTDIR);
	CHECK_ERRNO(open_with("", 0, O_CREATE), ENOENT);

	/* Through links: the file is created where a dangling link points, but not with O_EXCL, and not if links are not followed. */
	CHECK_OK(__wasi_path_symlink("target", ROOT, "link"));
	CHECK_ERRNO(open_with("link", FOLLOW, 0), ENOENT);
	CHECK_ERRNO(open_with("link", 0, O_CREATE), ELOOP);
	CHECK_ERRNO(open_with("link", FOLLOW, O_CREATE | O_EXCLUSIVE), EEXIST);
	CHECK_ERRNO(open_with("link", 0, O_CREATE | O_EXCLUSIVE), EEXIST);
	CHECK_ERRNO(look("target"), ENOENT);
	CHECK_OK(open_with("link", FOLLOW, O_CREATE));
	CHECK_OK(look("target"));
	CHECK_ERRNO(open_with("link", 0, 0), ELOOP);
	put_file("target", "text");
	CHECK_ERRNO(open_with("link", 0, O_TRUNCATE), ELOOP);
	expect_file("target", "text");
	CHECK_OK(open_with("link", FOLLOW, O_TRUNCATE));
	expect_file("target", "");

	/* When another open truncates an open file, its reader is past the end. */
	put_file("shared", "0123456789");
	int reader = open_file("shared", 0);
	char got[4];
	CHECK_EQ(read_some(reader, got, 4), 4);
	CHECK_OK(open_with("shared", 0, O_TRUNCATE));
	CHECK_EQ(read_some(reader, got, 4), 0);
	CHECK_EQ(stat_fd(reader).size, 0);
	return 0;
}
