// flags: -nostdlib -fno-builtin
/* A module that imports only wasi_unstable, where fd_seek's whence is CUR, END, SET, and filestat has 56 bytes with a 32-bit link count.
 *
 * guest:
 *   argv0: program
 *   args: one
 *   env: A=B
 *   dir: /
 *   expect-stdout: "hello from 2019\n"
 */
#include "unstable.h"

#define ALL_FILE_RIGHTS 0x08e001ffu /* fd_* up to fd_allocate, filestat get, set size, set times, poll */

static void files(void)
{
	u fd = 0, moved = 0;
	U at = 77;
	char got[16] = "";
	struct vector out = {"0123456789", 10}, in = {got, 4};
	struct {
		struct filestat stat;
		U guard;
	} by_fd = {.guard = 42}, by_path = {.guard = 42};

	CHECK(path_open(3, 0, "file", 4, 1, ALL_FILE_RIGHTS, 0, 0, &fd) == 0);
	CHECK(fd > 3);
	CHECK(fd_write(fd, &out, 1, &moved) == 0 && moved == 10);

	CHECK(fd_seek(fd, -4, WHENCE_CUR, &at) == 0 && at == 6);
	CHECK(fd_seek(fd, -1, WHENCE_END, &at) == 0 && at == 9);
	CHECK(fd_seek(fd, 3, WHENCE_SET, &at) == 0 && at == 3);
	CHECK(fd_tell(fd, &at) == 0 && at == 3);
	CHECK(fd_seek(fd, 0, 3, &at) == EINVAL);
	CHECK(fd_seek(fd, -1, WHENCE_SET, &at) == EINVAL);
	CHECK(fd_read(fd, &in, 1, &moved) == 0 && moved == 4);
	CHECK(got[0] == '3' && got[3] == '6');

	CHECK(fd_filestat_get(fd, &by_fd.stat) == 0);
	CHECK(path_filestat_get(3, 0, "file", 4, &by_path.stat) == 0);
	CHECK(by_fd.guard == 42 && by_path.guard == 42); /* no more than 56 bytes were written */
	CHECK(by_fd.stat.filetype == 4);
	CHECK(by_fd.stat.nlink == 1);
	CHECK(by_fd.stat.size == 10);
	CHECK(by_fd.stat.mtim > 1700000000000000000u);
	CHECK(by_fd.stat.ino == by_path.stat.ino && by_path.stat.size == 10 && by_path.stat.nlink == 1);

	CHECK(path_open(3, 0, "file", 4, 1 | 4, ALL_FILE_RIGHTS, 0, 0, &moved) == EEXIST);
	CHECK(fd_close(fd) == 0);
	CHECK(fd_close(fd) == EBADF);
}

static void arguments(void)
{
	u count = 0, size = 0;
	char *list[2], buffer[32];

	CHECK(args_sizes_get(&count, &size) == 0 && count == 2 && size == 12);
	CHECK(args_get(list, buffer) == 0 && list[0][0] == 'p' && list[1][0] == 'o' && list[1][2] == 'e' &&
	      list[1][3] == 0);
	CHECK(environ_sizes_get(&count, &size) == 0 && count == 1 && size == 4);
	CHECK(environ_get(list, buffer) == 0 && list[0][0] == 'A' && list[0][1] == '=' && list[0][2] == 'B' &&
	      list[0][3] == 0);
}

void _start(void)
{
	arguments();
	files();
	say(1, "hello from 2019\n", 16);
	proc_exit(0);
}
