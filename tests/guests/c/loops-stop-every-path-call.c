// forms: wrapped
/* A cycle of links in a path makes each of the ten functions that take a path fail with ELOOP; for functions of two paths, in either of them.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

static uint8_t buffer[64];
static __wasi_filestat_t stat;
static __wasi_size_t used;

int main(void)
{
	int fd;

	CHECK_OK(__wasi_path_symlink("pong", ROOT, "ping"));
	CHECK_OK(__wasi_path_symlink("ping", ROOT, "pong"));
	put_file("file", "text");

	CHECK_ERRNO(__wasi_path_create_directory(ROOT, "ping/x"), ELOOP);
	CHECK_ERRNO(__wasi_path_filestat_get(ROOT, 0, "ping/x", &stat), ELOOP);
	CHECK_ERRNO(__wasi_path_filestat_get(ROOT, FOLLOW, "ping", &stat), ELOOP);
	CHECK_ERRNO(__wasi_path_filestat_set_times(ROOT, 0, "ping/x", 1, 1, __WASI_FSTFLAGS_MTIM), ELOOP);
	CHECK_ERRNO(__wasi_path_filestat_set_times(ROOT, FOLLOW, "ping", 1, 1, __WASI_FSTFLAGS_MTIM), ELOOP);
	CHECK_ERRNO(__wasi_path_link(ROOT, 0, "ping/x", ROOT, "new"), ELOOP);
	CHECK_ERRNO(__wasi_path_link(ROOT, 0, "file", ROOT, "ping/x"), ELOOP);
	CHECK_ERRNO(__wasi_path_open(ROOT, 0, "ping/x", 0, 0, 0, 0, &fd), ELOOP);
	CHECK_ERRNO(__wasi_path_open(ROOT, FOLLOW, "ping/x", O_CREATE, 0, 0, 0, &fd), ELOOP);
	CHECK_ERRNO(__wasi_path_readlink(ROOT, "ping/x", buffer, sizeof buffer, &used), ELOOP);
	CHECK_ERRNO(__wasi_path_remove_directory(ROOT, "ping/x"), ELOOP);
	CHECK_ERRNO(__wasi_path_rename(ROOT, "ping/x", ROOT, "new"), ELOOP);
	CHECK_ERRNO(__wasi_path_rename(ROOT, "file", ROOT, "ping/x"), ELOOP);
	CHECK_ERRNO(__wasi_path_symlink("x", ROOT, "ping/x"), ELOOP);
	CHECK_ERRNO(__wasi_path_unlink_file(ROOT, "ping/x"), ELOOP);

	/* Operations on the link itself do not follow the cycle. */
	CHECK_OK(__wasi_path_readlink(ROOT, "ping", buffer, sizeof buffer, &used));
	CHECK_OK(__wasi_path_filestat_set_times(ROOT, 0, "ping", 1, 1, __WASI_FSTFLAGS_MTIM));
	CHECK_OK(__wasi_path_link(ROOT, 0, "ping", ROOT, "again"));
	CHECK_OK(__wasi_path_rename(ROOT, "ping", ROOT, "away"));
	CHECK_ERRNO(__wasi_path_filestat_get(ROOT, FOLLOW, "pong", &stat), ENOENT);
	CHECK_OK(__wasi_path_unlink_file(ROOT, "pong"));
	return 0;
}
