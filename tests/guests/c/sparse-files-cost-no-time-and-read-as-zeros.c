/* A byte at 1 GiB and one at 5 GiB (offsets are 64 bits): the holes between read as zeros.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

#define GIB (INT64_C(1) << 30)

static void expect_hole(int fd, int64_t offset)
{
	static char got[70000];
	seek_to(fd, offset, __WASI_WHENCE_SET);
	memset(got, 1, sizeof got);
	CHECK_EQ(read_some(fd, got, sizeof got), sizeof got);
	for (size_t i = 0; i < sizeof got; i++)
		CHECK_EQ(got[i], 0);
}

int main(void)
{
	char got[4];
	int fd = open_file("file", O_CREATE);

	seek_to(fd, GIB, __WASI_WHENCE_SET);
	write_all(fd, "1", 1);
	seek_to(fd, 5 * GIB, __WASI_WHENCE_SET);
	write_all(fd, "5", 1);
	CHECK_EQ(stat_fd(fd).size, 5 * GIB + 1);
	expect_hole(fd, 0);
	expect_hole(fd, GIB - 70000);
	expect_hole(fd, GIB + 1);
	expect_hole(fd, 4 * GIB - 35000);
	expect_hole(fd, 5 * GIB - 70000);
	seek_to(fd, GIB, __WASI_WHENCE_SET);
	CHECK_EQ(read_some(fd, got, 1), 1);
	CHECK_EQ(got[0], '1');
	seek_to(fd, 5 * GIB, __WASI_WHENCE_SET);
	CHECK_EQ(read_some(fd, got, sizeof got), 1);
	CHECK_EQ(got[0], '5');

	CHECK_OK(__wasi_fd_filestat_set_size(fd, GIB));
	CHECK_OK(__wasi_fd_filestat_set_size(fd, 6 * GIB));
	expect_hole(fd, GIB - 35000); /* the byte that was cut off does not reappear */
	expect_hole(fd, 5 * GIB - 35000);
	CHECK_OK(
		__wasi_path_unlink_file(ROOT, "file")); /* a host that copies directories out would write all these zeros */
	return 0;
}
