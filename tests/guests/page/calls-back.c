// flags: -mexec-model=reactor -Wl,--export=malloc -Wl,--export=free
// Two guests of this kind call each other alternately.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("other"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

IMPORT(ping) int other_ping(int times);
IMPORT(try_ping) int other_try_ping(int times);
IMPORT(echo) uint8_t *other_echo(const uint8_t *bytes, size_t size, int times, uint32_t *length);
IMPORT(sum) int64_t other_sum(int32_t a, int64_t b, float c, double d, int32_t e);

/* Returns the number of nested calls. */
EXPORT(ping) int ping(int times)
{
	return times == 0 ? 0 : 1 + other_ping(times - 1);
}

/* Like ping, but with -1000 in place of a refused call. */
EXPORT(try_ping) int try_ping(int times)
{
	return times == 0 ? 0 : 1 + other_try_ping(times - 1);
}

EXPORT(echo) uint64_t echo(const uint8_t *bytes, size_t size, int times)
{
	uint32_t length = size;
	uint8_t *copy;
	if (times == 0)
		copy = memcpy(malloc(size), bytes, size);
	else
		copy = other_echo(bytes, size, times - 1, &length);
	return (uint64_t)(uintptr_t)copy << 32 | length;
}

EXPORT(sum) int64_t sum(int32_t a, int64_t b, float c, double d, int32_t e)
{
	return (int64_t)(a + b + (int64_t)c + (int64_t)d + e);
}

EXPORT(sum_of_other) int64_t sum_of_other(int32_t a, int64_t b, float c, double d, int32_t e)
{
	return other_sum(a, b, c, d, e);
}
