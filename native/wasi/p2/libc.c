/* libc.c - the functions of the C library that p2.wasm needs and that the compiler does not replace with instructions. Compiled without builtins, so that
 * the compiler does not turn a loop into a call of the function that contains it. Not part of the native kernel. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

size_t strlen(const char *text)
{
	size_t size = 0;
	while (text[size])
		size++;
	return size;
}

char *strchr(const char *text, int wanted)
{
	for (; *text != (char)wanted; text++) {
		if (!*text)
			return NULL;
	}
	return (char *)(uintptr_t)text;
}

void *memchr(const void *bytes, int wanted, size_t size)
{
	for (const uint8_t *at = bytes; size > 0; at++, size--) {
		if (*at == (uint8_t)wanted)
			return (void *)(uintptr_t)at;
	}
	return NULL;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a, *y = b;
	for (size_t i = 0; i < size; i++) {
		if (x[i] != y[i])
			return x[i] - y[i];
	}
	return 0;
}
