/* A client: descriptor 3 is connected. It sends its argument, shuts down sending, and writes the reply to stdout. (The test provides the server:
 * tests/browser/sockets.spec.ts.) */
#include <sys/socket.h>
#include <unistd.h>

#include "../c/check.h"

int main(int argc, char **argv)
{
	static char buffer[65536];
	CHECK_EQ(argc, 2);
	ssize_t size = (ssize_t)strlen(argv[1]);
	CHECK_EQ(send(3, argv[1], (size_t)size, 0), size);
	CHECK_EQ(shutdown(3, SHUT_WR), 0);
	for (ssize_t n; (n = recv(3, buffer, sizeof buffer, 0)) != 0;) {
		CHECK(n > 0);
		CHECK_EQ(write(1, buffer, (size_t)n), n);
	}
	return 0;
}
