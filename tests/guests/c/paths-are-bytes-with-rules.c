/* Every path function treats an empty path, a NUL, invalid UTF-8, "." and doubled slashes in the same way.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"
#include "raw.h"

static uint32_t path, size;
static uint64_t out[16];

static unsigned do_open(void)
{
	return raw_path_open(ROOT, 0, path, size, O_CREATE, 0, 0, 0, P(out));
}
static unsigned do_mkdir(void)
{
	return raw_path_create_directory(ROOT, path, size);
}
static unsigned do_rmdir(void)
{
	return raw_path_remove_directory(ROOT, path, size);
}
static unsigned do_unlink(void)
{
	return raw_path_unlink_file(ROOT, path, size);
}
static unsigned do_stat(void)
{
	return raw_path_filestat_get(ROOT, 0, path, size, P(out));
}
static unsigned do_times(void)
{
	return raw_path_filestat_set_times(ROOT, 0, path, size, 0, 0, __WASI_FSTFLAGS_MTIM);
}
static unsigned do_readlink(void)
{
	return raw_path_readlink(ROOT, path, size, P(out), 8, P(out + 8));
}
static unsigned do_rename_from(void)
{
	return raw_path_rename(ROOT, path, size, ROOT, P("moved"), 5);
}
static unsigned do_rename_to(void)
{
	return raw_path_rename(ROOT, P("file"), 4, ROOT, path, size);
}
static unsigned do_link_from(void)
{
	return raw_path_link(ROOT, 0, path, size, ROOT, P("linked"), 6);
}
static unsigned do_link_to(void)
{
	return raw_path_link(ROOT, 0, P("file"), 4, ROOT, path, size);
}
static unsigned do_symlink(void)
{
	return raw_path_symlink(P("file"), 4, ROOT, path, size);
}

static unsigned (*const calls[])(void) = {do_open,      do_mkdir,     do_rmdir,    do_unlink,
                                          do_stat,      do_times,     do_readlink, do_rename_from,
                                          do_rename_to, do_link_from, do_link_to,  do_symlink};

/* A string literal, with all its bytes. */
#define EACH(text, ...) \
	each(__LINE__, P(text), sizeof(text) - 1, (const uint16_t[]){__VA_ARGS__}, sizeof((uint16_t[]){__VA_ARGS__}) / 2)

static void each(int line, uint32_t bad, uint32_t bad_size, const uint16_t *expected, size_t count)
{
	path = bad;
	size = bad_size;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		unsigned error = calls[i]();
		if (!check_listed(error, expected, count))
			check_failed(__FILE__, line, "call %u gives %u (%s)", (unsigned)i, error, strerror((int)error));
	}
}

int main(void)
{
	uint32_t end = memory_end();

	put_file("file", "text");
	make_dir("dir");
	EACH("", ENOENT);
	EACH("fi\0le", EINVAL, EILSEQ);
	EACH("file\0", EINVAL, EILSEQ);
	EACH("\0", EINVAL, EILSEQ);
	EACH("bad\xff", EILSEQ);
	EACH("\xc3", EILSEQ);
	EACH("dir/\xed\xa0\x80", EILSEQ); /* half a surrogate pair */
	EACH("\xf8\x88\x80\x80\x80", EILSEQ);
	EACH("\xc0\xaf", EILSEQ); /* a slash in two bytes */
	EACH("file/x", ENOTDIR);
	EACH("missing/x", ENOENT);
	EACH("file/../file", ENOTDIR);

	each(__LINE__, end, 1, (const uint16_t[]){EFAULT}, 1);
	each(__LINE__, end - 3, 4, (const uint16_t[]){EFAULT}, 1);
	each(__LINE__, 0xffffffff, 0xffffffff, (const uint16_t[]){EFAULT, ENAMETOOLONG}, 2);
	each(__LINE__, P("file"), 0xffffffff, (const uint16_t[]){EFAULT, ENAMETOOLONG}, 2);
	CHECK_ERRNO(raw_path_symlink(end, 1, ROOT, P("new"), 3), EFAULT);
	CHECK_ERRNO(raw_path_symlink(P("\xff"), 1, ROOT, P("new"), 3), EILSEQ);
	CHECK_ERRNO(raw_path_symlink(P("a\0b"), 3, ROOT, P("new"), 3), EINVAL, EILSEQ);
	CHECK_ERRNO(look("new"), ENOENT);

	/* Different ways to write the same path. */
	CHECK_EQ(stat_path("dir//..//./file").ino, stat_path("file").ino);
	CHECK_EQ(stat_path("./file").ino, stat_path("file").ino);
	CHECK_EQ(stat_path("dir/.//../dir/").ino, stat_path("dir").ino);
	put_file("dir/./../dir//new", "new");
	expect_file("dir/new", "new");
	put_file("a b\n\\*\"'\x7f", "odd"); /* any byte but '/' and NUL, if it is UTF-8 */
	expect_file("a b\n\\*\"'\x7f", "odd");
	put_file("...", "dots");
	expect_file("...", "dots");
	put_file("日本語", "utf-8");
	expect_file("日本語", "utf-8");
	CHECK_ERRNO(look("FILE"), ENOENT); /* names are case-sensitive */
	expect_file("file", "text");
	return 0;
}
