// forms: wrapped
/* pread and pwrite use the offset that they are given, and do not change the descriptor's own.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

static size_t pread_some(int fd, void *data, size_t size, uint64_t offset)
{
	__wasi_iovec_t iov = {data, size};
	__wasi_size_t got = 0;
	CHECK_OK(__wasi_fd_pread(fd, &iov, 1, offset, &got));
	return got;
}

static void pwrite_all(int fd, const char *text, uint64_t offset)
{
	__wasi_ciovec_t iov = {(const uint8_t *)text, strlen(text)};
	__wasi_size_t written = 0;
	CHECK_OK(__wasi_fd_pwrite(fd, &iov, 1, offset, &written));
	CHECK_EQ(written, strlen(text));
}

static void expect_offset(int fd, uint64_t expected)
{
	__wasi_filesize_t at;
	CHECK_OK(__wasi_fd_tell(fd, &at));
	CHECK_EQ(at, expected);
}

int main(void)
{
	char got[64];
	int fd = open_file("file", O_CREATE);

	write_all(fd, "0123456789", 10);
	expect_offset(fd, 10);
	CHECK_EQ(pread_some(fd, got, 4, 3), 4);
	CHECK_BYTES(got, "3456", 4);
	CHECK_EQ(pread_some(fd, got, sizeof got, 8), 2); /* fewer bytes at the end */
	CHECK_EQ(pread_some(fd, got, sizeof got, 10), 0);
	CHECK_EQ(pread_some(fd, got, sizeof got, 11), 0);
	CHECK_EQ(pread_some(fd, got, sizeof got, INT64_MAX - 100), 0);
	expect_offset(fd, 10);

	pwrite_all(fd, "ab", 1);
	expect_offset(fd, 10);
	expect_file("file", "0ab3456789");
	pwrite_all(fd, "end", 14); /* beyond the end: the gap reads as zeros */
	expect_offset(fd, 10);
	CHECK_EQ(stat_fd(fd).size, 17);
	CHECK_EQ(pread_some(fd, got, sizeof got, 8), 9);
	CHECK_BYTES(got, "89\0\0\0\0end", 9);

	/* An empty write beyond the end does not change the file. */
	__wasi_size_t written = 9;
	CHECK_OK(__wasi_fd_pwrite(fd, NULL, 0, 1000, &written));
	CHECK_EQ(written, 0);
	CHECK_EQ(stat_fd(fd).size, 17);

	/* Beyond the largest offset. */
	__wasi_ciovec_t iov = {(const uint8_t *)"x", 1};
	CHECK_ERRNO(__wasi_fd_pwrite(fd, &iov, 1, UINT64_MAX, &written), EINVAL, EFBIG, EOVERFLOW);
	CHECK_ERRNO(__wasi_fd_pwrite(fd, &iov, 1, (uint64_t)INT64_MAX, &written), EINVAL, EFBIG, EOVERFLOW);
	CHECK_EQ(stat_fd(fd).size, 17);

	/* With APPEND even pwrite writes at the end, and leaves the offset alone ("always", typenames.witx). */
	int append;
	CHECK_OK(try_open(ROOT, "file", 0, 0, FILE_RIGHTS, __WASI_FDFLAGS_APPEND, &append));
	write_all(append, "+", 1);
	expect_offset(append, 18);
	pwrite_all(append, "Z", 0);
	expect_offset(append, 18);
	CHECK_EQ(stat_fd(fd).size, 19);
	CHECK_EQ(pread_some(fd, got, sizeof got, 0), 19);
	CHECK_BYTES(got, "0ab", 3);
	CHECK_BYTES(got + 14, "end+Z", 5);
	/* Without it, pwrite writes at the given offset again. */
	CHECK_OK(__wasi_fd_fdstat_set_flags(append, 0));
	pwrite_all(append, "Z", 0);
	CHECK_EQ(stat_fd(fd).size, 19);
	CHECK_EQ(pread_some(fd, got, 1, 0), 1);
	CHECK_EQ(got[0], 'Z');
	return 0;
}
