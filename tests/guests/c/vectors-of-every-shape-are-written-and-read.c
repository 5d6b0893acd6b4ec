/* Scatter and gather: no vectors, empty ones, 1,024 of them (the maximum), 1,025 (EINVAL), the same bytes many times, overlapping targets.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"
#include "raw.h"

static __wasi_ciovec_t out[1025];
static __wasi_iovec_t in[1025];
static uint8_t data[4096], got[4096];

static void many(int fd, unsigned count)
{
	__wasi_size_t moved;
	unsigned total = 0;

	for (unsigned i = 0; i < count; i++) {
		unsigned size = i % 5; /* every fifth is empty */
		out[i] = (__wasi_ciovec_t){data + total, size};
		in[i] = (__wasi_iovec_t){got + total, size};
		total += size;
	}
	memset(got, 0, sizeof got);
	seek_to(fd, 0, __WASI_WHENCE_SET);
	CHECK_OK(__wasi_fd_write(fd, out, count, &moved));
	CHECK_EQ(moved, total);
	seek_to(fd, 0, __WASI_WHENCE_SET);
	CHECK_OK(__wasi_fd_read(fd, in, count, &moved));
	CHECK_EQ(moved, total);
	CHECK_BYTES(got, data, total);
	memset(got, 0, sizeof got);
	CHECK_OK(__wasi_fd_pread(fd, in, count, 0, &moved));
	CHECK_EQ(moved, total);
	CHECK_BYTES(got, data, total);
}

int main(void)
{
	__wasi_size_t moved;
	int fd = open_file("file", O_CREATE);

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	for (unsigned count = 1; count <= 1024; count = count < 20 ? count + 1 : count * 2)
		many(fd, count < 1024 ? count : 1024);
	many(fd, 1024);

	moved = 99;
	CHECK_ERRNO(__wasi_fd_write(fd, out, 1025, &moved), EINVAL);
	CHECK_ERRNO(__wasi_fd_read(fd, in, 1025, &moved), EINVAL);
	CHECK_ERRNO(__wasi_fd_pwrite(fd, out, 1025, 0, &moved), EINVAL);
	CHECK_ERRNO(__wasi_fd_pread(fd, in, 1025, 0, &moved), EINVAL);

	/* No vectors, and only empty ones. */
	uint64_t size = stat_fd(fd).size;
	CHECK_OK(__wasi_fd_write(fd, out, 0, &moved));
	CHECK_EQ(moved, 0);
	CHECK_OK(__wasi_fd_read(fd, in, 0, &moved));
	CHECK_EQ(moved, 0);
	for (int i = 0; i < 10; i++)
		out[i] = (__wasi_ciovec_t){data, 0};
	CHECK_OK(__wasi_fd_write(fd, out, 10, &moved));
	CHECK_EQ(moved, 0);
	CHECK_EQ(stat_fd(fd).size, size);

	/* An empty vector may point anywhere in memory, even to its very end. */
	out[0] = (__wasi_ciovec_t){(const uint8_t *)(uintptr_t)memory_end(), 0};
	out[1] = (__wasi_ciovec_t){(const uint8_t *)"xy", 2};
	CHECK_OK(__wasi_fd_pwrite(fd, out, 2, 0, &moved));
	CHECK_EQ(moved, 2);

	/* The same bytes again and again. */
	for (int i = 0; i < 6; i++)
		out[i] = (__wasi_ciovec_t){(const uint8_t *)"ab", 2};
	CHECK_OK(__wasi_fd_pwrite(fd, out, 6, 0, &moved));
	CHECK_EQ(moved, 12);
	memset(got, 0, sizeof got);
	in[0] = (__wasi_iovec_t){got, 12};
	CHECK_OK(__wasi_fd_pread(fd, in, 1, 0, &moved));
	CHECK_BYTES(got, "abababababab", 12);

	/* Overlapping targets are filled in order: where they overlap, the later one's bytes remain. */
	CHECK_OK(__wasi_fd_pwrite(fd, &(__wasi_ciovec_t){(const uint8_t *)"01234567", 8}, 1, 0, &moved));
	in[0] = (__wasi_iovec_t){got, 4};
	in[1] = (__wasi_iovec_t){got + 2, 4};
	CHECK_OK(__wasi_fd_pread(fd, in, 2, 0, &moved));
	CHECK_EQ(moved, 8);
	CHECK_BYTES(got, "014567", 6);
	return 0;
}
