/* EBADF, EFAULT and EINVAL of fd_read, fd_write, fd_pread and fd_pwrite; and a refused call moves nothing.
 *
 * guest:
 *   dir: /
 *   stdin: "text"
 */
#include "fs.h"
#include "raw.h"

static char byte = 'x', buffer[16];
static uint32_t moved;

/* Errors that all four have in common. */
static void all_four(uint32_t fd, uint32_t iovs, uint32_t count, uint32_t result, uint16_t expected)
{
	CHECK_ERRNO(raw_fd_write(fd, iovs, count, result), expected);
	CHECK_ERRNO(raw_fd_read(fd, iovs, count, result), expected);
	CHECK_ERRNO(raw_fd_pwrite(fd, iovs, count, 0, result), expected);
	CHECK_ERRNO(raw_fd_pread(fd, iovs, count, 0, result), expected);
}

int main(void)
{
	uint32_t end = memory_end();
	struct {
		uint32_t address, size;
	} good = {P(&byte), 1}, beyond = {end - 1, 2}, outside = {0xfffffff0, 0x20}, past = {end, 1};
	int fd = open_file("file", O_CREATE);

	write_all(fd, "0123456789", 10);
	seek_to(fd, 0, __WASI_WHENCE_SET);

	all_four(99, P(&good), 1, P(&moved), EBADF);
	all_four(0xffffffff, P(&good), 1, P(&moved), EBADF);
	all_four(0x7fffffff, P(&good), 1, P(&moved), EBADF);
	all_four((uint32_t)fd, end, 1, P(&moved), EFAULT);
	all_four((uint32_t)fd, end - 4, 1, P(&moved), EFAULT);
	all_four((uint32_t)fd, 0xfffffff9, 1, P(&moved), EFAULT);
	all_four((uint32_t)fd, P(&beyond), 1, P(&moved), EFAULT);
	all_four((uint32_t)fd, P(&outside), 1, P(&moved), EFAULT);
	all_four((uint32_t)fd, P(&past), 1, P(&moved), EFAULT);
	all_four((uint32_t)fd, P(&good), 1, end, EFAULT);
	all_four((uint32_t)fd, P(&good), 1, end - 3, EFAULT);
	/* Too many vectors is reported before they are read. */
	all_four((uint32_t)fd, P(&good), 0xffffffff, P(&moved), EINVAL);
	all_four((uint32_t)fd, P(&good), 0x20000000, P(&moved), EINVAL);

	/* Lengths that add up to more than 32 bits. */
	struct {
		uint32_t address, size;
	} huge[3] = {{P(&byte), 1}, {0, end}, {P(&byte), 0xffffffff}};
	all_four((uint32_t)fd, P(huge), 3, P(&moved), EFAULT);

	/* None of these calls changed the file. */
	CHECK_EQ(stat_fd(fd).size, 10);
	seek_to(fd, 0, __WASI_WHENCE_SET);
	CHECK_EQ(read_some(fd, buffer, sizeof buffer), 10);
	CHECK_BYTES(buffer, "0123456789", 10);

	/* A descriptor that is not open for the operation; a directory. */
	int reader = open_at(ROOT, "file", 0, READ_RIGHTS),
		writer = open_at(ROOT, "file", 0, FILE_RIGHTS & ~__WASI_RIGHTS_FD_READ);
	CHECK_ERRNO(raw_fd_write((uint32_t)reader, P(&good), 1, P(&moved)), EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_pwrite((uint32_t)reader, P(&good), 1, 0, P(&moved)), EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_read((uint32_t)writer, P(&good), 1, P(&moved)), EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_pread((uint32_t)writer, P(&good), 1, 0, P(&moved)), EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_read(ROOT, P(&good), 1, P(&moved)), EISDIR, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_pread(ROOT, P(&good), 1, 0, P(&moved)), EISDIR, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_write(ROOT, P(&good), 1, P(&moved)), EISDIR, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_pwrite(ROOT, P(&good), 1, 0, P(&moved)), EISDIR, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_write(0, P(&good), 1, P(&moved)), EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_read(1, P(&good), 1, P(&moved)), EBADF, ENOTCAPABLE);

	/* Streams have no offsets. */
	CHECK_ERRNO(raw_fd_pread(0, P(&good), 1, 0, P(&moved)), ESPIPE, EBADF, ENOTCAPABLE);
	CHECK_ERRNO(raw_fd_pwrite(1, P(&good), 1, 0, P(&moved)), ESPIPE, EBADF, ENOTCAPABLE);

	/* A bad call on stdin loses no bytes. */
	CHECK_ERRNO(raw_fd_read(0, P(&beyond), 1, P(&moved)), EFAULT);
	CHECK_EQ(read_some(0, buffer, sizeof buffer), 4);
	CHECK_BYTES(buffer, "text", 4);
	return 0;
}
