// forms: wrapped
/* Each stream gets its own bytes, in order, including NULs and invalid UTF-8.
 *
 * guest:
 *   expect-stdout: "out 1\nout 2\n\x00\xff\xfe end"
 *   expect-stderr: "err 1\nerr 2\n"
 */
#include "fs.h"

int main(void)
{
	write_all(1, "out 1\n", 6);
	write_all(2, "err 1\n", 6);
	write_all(1, "out 2\n", 6);
	write_all(2, "err 2\n", 6);
	write_all(1, "\0\xff\xfe end", 7);
	return 0;
}
