/* fd_seek from the start, from the current offset and from the end; never before the start (EINVAL); far beyond the end, where a write leaves a hole.
 *
 * guest:
 *   dir: /
 *   stdin: "text"
 */
#include "fs.h"
#include "raw.h"

static uint64_t tell(int fd)
{
	__wasi_filesize_t at = 0;
	CHECK_OK(__wasi_fd_tell(fd, &at));
	return at;
}

int main(void)
{
	char got[32];
	uint64_t out = 77;
	int fd = open_file("file", O_CREATE);

	CHECK_EQ(tell(fd), 0);
	write_all(fd, "0123456789", 10);
	CHECK_EQ(tell(fd), 10);
	CHECK_EQ(seek_to(fd, -4, __WASI_WHENCE_CUR), 6);
	CHECK_EQ(seek_to(fd, 0, __WASI_WHENCE_CUR), 6);
	CHECK_EQ(read_some(fd, got, 2), 2);
	CHECK_BYTES(got, "67", 2);
	CHECK_EQ(tell(fd), 8);
	CHECK_EQ(seek_to(fd, 3, __WASI_WHENCE_SET), 3);
	CHECK_EQ(seek_to(fd, -1, __WASI_WHENCE_END), 9);
	CHECK_EQ(read_some(fd, got, sizeof got), 1);
	CHECK_EQ(got[0], '9');

	/* Before the start, and other invalid arguments: refused, and the offset stays. */
	CHECK_EQ(seek_to(fd, 5, __WASI_WHENCE_SET), 5);
	CHECK_ERRNO(raw_fd_seek((uint32_t)fd, (uint64_t)-1, __WASI_WHENCE_SET, P(&out)), EINVAL);
	CHECK_ERRNO(raw_fd_seek((uint32_t)fd, (uint64_t)-6, __WASI_WHENCE_CUR, P(&out)), EINVAL);
	CHECK_ERRNO(raw_fd_seek((uint32_t)fd, (uint64_t)-11, __WASI_WHENCE_END, P(&out)), EINVAL);
	CHECK_ERRNO(raw_fd_seek((uint32_t)fd, (uint64_t)INT64_MIN, __WASI_WHENCE_CUR, P(&out)), EINVAL);
	CHECK_ERRNO(raw_fd_seek((uint32_t)fd, (uint64_t)INT64_MAX, __WASI_WHENCE_CUR, P(&out)), EINVAL, EOVERFLOW);
	CHECK_ERRNO(raw_fd_seek((uint32_t)fd, (uint64_t)INT64_MAX, __WASI_WHENCE_END, P(&out)), EINVAL, EOVERFLOW);
	CHECK_ERRNO(raw_fd_seek((uint32_t)fd, 0, 3, P(&out)), EINVAL);
	CHECK_EQ(out, 77);
	CHECK_EQ(tell(fd), 5);

	CHECK_ERRNO(raw_fd_seek(99, 0, __WASI_WHENCE_CUR, P(&out)), EBADF);
	CHECK_ERRNO(raw_fd_tell(99, P(&out)), EBADF);
	CHECK_ERRNO(raw_fd_seek((uint32_t)fd, 0, __WASI_WHENCE_CUR, memory_end()), EFAULT);
	CHECK_ERRNO(raw_fd_tell((uint32_t)fd, memory_end() - 7), EFAULT);
	CHECK_ERRNO(raw_fd_seek(0, 0, __WASI_WHENCE_CUR, P(&out)), ESPIPE, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_tell(0, P(&out)), ESPIPE, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_seek(1, 0, __WASI_WHENCE_CUR, P(&out)), ESPIPE, EBADF, ENOTCAPABLE);
	for (uint32_t whence = 0; whence < 3; whence++)
		CHECK_ERRNO(raw_fd_seek(ROOT, 0, whence, P(&out)), EISDIR, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_tell(ROOT, P(&out)), EISDIR, EBADF, ENOTCAPABLE);

	/* Beyond the end there is nothing to read; a write extends the file, and the hole reads as zeros. */
	CHECK_EQ(seek_to(fd, 5, __WASI_WHENCE_END), 15);
	CHECK_EQ(read_some(fd, got, sizeof got), 0);
	CHECK_EQ(stat_fd(fd).size, 10);
	write_all(fd, "end", 3);
	CHECK_EQ(stat_fd(fd).size, 18);
	CHECK_EQ(seek_to(fd, 9, __WASI_WHENCE_SET), 9);
	CHECK_EQ(read_some(fd, got, sizeof got), 9);
	CHECK_BYTES(got, "9\0\0\0\0\0end", 9);

	CHECK_EQ(seek_to(fd, INT64_C(1) << 40, __WASI_WHENCE_SET), INT64_C(1) << 40);
	CHECK_EQ(tell(fd), INT64_C(1) << 40);
	CHECK_EQ(read_some(fd, got, sizeof got), 0);
	return 0;
}
