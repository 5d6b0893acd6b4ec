// forms: wrapped
/* A link to itself, a cycle of links, and a chain that is too long fail with ELOOP; a chain of 32 works.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

static unsigned follow(const char *path)
{
	__wasi_filestat_t stat;
	return __wasi_path_filestat_get(ROOT, FOLLOW, path, &stat);
}

int main(void)
{
	char from[16], to[16];
	int fd;

	CHECK_OK(__wasi_path_symlink("self", ROOT, "self"));
	CHECK_ERRNO(follow("self"), ELOOP);
	CHECK_ERRNO(follow("self/x"), ELOOP);
	CHECK_ERRNO(look("self/"), ELOOP);
	CHECK_OK(look("self")); /* stat of the link itself works */
	CHECK_ERRNO(try_open(ROOT, "self", FOLLOW, 0, 0, 0, &fd), ELOOP);
	CHECK_ERRNO(try_open(ROOT, "self", FOLLOW, O_CREATE, 0, 0, &fd), ELOOP);
	CHECK_ERRNO(try_open(ROOT, "self", 0, 0, 0, 0, &fd), ELOOP);
	CHECK_ERRNO(__wasi_path_create_directory(ROOT, "self/x"), ELOOP);

	CHECK_OK(__wasi_path_symlink("b", ROOT, "a"));
	CHECK_OK(__wasi_path_symlink("./c", ROOT, "b"));
	CHECK_OK(__wasi_path_symlink("a", ROOT, "c"));
	CHECK_ERRNO(follow("a"), ELOOP);

	make_dir("dir");
	CHECK_OK(__wasi_path_symlink("../dir/into", ROOT, "dir/into")); /* grows with each step */
	CHECK_ERRNO(follow("dir/into/x"), ELOOP, ENAMETOOLONG);

	put_file("link-0", "end");
	for (int i = 1; i <= 64; i++) {
		snprintf(from, sizeof from, "link-%d", i - 1);
		snprintf(to, sizeof to, "link-%d", i);
		CHECK_OK(__wasi_path_symlink(from, ROOT, to));
	}
	expect_file("link-32", "end");
	CHECK_ERRNO(follow("link-64"), ELOOP);

	CHECK_OK(__wasi_path_unlink_file(ROOT, "self"));
	CHECK_ERRNO(look("self"), ENOENT);
	return 0;
}
