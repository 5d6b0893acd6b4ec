// forms: wrapped
/* Computes without calling the kernel again. Only terminating its worker ends it.
 *
 * guest:
 *   expect-stdout: "spinning\n"
 *   expect-timeout: 300ms
 */
#include "fs.h"

int main(void)
{
	volatile uint64_t count = 0;

	write_all(1, "spinning\n", 9);
	for (;;)
		count++;
}
