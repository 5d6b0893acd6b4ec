// forms: wrapped
/* 8 MiB in one vector, then 8 MiB in 1,024 vectors, then single bytes: far more than any pipe holds. All bytes arrive in order.
 *
 * guest:
 *   expect-stdout-size: 16778216
 *   expect-stdout-sha256: 247a3e543cabc92646d983c85b48665a173f3a1cca579485e18bd53f90982f54
 */
#include "fs.h"

#include <stdlib.h>

enum { BIG = 8 << 20, VECTORS = 1024 };

/* fd_write may write only a part; then write the rest. */
static void write_fully(__wasi_ciovec_t *iovs, size_t count)
{
	while (count > 0) {
		__wasi_size_t written = 0;
		CHECK_OK(__wasi_fd_write(1, iovs, count, &written));
		CHECK(written > 0);
		while (count > 0 && written >= iovs->buf_len) {
			written -= iovs->buf_len;
			iovs++;
			count--;
		}
		if (count > 0) {
			iovs->buf += written;
			iovs->buf_len -= written;
		}
	}
}

int main(void)
{
	static __wasi_ciovec_t iovs[VECTORS];
	uint8_t *data = malloc(BIG);
	uint32_t x = 1;

	CHECK(data != NULL);
	for (size_t i = 0; i < BIG; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = (uint8_t)(x >> 24);
	}
	write_fully(&(__wasi_ciovec_t){data, BIG}, 1);
	for (size_t i = 0; i < VECTORS; i++)
		iovs[i] = (__wasi_ciovec_t){data + (VECTORS - 1 - i) * (BIG / VECTORS), BIG / VECTORS};
	write_fully(iovs, VECTORS);
	for (size_t i = 0; i < 1000; i++)
		write_fully(&(__wasi_ciovec_t){data + i, 1}, 1);
	return 0;
}
