// flags: -fno-vectorize -fno-unroll-loops
/* Measures what a check costs in loops that do little else: for each kind of loop, prints the time of one iteration (for fib: of one call) in
 * nanoseconds, from the fastest round. The argument is the number of rounds. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MIB (1 << 20)

static uint8_t from[MIB], to[MIB];
static uint32_t table[256], next[1 << 16];
static volatile uint32_t result;

static uint32_t shuffle(uint32_t x)
{
	x ^= x << 13;
	x ^= x >> 17;
	return x ^ x << 5;
}

static uint32_t sum(uint32_t turns)
{
	uint32_t total = 0;
	const volatile uint32_t *words = (const uint32_t *)(const void *)from;
	for (uint32_t i = 0; i < turns; i++)
		total += words[i & 0xffff];
	return total;
}

static uint32_t xorshift(uint32_t turns)
{
	uint32_t x = 1;
	for (uint32_t i = 0; i < turns; i++)
		x = shuffle(x);
	return x;
}

static uint32_t crc32(uint32_t turns)
{
	uint32_t crc = ~0u;
	for (uint32_t i = 0; i < turns; i++)
		crc = table[(crc ^ from[i & (MIB - 1)]) & 255] ^ crc >> 8;
	return crc;
}

static uint32_t copy_bytes(uint32_t turns)
{
	volatile uint8_t *out = to;
	for (uint32_t i = 0; i < turns; i++)
		out[i & (MIB - 1)] = from[i & (MIB - 1)];
	return out[77];
}

static uint32_t chase(uint32_t turns)
{
	uint32_t x = 0;
	for (uint32_t i = 0; i < turns; i++)
		x = next[x];
	return x;
}

__attribute__((noinline)) static uint32_t fib(uint32_t n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static const struct {
	const char *name;
	uint32_t (*run)(uint32_t);
	uint32_t argument;
	double turns;
} loops[] = {
	{"sum", sum, 100000000, 1e8},    {"xorshift", xorshift, 50000000, 5e7},
	{"crc32", crc32, 50000000, 5e7}, {"copy_bytes", copy_bytes, 50000000, 5e7},
	{"chase", chase, 10000000, 1e7}, {"fib", fib, 32, 7049155},
};

static void prepare(void)
{
	uint32_t x = 12345;
	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int k = 0; k < 8; k++)
			table[i] = table[i] & 1 ? table[i] >> 1 ^ 0xedb88320 : table[i] >> 1;
	}
	for (uint32_t i = 0; i < MIB; i++)
		from[i] = (uint8_t)(x = shuffle(x));
	for (uint32_t i = 0; i < 1 << 16; i++)
		next[i] = i;
	/* A single cycle through all elements (Sattolo's algorithm). */
	for (uint32_t i = (1 << 16) - 1; i > 0; i--) {
		x = shuffle(x);
		uint32_t j = x % i, other = next[i];
		next[i] = next[j];
		next[j] = other;
	}
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 3;
	prepare();
	for (unsigned i = 0; i < sizeof loops / sizeof *loops; i++) {
		double least = 1e18;
		for (int round = 0; round < rounds; round++) {
			struct timespec begun, ended;
			clock_gettime(CLOCK_MONOTONIC, &begun);
			result = loops[i].run(loops[i].argument);
			clock_gettime(CLOCK_MONOTONIC, &ended);
			double time = (double)(ended.tv_sec - begun.tv_sec) * 1e9 + (double)(ended.tv_nsec - begun.tv_nsec);
			if (time < least)
				least = time;
		}
		printf("%s %.3f\n", loops[i].name, least / loops[i].turns);
	}
	return 0;
}
