// flags: -Wl,--export=malloc -Wl,--export=free
// Calls another guest: as a command, the function that its first argument names, and through its exports.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("other"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

IMPORT(add) int other_add(int a, int b);
IMPORT(negate) int64_t other_negate(int64_t value);
IMPORT(half) double other_half(double value);
IMPORT(third) float other_third(float value);
IMPORT(nap) void other_nap(int milliseconds);
IMPORT(spin) void other_spin(void);
IMPORT(trap) void other_trap(void);
IMPORT(quit) void other_quit(int code);
IMPORT(greet) int other_greet(const char *name, size_t size, char *buffer, size_t room);
IMPORT(reversed) uint8_t *other_reversed(const uint8_t *bytes, size_t size, uint32_t *length);

EXPORT(add) int add(int a, int b)
{
	return other_add(a, b);
}

EXPORT(add_many) int add_many(int times)
{
	int sum = 0;
	for (int i = 0; i < times; i++)
		sum = other_add(sum, i);
	return sum;
}

EXPORT(negate) int64_t negate(int64_t value)
{
	return other_negate(value);
}

EXPORT(half) double half(double value)
{
	return other_half(value);
}

EXPORT(third) float third(float value)
{
	return other_third(value);
}

EXPORT(nap) void nap(int milliseconds)
{
	other_nap(milliseconds);
}

EXPORT(spin) void spin(void)
{
	other_spin();
}

EXPORT(trap) void trap(void)
{
	other_trap();
}

EXPORT(quit) void quit(int code)
{
	other_quit(code);
}

static uint64_t pair(const void *text, size_t size)
{
	return (uint64_t)(uintptr_t)text << 32 | size;
}

/* The buffer is too small at first. */
EXPORT(greet) uint64_t greet(const char *name, size_t size)
{
	char small[4], *text;
	int needed = other_greet(name, size, small, sizeof small);
	if (needed < 0)
		return pair(strdup("failed"), 6);
	text = malloc((size_t)needed + 1);
	other_greet(name, size, text, (size_t)needed);
	return pair(text, (size_t)needed);
}

EXPORT(reversed) uint64_t reversed(const uint8_t *bytes, size_t size)
{
	uint32_t length;
	uint8_t *answer = other_reversed(bytes, size, &length);
	return pair(answer, length);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "forever") == 0)
		for (int sum = 0;;)
			sum = other_add(sum, 1);
	if (argc > 1 && strcmp(argv[1], "trap") == 0)
		other_trap();
	printf("%d\n", add_many(10));
	return 0;
}
