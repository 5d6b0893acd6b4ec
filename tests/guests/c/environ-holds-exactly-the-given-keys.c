// forms: wrapped
/* The environment is exactly what was requested, with nothing from the host's own. Tests empty values, values with '=', UTF-8.
 *
 * guest:
 *   env: A=1
 *   env: EMPTY=
 *   env: EQUALS=a=b=c
 *   env: "SPACE=a b"
 *   env: "UNI=grüße"
 */
#include "check.h"

#include <stdlib.h>

static const char *const expected[] = {"A=1", "EMPTY=", "EQUALS=a=b=c", "SPACE=a b", "UNI=grüße"};
enum { COUNT = sizeof expected / sizeof *expected };

int main(void)
{
	__wasi_size_t count, size, sum = 0;
	uint8_t *pointers[COUNT + 1], buffer[256];

	for (int i = 0; i < COUNT; i++)
		sum += strlen(expected[i]) + 1;
	CHECK_OK(__wasi_environ_sizes_get(&count, &size));
	CHECK_EQ(count, COUNT);
	CHECK_EQ(size, sum);

	memset(buffer, 0xa5, sizeof buffer);
	pointers[COUNT] = (uint8_t *)1;
	CHECK_OK(__wasi_environ_get(pointers, buffer));
	CHECK(pointers[COUNT] == (uint8_t *)1);
	CHECK_EQ(buffer[size], 0xa5);
	for (int i = 0; i < COUNT; i++) {
		bool found = false;
		for (int j = 0; j < COUNT; j++)
			found |= strcmp((char *)pointers[j], expected[i]) == 0;
		CHECK(found);
	}

	CHECK(strcmp(getenv("EQUALS"), "a=b=c") == 0);
	CHECK(strcmp(getenv("EMPTY"), "") == 0);
	CHECK(getenv("PATH") == NULL);
	CHECK(getenv("HOME") == NULL);
	return 0;
}
