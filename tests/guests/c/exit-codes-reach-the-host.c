/* proc_exit with any code, even from deep recursion; and main's own result.
 *
 * guest zero:
 *   args: exit 0
 * guest one:
 *   args: exit 1
 *   expect-exit: 1
 * guest most:
 *   args: exit 255
 *   expect-exit: 255
 * guest above-125:
 *   args: exit 126
 *   expect-exit: 126
 * guest returned:
 *   args: return 42
 *   expect-exit: 42
 * guest deep:
 *   args: deep 7
 *   expect-exit: 7
 * guest through-libc:
 *   args: libc 3
 *   expect-exit: 3
 *   expect-stdout: "printed, not flushed; atexit ran"
 */
#include "check.h"

#include <stdlib.h>

static int depth(int left, int code)
{
	volatile char frame[64];

	frame[0] = (char)left;
	if (left == 0)
		__wasi_proc_exit((uint32_t)code);
	return depth(left - 1, code) + frame[0];
}

static void at_exit(void)
{
	printf("; atexit ran");
}

int main(int argc, char **argv)
{
	CHECK_EQ(argc, 3);
	int code = atoi(argv[2]);

	if (strcmp(argv[1], "return") == 0)
		return code;
	if (strcmp(argv[1], "deep") == 0)
		return depth(500, code);
	if (strcmp(argv[1], "libc") == 0) {
		CHECK_EQ(atexit(at_exit), 0);
		printf("printed, not flushed");
		exit(code);
	}
	__wasi_proc_exit((uint32_t)code);
}
