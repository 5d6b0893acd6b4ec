// forms: wrapped wasip2
/* The smallest program: a line on stdout, exit 0. The benchmark measures start-up time with it.
 *
 * guest:
 *   expect-stdout: "hello, world\n"
 */
#include <stdio.h>

int main(void)
{
	puts("hello, world");
	return 0;
}
