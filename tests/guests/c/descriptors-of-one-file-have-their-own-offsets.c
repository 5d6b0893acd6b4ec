// forms: wrapped
/* Two descriptors that open one file see each other's writes at once, and have separate offsets.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

int main(void)
{
	char got[8];
	int a = open_file("file", O_CREATE), b = open_file("file", 0);

	write_all(a, "abcdef", 6);
	CHECK_EQ(read_some(b, got, 3), 3);
	CHECK_BYTES(got, "abc", 3);
	write_all(b, "DEF", 3);
	CHECK_EQ(seek_to(a, 0, __WASI_WHENCE_CUR), 6);
	CHECK_EQ(seek_to(b, 0, __WASI_WHENCE_CUR), 6);
	expect_file("file", "abcDEF");

	/* When the other descriptor truncates the file, this one is past the end, and its next write leaves a hole. */
	CHECK_OK(__wasi_fd_filestat_set_size(a, 2));
	CHECK_EQ(read_some(b, got, sizeof got), 0);
	write_all(b, "x", 1);
	CHECK_EQ(stat_fd(a).size, 7);
	seek_to(a, 0, __WASI_WHENCE_SET);
	CHECK_EQ(read_some(a, got, sizeof got), 7);
	CHECK_BYTES(got, "ab\0\0\0\0x", 7);
	return 0;
}
