/* Requests of every size, from several threads, across refills and new seeds: each buffer is filled to its last byte and no further, and no two
 * results are equal. */
#include "fs/random.h"

#include "support/check.h"

#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define KEYS 20000 /* per thread, of 16 bytes each; with the large requests enough for several seeds */

static uint64_t keys[THREADS][KEYS][2];

/* Half of the bits are set, within six standard deviations. */
static void check_bits(const uint8_t *bytes, size_t size)
{
	int64_t set = 0, bits = (int64_t)size * 8;
	for (size_t i = 0; i < size; i++)
		set += __builtin_popcount(bytes[i]);
	CHECK((2 * set - bits) * (2 * set - bits) < 36 * bits);
}

static void check_sizes(void)
{
	static uint8_t buffer[8192];
	for (size_t size = 0; size < 2000; size++) {
		memset(buffer, 0xaa, sizeof buffer);
		hf_random(buffer + 1, size);
		CHECK_EQ(buffer[0], 0xaa);
		CHECK_EQ(buffer[1 + size], 0xaa);
		/* No byte was omitted: eight bytes in a row stay unchanged with a probability of 2^-64. */
		for (size_t i = 8; i <= size; i += 8)
			CHECK(memcmp(buffer + 1 + i - 8, "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa", 8) != 0);
	}
}

static void check_large(void)
{
	size_t size = (5 << 20) + 13;
	uint8_t *buffer = calloc(1, size + 1);
	CHECK(buffer);
	hf_random(buffer, size);
	CHECK_EQ(buffer[size], 0);
	check_bits(buffer, size);
	/* The second key does not produce the same bytes again. */
	CHECK(memcmp(buffer, buffer + (4 << 20), 64) != 0);
	free(buffer);
}

static void take_keys(void *context, unsigned number)
{
	(void)context;
	for (int i = 0; i < KEYS; i++) {
		uint8_t large[700];
		hf_random(keys[number][i], sizeof keys[number][i]);
		if (i % 8 == 0)
			hf_random(large, sizeof large);
	}
}

static int by_value(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

int main(void)
{
	check_sizes();
	check_large();
	in_threads(THREADS, take_keys, NULL);
	check_bits((const uint8_t *)keys, sizeof keys);
	qsort(keys, (size_t)THREADS * KEYS, 16, by_value);
	uint64_t(*all)[2] = &keys[0][0];
	for (size_t i = 1; i < (size_t)THREADS * KEYS; i++)
		CHECK(memcmp(all[i - 1], all[i], 16) != 0);
	return done();
}
