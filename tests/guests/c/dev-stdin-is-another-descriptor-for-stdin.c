/* /dev/stdin, /dev/stdout and /dev/stderr stand for descriptors 0, 1 and 2: bytes read through one are consumed for the other, flags are shared, and
 * rights are not; a closed stream cannot be opened again.
 *
 * guest:
 *   dir: /dev devices
 *   stdin: "one two"
 *   expect-stdout: "through libc\nraw"
 *   expect-stderr: "error"
 */
#include "fs.h"

#include <unistd.h>

#define WRITE_RIGHTS (__WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS)

static void expect_words(void)
{
	char text[8];
	int in = open_at(ROOT, "stdin", 0, READ_RIGHTS);
	CHECK(in > ROOT);
	CHECK_EQ(read_some(in, text, 4), 4);
	CHECK_BYTES(text, "one ", 4);
	CHECK_EQ(read_some(0, text, sizeof text), 3);
	CHECK_BYTES(text, "two", 3);
	CHECK_EQ(read_some(in, text, sizeof text), 0);
	close_fd(in);
	CHECK_EQ(read_some(0, text, sizeof text), 0); /* is still open */
}

int main(void)
{
	__wasi_fdstat_t stat;
	__wasi_filestat_t file, other;
	int fd;

	expect_words();
	FILE *out = fopen("/dev/stdout", "w");
	CHECK(out != NULL);
	CHECK(fputs("through libc\n", out) >= 0 && fclose(out) == 0);
	fd = open_at(ROOT, "stdout", O_TRUNCATE, WRITE_RIGHTS);
	write_all(fd, "raw", 3);
	write_all(open_at(ROOT, "stderr", O_CREATE, WRITE_RIGHTS), "error", 5);

	/* Both share one description, and so its flags. */
	CHECK_OK(__wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_NONBLOCK));
	CHECK_OK(__wasi_fd_fdstat_get(1, &stat));
	CHECK_EQ(stat.fs_flags, __WASI_FDFLAGS_NONBLOCK);
	CHECK_OK(__wasi_fd_filestat_get(0, &file));
	CHECK_OK(__wasi_fd_filestat_get(open_at(ROOT, "stdin", 0, READ_RIGHTS), &other));
	CHECK_EQ(file.ino, other.ino);
	CHECK_OK(__wasi_fd_fdstat_get(fd, &stat));
	CHECK_EQ(stat.fs_rights_base, WRITE_RIGHTS);

	/* Opening it cannot add rights that the descriptor does not have. */
	CHECK_ERRNO(__wasi_path_open(ROOT, 0, "stdin", 0, __WASI_RIGHTS_FD_WRITE, 0, 0, &fd), EACCES);
	CHECK_ERRNO(__wasi_path_open(ROOT, 0, "stdout", 0, __WASI_RIGHTS_FD_READ, 0, 0, &fd), EACCES);
	CHECK_OK(__wasi_fd_fdstat_set_rights(0, 0, 0));
	CHECK_ERRNO(__wasi_path_open(ROOT, 0, "stdin", 0, __WASI_RIGHTS_FD_READ, 0, 0, &fd), EACCES);
	CHECK_OK(__wasi_path_open(ROOT, 0, "stdin", 0, 0, 0, 0, &fd));
	close_fd(0);
	CHECK_ERRNO(__wasi_path_open(ROOT, 0, "stdin", 0, __WASI_RIGHTS_FD_READ, 0, 0, &fd), ENXIO);
	return 0;
}
