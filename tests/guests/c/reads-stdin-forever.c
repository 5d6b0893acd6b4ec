// forms: wrapped
/* Reads a stdin that never has input. Only a kill ends it.
 *
 * guest:
 *   stdin: hold
 *   expect-stdout: "reading\n"
 *   expect-timeout: 300ms
 */
#include "fs.h"

int main(void)
{
	char buffer[16];

	write_all(1, "reading\n", 8);
	read_some(0, buffer, sizeof buffer);
	return 9;
}
