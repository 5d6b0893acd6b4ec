/* Lengths and counts of 2^32-1, and those that wrap when multiplied or added to their pointer: each causes an error, but no trap and no hang.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"
#include "raw.h"

static uint64_t good[64];
static uint32_t iov[6];

int main(void)
{
	uint32_t file = (uint32_t)open_file("file", O_CREATE), g = P(good), v = P(iov);
	const uint32_t lengths[] = {0xffffffff, 0x80000000, 0x7fffffff, 0xffffffff - g, 0x20000000, 0x20000001, 0x10000000};

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		uint32_t n = lengths[i];

		iov[0] = g;
		iov[1] = n; /* one vector, far too long */
		CHECK_ERRNO(raw_fd_write(file, v, 1, g), EFAULT, EINVAL);
		CHECK_ERRNO(raw_fd_read(file, v, 1, g), EFAULT, EINVAL);
		CHECK_ERRNO(raw_fd_pwrite(file, v, 1, 0, g), EFAULT, EINVAL);
		CHECK_ERRNO(raw_fd_pread(file, v, 1, 0, g), EFAULT, EINVAL);
		CHECK_ERRNO(raw_fd_write(1, v, 1, g), EFAULT, EINVAL);
		iov[1] = 1; /* far too many */
		CHECK_ERRNO(raw_fd_write(file, v, n, g), EFAULT, EINVAL);
		CHECK_ERRNO(raw_fd_read(file, v, n, g), EFAULT, EINVAL);
		CHECK_ERRNO(raw_fd_pwrite(file, v, n, 0, g), EFAULT, EINVAL);
		CHECK_ERRNO(raw_fd_pread(file, v, n, 0, g), EFAULT, EINVAL);
		CHECK_ERRNO(raw_poll_oneoff(v, g, n, g), EFAULT, EINVAL, ENOMEM);
		CHECK_ERRNO(raw_sock_recv(0, v, n, 0, g, g + 4), EFAULT, EINVAL, ENOTSOCK);
		CHECK_ERRNO(raw_sock_send(1, v, n, 0, g), EFAULT, EINVAL, ENOTSOCK);

		CHECK_ERRNO(raw_random_get(g, n), EFAULT);
		CHECK_ERRNO(raw_fd_readdir(ROOT, g, n, 0, g), EFAULT);
		CHECK_ERRNO(raw_path_open(ROOT, 0, P("file"), n, 0, 0, 0, 0, g), EFAULT, ENAMETOOLONG);
		CHECK_ERRNO(raw_path_create_directory(ROOT, P("file"), n), EFAULT, ENAMETOOLONG);
		CHECK_ERRNO(raw_path_rename(ROOT, P("file"), 4, ROOT, P("file"), n), EFAULT, ENAMETOOLONG);
		CHECK_ERRNO(raw_path_link(ROOT, 0, P("file"), n, ROOT, P("file"), n), EFAULT, ENAMETOOLONG);
		CHECK_ERRNO(raw_path_symlink(P("file"), n, ROOT, P("new"), 3), EFAULT, ENAMETOOLONG);
		CHECK_ERRNO(raw_path_readlink(ROOT, P("file"), n, g, 8, g), EFAULT, ENAMETOOLONG);
	}

	/* Vectors that each fit into memory but have more than 4 GiB together: the call fails, or reads the file's few bytes. */
	static __wasi_iovec_t many[1024];
	CHECK(__builtin_wasm_memory_grow(0, 64) != (size_t)-1); /* 4 MiB of unused memory */
	for (int i = 0; i < 1024; i++)
		many[i] = (__wasi_iovec_t){(uint8_t *)(uintptr_t)(memory_end() - (4u << 20)), 4u << 20};
	write_all((int)file, "few", 3);
	uint32_t got = 0;
	unsigned error = raw_fd_pread(file, P(many), 1024, 0, P(&got));
	CHECK_ERRNO(error, 0, EINVAL);
	CHECK(error || got == 3);
	return 0;
}
