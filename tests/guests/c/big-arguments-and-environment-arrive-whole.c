/* 100,000 bytes in one argument and in one variable.
 *
 * guest:
 *   argv0: program
 *   args: "x"*100000 end
 *   env: BIG="y"*100000
 */
#include "check.h"

#include <stdlib.h>

static void expect_run(const char *text, char c, size_t count)
{
	CHECK(text != NULL);
	CHECK_EQ(strlen(text), count);
	for (size_t i = 0; i < count; i++)
		CHECK_EQ(text[i], c);
}

int main(int argc, char **argv)
{
	__wasi_size_t count, size;

	CHECK_EQ(argc, 3);
	expect_run(argv[1], 'x', 100000);
	CHECK(strcmp(argv[2], "end") == 0);
	expect_run(getenv("BIG"), 'y', 100000);

	CHECK_OK(__wasi_args_sizes_get(&count, &size));
	CHECK_EQ(size, sizeof "program" + 100001 + sizeof "end");
	CHECK_OK(__wasi_environ_sizes_get(&count, &size));
	CHECK_EQ(size, sizeof "BIG=" + 100000);
	return 0;
}
