// forms: wrapped
/* With FDFLAGS_APPEND, set on opening or later, each write goes to the end, wherever the offset is, and even if others have written.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

int main(void)
{
	char got[16];
	__wasi_fdstat_t stat;
	int append, other = open_file("file", O_CREATE);

	CHECK_OK(try_open(ROOT, "file", 0, 0, FILE_RIGHTS, __WASI_FDFLAGS_APPEND, &append));
	CHECK_OK(__wasi_fd_fdstat_get(append, &stat));
	CHECK_EQ(stat.fs_flags, __WASI_FDFLAGS_APPEND);

	write_all(append, "one ", 4);
	seek_to(append, 0, __WASI_WHENCE_SET);
	write_all(append, "two ", 4);
	CHECK_EQ(seek_to(append, 0, __WASI_WHENCE_CUR), 8); /* the offset follows the write */
	seek_to(other, 0, __WASI_WHENCE_END);
	write_all(other, "three ", 6);
	write_all(append, "four", 4);
	expect_file("file", "one two three four");

	/* Reads still use the offset. */
	seek_to(append, 4, __WASI_WHENCE_SET);
	CHECK_EQ(read_some(append, got, 3), 3);
	CHECK_BYTES(got, "two", 3);

	/* Without the flag, writes use the offset again. */
	CHECK_OK(__wasi_fd_fdstat_set_flags(append, 0));
	seek_to(append, 0, __WASI_WHENCE_SET);
	write_all(append, "ONE", 3);
	expect_file("file", "ONE two three four");

	/* Set on another descriptor, the flag affects only that descriptor. */
	CHECK_OK(__wasi_fd_fdstat_set_flags(other, __WASI_FDFLAGS_APPEND));
	seek_to(other, 0, __WASI_WHENCE_SET);
	write_all(other, "!", 1);
	seek_to(append, 4, __WASI_WHENCE_SET);
	write_all(append, "TWO", 3);
	expect_file("file", "ONE TWO three four!");
	return 0;
}
