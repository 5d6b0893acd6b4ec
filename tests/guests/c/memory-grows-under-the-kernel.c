/* Memory that memory.grow has just added can be used in system calls at once, even across the old end; before that, it causes EFAULT.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"
#include "raw.h"

int main(void)
{
	__wasi_size_t moved;
	int fd = open_file("file", O_CREATE);

	write_all(fd, "0123456789abcdef", 16);
	for (int round = 0; round < 40; round++) {
		uint32_t old_end = memory_end();
		__wasi_iovec_t across = {(uint8_t *)(uintptr_t)(old_end - 8), 16};

		CHECK_ERRNO(__wasi_fd_pread(fd, &across, 1, 0, &moved), EFAULT);
		CHECK_ERRNO(raw_random_get(old_end, 1), EFAULT);
		CHECK((int)__builtin_wasm_memory_grow(0, round % 3 == 0 ? 100 : 1) >= 0);
		CHECK(memory_end() > old_end);
		CHECK_OK(__wasi_fd_pread(fd, &across, 1, 0, &moved));
		CHECK_EQ(moved, 16);
		CHECK_BYTES(across.buf, "0123456789abcdef", 16);

		/* The result and the vector themselves are in the new memory, up to its last bytes. */
		__wasi_iovec_t *iov = (__wasi_iovec_t *)(uintptr_t)(memory_end() - 16);
		*iov = (__wasi_iovec_t){(uint8_t *)(uintptr_t)(memory_end() - 4), 4};
		CHECK_OK(raw_fd_pread((uint32_t)fd, P(iov), 1, 6, memory_end() - 8));
		CHECK_EQ(*(uint32_t *)(uintptr_t)(memory_end() - 8), 4);
		CHECK_BYTES((char *)(uintptr_t)(memory_end() - 4), "6789", 4);
	}
	CHECK_EQ((int)__builtin_wasm_memory_grow(0, 65536), -1); /* beyond 4 GiB: refused, and nothing happened */
	CHECK_OK(raw_random_get(memory_end() - 65536, 65536));
	return 0;
}
