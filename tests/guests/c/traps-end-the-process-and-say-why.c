// forms: wrapped
/* Each kind of trap ends the program with code 134 and the engine's message; output written before it arrives.
 *
 * guest unreachable:
 *   args: unreachable
 *   expect-stdout: "before\n"
 *   expect-trap: unreachable
 * guest abort:
 *   args: abort
 *   expect-stdout: "before\n"
 *   expect-trap: unreachable
 * guest out-of-bounds:
 *   args: bounds
 *   expect-stdout: "before\n"
 *   expect-trap: out.of.bounds
 * guest divide-by-zero:
 *   args: divide
 *   expect-stdout: "before\n"
 *   expect-trap: divi(de|sion) by zero
 * guest integer-overflow:
 *   args: overflow
 *   expect-stdout: "before\n"
 *   expect-trap: overflow|unrepresentable|not representable
 * guest null-call:
 *   args: null
 *   expect-stdout: "before\n"
 *   expect-trap: null|indirect|table|signature
 * guest wrong-call:
 *   args: wrong
 *   expect-stdout: "before\n"
 *   expect-trap: signature|indirect|mismatch
 * guest stack-overflow:
 *   args: stack
 *   expect-stdout: "before\n"
 *   expect-trap: call stack|recursion|stack
 */
#include "fs.h"

#include <stdlib.h>

static double takes_a_double(double x)
{
	return x * 2;
}

/* Uses no frame in linear memory, so that the engine's own stack overflows. */
__attribute__((noinline)) static int endless(int x)
{
	static volatile int one = 1;
	return x > 0 ? endless(x + one) / (x | 1) : 1; /* the division keeps compilers from turning this into a loop */
}

int main(int argc, char **argv)
{
	volatile int zero = 0, most = INT32_MIN, minus = -1;

	CHECK_EQ(argc, 2);
	const char *kind = argv[1];
	write_all(1, "before\n", 7);
	if (strcmp(kind, "unreachable") == 0)
		__builtin_trap();
	if (strcmp(kind, "abort") == 0)
		abort();
	if (strcmp(kind, "bounds") == 0)
		return *(volatile int *)(uintptr_t)0xfffffff0;
	if (strcmp(kind, "divide") == 0)
		return 7 / zero;
	if (strcmp(kind, "overflow") == 0)
		return most / minus;
	if (strcmp(kind, "null") == 0) {
		int (*volatile function)(void) = NULL;
		return function();
	}
	if (strcmp(kind, "wrong") == 0) {
		double (*volatile function)(double) = takes_a_double;
		return ((int (*)(int, int))(uintptr_t)function)(1, 2);
	}
	if (strcmp(kind, "stack") == 0)
		return endless(1);
	return 99;
}
