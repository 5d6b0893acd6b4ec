// forms: wrapped
/* Writes endlessly to a reader that keeps reading. Only a kill ends it; neither side's memory grows.
 *
 * guest:
 *   expect-timeout: 300ms
 *   expect-stdout-starts: "0123456789\n0123456789\n"
 */
#include "fs.h"

int main(void)
{
	for (;;)
		write_all(1, "0123456789\n", 11);
}
