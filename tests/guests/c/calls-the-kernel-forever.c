// forms: wrapped
/* Makes only system calls that never wait. Only a kill ends it.
 *
 * guest:
 *   dir: /
 *   expect-stdout: "calling\n"
 *   expect-timeout: 300ms
 */
#include "fs.h"

int main(void)
{
	int fd = open_file("file", O_CREATE);

	write_all(1, "calling\n", 8);
	for (;;) {
		seek_to(fd, 0, __WASI_WHENCE_SET);
		write_all(fd, "x", 1);
	}
}
