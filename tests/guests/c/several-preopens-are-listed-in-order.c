/* fd_prestat_get and fd_prestat_dir_name list the preopened directories from 3 on; libc finds files through the right one.
 *
 * guest:
 *   dir: /
 *   dir: /data
 *   dir: work/here
 *   file: /data/given "from outside"
 */
#include "fs.h"
#include "raw.h"

static const char *const names[] = {"/", "/data", "work/here"};

int main(void)
{
	uint8_t name[32];
	__wasi_prestat_t stat;
	__wasi_filestat_t file;

	for (int i = 0; i < 3; i++) {
		size_t size = strlen(names[i]);
		CHECK_OK(__wasi_fd_prestat_get(3 + i, &stat));
		CHECK_EQ(stat.tag, __WASI_PREOPENTYPE_DIR);
		CHECK_EQ(stat.u.dir.pr_name_len, size);
		memset(name, '#', sizeof name);
		CHECK_OK(__wasi_fd_prestat_dir_name(3 + i, name, size));
		CHECK_BYTES(name, names[i], size);
		CHECK_EQ(name[size], '#'); /* no NUL */
		CHECK_OK(__wasi_fd_prestat_dir_name(3 + i, name, sizeof name));
		CHECK_EQ(name[size], '#');
		CHECK_ERRNO(__wasi_fd_prestat_dir_name(3 + i, name, size - 1), ENAMETOOLONG, EINVAL);
		CHECK_ERRNO(raw_fd_prestat_dir_name((uint32_t)(3 + i), memory_end(), 32), EFAULT);
	}
	CHECK_ERRNO(__wasi_fd_prestat_get(6, &stat), EBADF);
	CHECK_ERRNO(__wasi_fd_prestat_dir_name(6, name, sizeof name), EBADF);
	CHECK_ERRNO(raw_fd_prestat_get(ROOT, memory_end() - 4), EFAULT);
	/* Descriptors that are open but not preopened return EBADF, too: libc asks for one after the other until it gets that error, and fails on any other. */
	CHECK_ERRNO(__wasi_fd_prestat_get(0, &stat), EBADF);
	make_dir("dir");
	int dir = open_dir("dir");
	CHECK_ERRNO(__wasi_fd_prestat_get(dir, &stat), EBADF);
	CHECK_ERRNO(__wasi_fd_prestat_dir_name(dir, name, sizeof name), EBADF, EINVAL, ENOTSUP, ENOTDIR);

	/* libc maps a path to the preopen with the longest matching name. */
	FILE *given = fopen("/data/given", "r");
	char text[32] = "";
	CHECK(given != NULL);
	CHECK(fgets(text, sizeof text, given) != NULL);
	CHECK(strcmp(text, "from outside") == 0);
	CHECK_OK(__wasi_path_filestat_get(4, 0, "given", &file));
	CHECK_EQ(file.size, 12);
	CHECK_ERRNO(__wasi_path_filestat_get(3, 0, "given", &file), ENOENT);
	FILE *made = fopen("work/here/made", "w");
	CHECK(made != NULL);
	CHECK(fclose(made) == 0);
	CHECK_OK(__wasi_path_filestat_get(5, 0, "made", &file));

	/* From one preopen to the other: they are on one file system, or the call fails with EXDEV. */
	CHECK_ERRNO(__wasi_path_rename(5, "made", 4, "moved"), 0, EXDEV);
	return 0;
}
