/* fd_allocate makes the file at least offset + length long, never shorter, and changes no existing byte.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

int main(void)
{
	char got[16];
	int fd = open_file("file", O_CREATE);

	CHECK_OK(__wasi_fd_allocate(fd, 0, 100));
	CHECK_EQ(stat_fd(fd).size, 100);
	CHECK_OK(__wasi_fd_allocate(fd, 10, 10));
	CHECK_EQ(stat_fd(fd).size, 100);
	write_all(fd, "data", 4);
	CHECK_OK(__wasi_fd_allocate(fd, 90, 20));
	CHECK_EQ(stat_fd(fd).size, 110);
	CHECK_OK(__wasi_fd_allocate(fd, 200000, 1));
	CHECK_EQ(stat_fd(fd).size, 200001);
	seek_to(fd, 0, __WASI_WHENCE_SET);
	CHECK_EQ(read_some(fd, got, 6), 6);
	CHECK_BYTES(got, "data\0\0", 6);

	CHECK_ERRNO(__wasi_fd_allocate(fd, 0, 0), EINVAL);
	CHECK_ERRNO(__wasi_fd_allocate(fd, UINT64_MAX, 1), EINVAL, EFBIG);
	CHECK_ERRNO(__wasi_fd_allocate(fd, 1, UINT64_MAX), EINVAL, EFBIG);
	CHECK_ERRNO(__wasi_fd_allocate(fd, INT64_MAX, INT64_MAX), EINVAL, EFBIG);
	CHECK_ERRNO(__wasi_fd_allocate(fd, 0, UINT64_C(1) << 42), ENOSPC); /* no host has this much space */
	CHECK_EQ(stat_fd(fd).size, 200001);
	CHECK_ERRNO(__wasi_fd_allocate(99, 0, 1), EBADF);
	CHECK_ERRNO(__wasi_fd_allocate(ROOT, 0, 1), EISDIR, EBADF, ENODEV, ENOTCAPABLE);
	CHECK_ERRNO(__wasi_fd_allocate(0, 0, 1), ESPIPE, EBADF, ENODEV, ENOTCAPABLE);
	int reader = open_at(ROOT, "file", 0, READ_RIGHTS);
	CHECK_ERRNO(__wasi_fd_allocate(reader, 0, 300000), EBADF, ENOTCAPABLE);
	CHECK_EQ(stat_fd(fd).size, 200001);
	return 0;
}
