/* random_get fills the buffer and not a byte more; two buffers differ; a size of zero works; 4 MiB at once work and look random.
 *
 * guest:
 */
#include "check.h"
#include "raw.h"

#include <stdlib.h>

enum { BIG = 4 << 20 };

/* Each byte value should occur BIG / 256 = 16,384 times, with a standard deviation of 128: a difference of ten standard deviations never happens. */
static void looks_random(const uint8_t *bytes)
{
	uint32_t counts[256] = {0};

	for (size_t i = 0; i < BIG; i++)
		counts[bytes[i]]++;
	for (int i = 0; i < 256; i++)
		CHECK_BETWEEN(counts[i], 16384 - 1280, 16384 + 1280);
	for (size_t i = 0; i + 64 <= BIG; i += 4096) /* no part is omitted, none repeats the previous one */
		CHECK(memcmp(bytes + i, bytes + (i + 4096) % BIG, 32) != 0);
}

int main(void)
{
	for (size_t size = 0; size <= 300; size++) {
		uint8_t buffer[320], zeros[16] = {0};
		memset(buffer, 0xa5, sizeof buffer);
		CHECK_OK(__wasi_random_get(buffer + 8, size));
		for (size_t i = 0; i < 8; i++) {
			CHECK_EQ(buffer[i], 0xa5);
			CHECK_EQ(buffer[8 + size + i], 0xa5);
		}
		if (size >= 16)
			CHECK(memcmp(buffer + 8 + size - 16, zeros, 16) != 0);
	}

	uint8_t first[32], second[32];
	CHECK_OK(__wasi_random_get(first, sizeof first));
	CHECK_OK(__wasi_random_get(second, sizeof second));
	CHECK(memcmp(first, second, sizeof first) != 0);

	uint8_t *big = malloc(BIG);
	CHECK(big != NULL);
	CHECK_OK(__wasi_random_get(big, BIG));
	looks_random(big);

	CHECK_OK(raw_random_get(memory_end(), 0));
	CHECK_OK(raw_random_get(memory_end() - 5, 5));
	CHECK_ERRNO(raw_random_get(memory_end() - 5, 6), EFAULT);
	CHECK_ERRNO(raw_random_get(P(first), 0xffffffff), EFAULT);
	CHECK_ERRNO(raw_random_get(0xffffffff, 2), EFAULT);
	return 0;
}
