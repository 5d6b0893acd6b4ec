// flags: -mexec-model=reactor -Wl,--export=malloc -Wl,--export=free
// A reactor: its exports are called, one by one.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT(name) __attribute__((export_name(#name)))

static int initialized;

__attribute__((constructor)) static void initialize(void)
{
	initialized++;
	if (getenv("TRAP_AT_START"))
		__builtin_trap();
	if (getenv("EXIT_AT_START"))
		exit(9);
}

EXPORT(times_initialized) int times_initialized(void)
{
	return initialized;
}

EXPORT(add) int add(int a, int b)
{
	return a + b;
}

EXPORT(negate) int64_t negate(int64_t value)
{
	return -value;
}

EXPORT(half) double half(double value)
{
	return value / 2;
}

EXPORT(third) float third(float value)
{
	return value / 3;
}

EXPORT(trap) void trap(void)
{
	__builtin_trap();
}

EXPORT(quit) void quit(int code)
{
	exit(code);
}

EXPORT(nap) void nap(int milliseconds)
{
	usleep((useconds_t)milliseconds * 1000);
}

EXPORT(spin) void spin(void)
{
	for (volatile int i = 0;; i++)
		;
}

EXPORT(recurse) int recurse(int depth)
{
	volatile int more = depth + 1;
	return more < 0 ? 0 : recurse(more) + more; /* the stack overflows before `more` does */
}

EXPORT(read_byte) int read_byte(void)
{
	unsigned char byte;
	return read(0, &byte, 1) == 1 ? byte : -1;
}

EXPORT(say) void say(const char *text, size_t size)
{
	(void)!write(1, text, size);
}

static uint64_t pair(const char *text, size_t size)
{
	return (uint64_t)(uintptr_t)text << 32 | size;
}

EXPORT(greet) uint64_t greet(const char *name, size_t size)
{
	char *text = malloc(size + 8);
	memcpy(text, "hello, ", 7);
	memcpy(text + 7, name, size);
	return pair(text, size + 7);
}

EXPORT(reversed) uint64_t reversed(const uint8_t *bytes, size_t size)
{
	char *copy = malloc(size);
	for (size_t i = 0; i < size; i++)
		copy[i] = (char)bytes[size - 1 - i];
	return pair(copy, size);
}

EXPORT(with_nul) char *with_nul(const char *json, size_t size)
{
	char *text = malloc(size + 1);
	memcpy(text, json, size);
	text[size] = 0;
	return text;
}

EXPORT(no_json) char *no_json(void)
{
	return strdup("{");
}

EXPORT(ends_with_nul) int ends_with_nul(const char *text, size_t size)
{
	return text[size] == 0;
}

EXPORT(place) uint8_t *place(void)
{
	static uint8_t bytes[16];
	return bytes;
}

EXPORT(put_file) int put_file(int value)
{
	int fd = open("/value", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return -errno;
	dprintf(fd, "%d", value);
	return close(fd);
}

/* An allocator with room for one block, and the number of allocated blocks. */
static int blocks;

EXPORT(malloc_once) void *malloc_once(size_t size)
{
	return blocks > 0 ? NULL : (blocks++, malloc(size));
}

EXPORT(free_once) void free_once(void *block)
{
	blocks--;
	free(block);
}

EXPORT(allocated) int allocated(void)
{
	return blocks;
}

EXPORT(sizes) int sizes(const void *a, size_t a_size, const void *b, size_t b_size)
{
	(void)a, (void)b;
	return (int)(a_size + b_size);
}
