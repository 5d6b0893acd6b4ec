/* wasi:cli/exit and run: only success or failure reaches the host, so every code except 0 becomes 1; after exit only atexit's functions run.
 *
 * guest returns-0:
 *   args: return 0
 *   expect-stdout: "at exit\n"
 * guest returns-3:
 *   args: return 3
 *   expect-exit: 1
 *   expect-stdout: "at exit\n"
 * guest exits-0:
 *   args: exit 0
 *   expect-stdout: "at exit\n"
 * guest exits-42:
 *   args: exit 42
 *   expect-exit: 1
 *   expect-stdout: "at exit\n"
 * guest immediately:
 *   args: _Exit 7
 *   expect-exit: 1
 */
#include "wasi2.h"

static void at_exit(void)
{
	puts("at exit");
}

int main(int argc, char **argv)
{
	CHECK_EQ(argc, 3);
	atexit(at_exit);
	int code = atoi(argv[2]);
	if (strcmp(argv[1], "exit") == 0)
		exit(code);
	if (strcmp(argv[1], "_Exit") == 0)
		_Exit(code);
	return code;
}
