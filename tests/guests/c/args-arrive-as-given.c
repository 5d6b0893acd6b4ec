// forms: wrapped
/* argv holds each argument byte for byte: spaces, empty ones, quotes, UTF-8; args_get writes exactly as much as args_sizes_get reports.
 *
 * guest:
 *   argv0: program
 *   args: one "two words" "" "say \"hi\"" "grüße" "" last
 */
#include "check.h"

static const char *const expected[] = {"program", "one", "two words", "", "say \"hi\"", "grüße", "", "last"};
enum { COUNT = sizeof expected / sizeof *expected };

int main(int argc, char **argv)
{
	__wasi_size_t count, size, sum = 0;
	uint8_t *pointers[COUNT + 1], buffer[256];

	CHECK_EQ(argc, COUNT);
	for (int i = 0; i < COUNT; i++) {
		CHECK(strcmp(argv[i], expected[i]) == 0);
		sum += strlen(expected[i]) + 1;
	}
	CHECK(argv[COUNT] == NULL);

	CHECK_OK(__wasi_args_sizes_get(&count, &size));
	CHECK_EQ(count, COUNT);
	CHECK_EQ(size, sum);

	memset(buffer, 0xa5, sizeof buffer);
	pointers[COUNT] = (uint8_t *)1;
	CHECK_OK(__wasi_args_get(pointers, buffer));
	CHECK(pointers[COUNT] == (uint8_t *)1);
	CHECK_EQ(buffer[size], 0xa5);
	for (int i = 0; i < COUNT; i++) {
		CHECK(pointers[i] >= buffer && pointers[i] < buffer + size);
		CHECK(strcmp((char *)pointers[i], expected[i]) == 0);
	}
	return 0;
}
