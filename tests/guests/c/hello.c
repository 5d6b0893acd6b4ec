/* The smallest program: a line on stdout, exit 0. Also the one that start-up time is measured with.
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
