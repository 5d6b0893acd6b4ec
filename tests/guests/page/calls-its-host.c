// flags: -Wl,--export=malloc -Wl,--export=free
// A command that calls functions of its host, which its first argument names.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("env"), import_name(#name)))

IMPORT(add) int add(int a, int b);
IMPORT(next64) int64_t next64(int64_t value);
IMPORT(half) double half(double value);
IMPORT(upper) int upper(const char *text, size_t size, char *buffer, size_t room);
IMPORT(echo_json) char *echo_json(const char *text, size_t size, uint32_t *length);
IMPORT(reverse) int reverse(const uint8_t *bytes, size_t size, uint8_t *buffer, size_t room);
IMPORT(fails) int fails(void);

static void numbers(void)
{
	printf("%d %lld %g\n", add(2, 3), (long long)next64(INT64_C(1) << 40), half(3));
}

static void text(const char *value)
{
	char small[2], large[4096];
	int needed = upper(value, strlen(value), small, sizeof small);
	int size = upper(value, strlen(value), large, sizeof large);
	printf("%d %.*s\n", needed, size, large);
}

static void json(const char *value)
{
	uint32_t size;
	char *answer = echo_json(value, strlen(value), &size);
	printf("%.*s\n", (int)size, answer);
	free(answer);
}

static void bytes(void)
{
	uint8_t buffer[3];
	int size = reverse((const uint8_t *)"\1\2\3", 3, buffer, sizeof buffer);
	printf("%d: %d %d %d\n", size, buffer[0], buffer[1], buffer[2]);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	if (strcmp(what, "numbers") == 0)
		numbers();
	else if (strcmp(what, "text") == 0)
		text(argv[2]);
	else if (strcmp(what, "json") == 0)
		json(argv[2]);
	else if (strcmp(what, "bytes") == 0)
		bytes();
	else if (strcmp(what, "fails") == 0)
		printf("%d\n", fails());
	else if (strcmp(what, "many") == 0)
		for (int i = 0; i < atoi(argv[2]); i++)
			if (add(i, 1) != i + 1)
				return 1;
	return 0;
}
