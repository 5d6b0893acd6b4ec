// forms: wrapped
/* Names of 255 bytes work, and names of 256 fail with ENAMETOOLONG; so do whole paths from somewhere beyond 4,096 bytes.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"
#include "raw.h"

static char text[70000];

static const char *repeat(const char *piece, size_t size)
{
	for (size_t i = 0; i < size; i++)
		text[i] = piece[i % strlen(piece)];
	text[size] = '\0';
	return text;
}

int main(void)
{
	int fd;
	__wasi_filestat_t stat;

	put_file(repeat("n", 255), "long");
	expect_file(repeat("n", 255), "long");
	CHECK_ERRNO(try_open(ROOT, repeat("n", 256), 0, O_CREATE, 0, 0, &fd), ENAMETOOLONG);
	CHECK_ERRNO(__wasi_path_create_directory(ROOT, repeat("n", 256)), ENAMETOOLONG);
	CHECK_ERRNO(__wasi_path_symlink("x", ROOT, repeat("n", 256)), ENAMETOOLONG);
	CHECK_ERRNO(__wasi_path_rename(ROOT, "none", ROOT, repeat("n", 256)), ENAMETOOLONG, ENOENT);
	CHECK_ERRNO(__wasi_path_filestat_get(ROOT, 0, repeat("n", 300), &stat), ENAMETOOLONG);
	CHECK_ERRNO(__wasi_path_filestat_get(ROOT, 0, repeat("n", 256), &stat), ENAMETOOLONG);

	/* Paths of many components: 4,000 bytes work, 65,000 do not. */
	CHECK_OK(__wasi_path_filestat_get(ROOT, 0, repeat("./", 4000), &stat));
	CHECK_ERRNO(__wasi_path_filestat_get(ROOT, 0, repeat("./", 65000), &stat), ENAMETOOLONG);
	CHECK_ERRNO(__wasi_path_create_directory(ROOT, repeat("a/", 65000)), ENAMETOOLONG, ENOENT);
	CHECK_ERRNO(raw_path_symlink(P(repeat("t", 65000)), 65000, ROOT, P("link"), 4), ENAMETOOLONG);

	/* 64 directories deep, through descriptors and through one path. */
	int dir = ROOT;
	for (int i = 0; i < 64; i++) {
		CHECK_OK(__wasi_path_create_directory(dir, "deep"));
		CHECK_OK(try_open(dir, "deep", 0, O_DIR, DIRECTORY_RIGHTS, 0, &dir));
	}
	CHECK_OK(__wasi_fd_filestat_get(dir, &stat));
	repeat("deep/", 64 * 5 - 1);
	CHECK_EQ(stat_path(text).ino, stat.ino);
	strcat(text, "/leaf");
	put_file(text, "down here");
	expect_file(text, "down here");
	return 0;
}
