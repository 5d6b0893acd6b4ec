// forms: wrapped
/* fd_filestat_set_size truncates, extends with zeros (even where old bytes were cut off), and does not change the offset.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"
#include "raw.h"

int main(void)
{
	char got[32];
	int fd = open_file("file", O_CREATE);

	write_all(fd, "0123456789", 10);
	CHECK_OK(__wasi_fd_filestat_set_size(fd, 4));
	CHECK_EQ(stat_fd(fd).size, 4);
	CHECK_EQ(seek_to(fd, 0, __WASI_WHENCE_CUR), 10);
	expect_file("file", "0123");

	CHECK_OK(__wasi_fd_filestat_set_size(fd, 8));
	seek_to(fd, 0, __WASI_WHENCE_SET);
	CHECK_EQ(read_some(fd, got, sizeof got), 8);
	CHECK_BYTES(got, "0123\0\0\0\0", 8);

	/* The same size changes nothing; zero empties the file. */
	CHECK_OK(__wasi_fd_filestat_set_size(fd, 8));
	CHECK_EQ(stat_fd(fd).size, 8);
	CHECK_OK(__wasi_fd_filestat_set_size(fd, 0));
	CHECK_EQ(stat_fd(fd).size, 0);

	/* Across many blocks, whatever the file system's block size is. */
	for (uint64_t size = 1; size < 1 << 21; size = size * 3 + 1) {
		CHECK_OK(__wasi_fd_filestat_set_size(fd, size));
		CHECK_EQ(stat_fd(fd).size, size);
		seek_to(fd, (int64_t)size - 1, __WASI_WHENCE_SET);
		CHECK_EQ(read_some(fd, got, sizeof got), 1);
		CHECK_EQ(got[0], 0);
		seek_to(fd, (int64_t)size - 1, __WASI_WHENCE_SET);
		write_all(fd, "x", 1);
		CHECK_OK(__wasi_fd_filestat_set_size(fd, size - 1));
	}

	CHECK_ERRNO(__wasi_fd_filestat_set_size(99, 0), EBADF);
	CHECK_ERRNO(__wasi_fd_filestat_set_size(ROOT, 0), EISDIR, EINVAL, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_filestat_set_size(1, 0), EINVAL, EBADF, ENOTCAPABLE);
	int reader = open_at(ROOT, "file", 0, READ_RIGHTS);
	uint64_t before = stat_fd(reader).size;
	CHECK_ERRNO(__wasi_fd_filestat_set_size(reader, 1), EINVAL, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_filestat_set_size(fd, UINT64_MAX), EINVAL, EFBIG);
	CHECK_ERRNO(__wasi_fd_filestat_set_size(fd, UINT64_C(1) << 63), EINVAL, EFBIG);
	CHECK_EQ(stat_fd(reader).size, before);
	return 0;
}
