// forms: wrapped
/* A trailing slash in path_rename means a directory, on either side.
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
	make_dir("dir");
	CHECK_OK(rename_("dir/", "b"));
	CHECK_OK(rename_("b", "c/"));
	CHECK_OK(rename_("c///", "d//"));
	CHECK_OK(rename_("d", "dir"));

	put_file("file", "text");
	CHECK_ERRNO(rename_("file/", "x"), ENOTDIR);
	CHECK_ERRNO(rename_("file", "x/"), ENOTDIR, ENOENT, EISDIR);
	CHECK_ERRNO(rename_("file", "dir/"), EISDIR, ENOTDIR);
	CHECK_ERRNO(rename_("dir", "file/"), ENOTDIR);
	CHECK_ERRNO(look("x"), ENOENT);
	expect_file("file", "text");
	CHECK_EQ(stat_path("dir").filetype, __WASI_FILETYPE_DIRECTORY);
	return 0;
}
