// forms: wrapped
/* Whatever the function: "..", absolute paths and links that lead out of the preopened directory fail with EPERM (or ENOTCAPABLE, as in the
 * specification), and nothing outside changes.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

static int box; /* a directory below the preopened one, so that "../out" exists */
static const char *bad;

static unsigned do_open(void)
{
	int fd;
	return __wasi_path_open(box, FOLLOW, bad, 0, 0, 0, 0, &fd);
}
static unsigned do_create(void)
{
	int fd;
	return __wasi_path_open(box, FOLLOW, bad, O_CREATE, 0, 0, 0, &fd);
}
static unsigned do_mkdir(void)
{
	return __wasi_path_create_directory(box, bad);
}
static unsigned do_rmdir(void)
{
	return __wasi_path_remove_directory(box, bad);
}
static unsigned do_unlink(void)
{
	return __wasi_path_unlink_file(box, bad);
}
static unsigned do_stat(void)
{
	__wasi_filestat_t stat;
	return __wasi_path_filestat_get(box, FOLLOW, bad, &stat);
}
static unsigned do_times(void)
{
	return __wasi_path_filestat_set_times(box, FOLLOW, bad, 0, 0, __WASI_FSTFLAGS_MTIM);
}
static unsigned do_readlink(void)
{
	uint8_t buffer[8];
	__wasi_size_t used;
	return __wasi_path_readlink(box, bad, buffer, sizeof buffer, &used);
}
static unsigned do_rename_from(void)
{
	return __wasi_path_rename(box, bad, box, "moved");
}
static unsigned do_rename_to(void)
{
	return __wasi_path_rename(box, "file", box, bad);
}
static unsigned do_link_from(void)
{
	return __wasi_path_link(box, 0, bad, box, "linked");
}
static unsigned do_link_to(void)
{
	return __wasi_path_link(box, 0, "file", box, bad);
}
static unsigned do_symlink(void)
{
	return __wasi_path_symlink("file", box, bad);
}

static unsigned (*const calls[])(void) = {do_open,      do_create,  do_mkdir,    do_rmdir,       do_unlink,
                                          do_stat,      do_times,   do_readlink, do_rename_from, do_rename_to,
                                          do_link_from, do_link_to, do_symlink};

/* Paths whose last component is outside, for all functions. */
static const char *const outside[] = {"../out/file",
                                      "/out/file",
                                      "/",
                                      "//",
                                      "/file",
                                      "sub/../../out/file",
                                      "./../out/new",
                                      "up/out/file",
                                      "up/out/new",
                                      "sub/up2/out/file",
                                      "sub/../up/../box/file",
                                      "dir-out/file",
                                      "through/out/new",
                                      "./up/out"};

int main(void)
{
	make_dir("out");
	put_file("out/file", "outside");
	make_dir("box");
	make_dir("box/sub");
	put_file("box/file", "inside");
	CHECK_OK(__wasi_path_symlink("..", ROOT, "box/up"));
	CHECK_OK(__wasi_path_symlink("../..", ROOT, "box/sub/up2"));
	CHECK_OK(__wasi_path_symlink("../out", ROOT, "box/dir-out"));
	CHECK_OK(__wasi_path_symlink("../out/file", ROOT, "box/file-out"));
	CHECK_OK(__wasi_path_symlink("sub/up2", ROOT, "box/through"));
	CHECK_OK(__wasi_path_symlink("../out/created", ROOT, "box/dangling-out"));
	box = open_dir("box");

	/* The same paths work from a directory that contains their targets. */
	expect_file("box/up/out/file", "outside");
	expect_file("box/file-out", "outside");

	for (size_t p = 0; p < sizeof outside / sizeof *outside; p++)
		for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
			bad = outside[p];
			unsigned error = calls[c]();
			if (error != EPERM && error != ENOTCAPABLE)
				check_failed(__FILE__, __LINE__, "call %u on \"%s\" gives %u (%s)", (unsigned)c, bad, error,
				             strerror((int)error));
		}

	/* Links in the last component, where they are followed. */
	bad = "file-out";
	CHECK_ERRNO(do_open(), EPERM, ENOTCAPABLE);
	CHECK_ERRNO(do_stat(), EPERM, ENOTCAPABLE);
	CHECK_ERRNO(do_times(), EPERM, ENOTCAPABLE);
	bad = "up";
	CHECK_ERRNO(do_open(), EPERM, ENOTCAPABLE);
	CHECK_ERRNO(do_stat(), EPERM, ENOTCAPABLE);
	bad = "dangling-out";
	CHECK_ERRNO(do_create(), EPERM, ENOTCAPABLE);
	bad = "..";
	CHECK_ERRNO(do_open(), EPERM, ENOTCAPABLE);
	CHECK_ERRNO(do_stat(), EPERM, ENOTCAPABLE);
	CHECK_ERRNO(do_rmdir(), EPERM, ENOTCAPABLE);
	CHECK_ERRNO(do_unlink(), EPERM, ENOTCAPABLE);

	/* If links in the last component are not followed, functions may operate on the links themselves. */
	CHECK_OK(__wasi_path_rename(box, "file-out", box, "renamed"));
	CHECK_OK(__wasi_path_unlink_file(box, "renamed"));
	CHECK_OK(__wasi_path_unlink_file(box, "dangling-out"));

	/* The same for paths that lead above the preopened directory itself. */
	__wasi_filestat_t stat;
	CHECK_ERRNO(__wasi_path_filestat_get(ROOT, 0, "..", &stat), EPERM, ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_filestat_get(ROOT, 0, "box/../..", &stat), EPERM, ENOTCAPABLE);
	CHECK_ERRNO(__wasi_path_filestat_get(ROOT, 0, "/", &stat), EPERM, ENOTCAPABLE);

	/* Outside and inside, nothing has changed. */
	expect_file("out/file", "outside");
	expect_file("box/file", "inside");
	CHECK_ERRNO(look("out/new"), ENOENT);
	CHECK_ERRNO(look("out/created"), ENOENT);
	CHECK_ERRNO(look("box/moved"), ENOENT);
	CHECK_ERRNO(look("box/linked"), ENOENT);
	return 0;
}
