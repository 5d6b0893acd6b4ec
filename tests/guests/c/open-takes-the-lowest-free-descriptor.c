// forms: wrapped
/* New descriptors fill the lowest gap, so that "close 0, then open" replaces stdin.
 *
 * guest:
 *   dir: /
 */
#include "fs.h"

int main(void)
{
	int fds[10];

	put_file("file", "from the file");
	for (int i = 0; i < 10; i++) {
		fds[i] = open_file("file", 0);
		CHECK_EQ(fds[i], 4 + i);
	}
	close_fd(fds[7]);
	close_fd(fds[2]);
	CHECK_EQ(open_file("file", 0), fds[2]);
	CHECK_EQ(open_file("file", 0), fds[7]);
	CHECK_EQ(open_file("file", 0), 14);

	close_fd(0);
	CHECK_EQ(open_file("file", 0), 0);
	char got[32];
	CHECK_EQ(read_some(0, got, sizeof got), 13);
	CHECK_BYTES(got, "from the file", 13);
	return 0;
}
