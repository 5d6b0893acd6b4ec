/* An echo server that uses wasi-libc: accept, recv, send, shutdown. Its argument is the number of clients to serve.
 *
 * guest one-client:
 *   args: 1
 *   listen: 0
 *   client: "hello, socket"
 *   expect-reply: "hello, socket"
 * guest several-clients-and-much-data:
 *   args: 3
 *   listen: 0
 *   client: "first"
 *   client: "second "*100000
 *   client: ""
 *   expect-reply: "first"
 *   expect-reply: "second "*100000
 *   expect-reply: ""
 * guest sockets-come-before-directories-and-do-not-hide-them:
 *   args: 1 /work/file
 *   dir: /work
 *   file: /work/file "text"
 *   listen: 0
 *   client: "x"
 *   expect-reply: "xtext"
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../c/check.h"

static char buffer[30000];

static void serve(int fd)
{
	int type = 0;
	socklen_t size = sizeof type;
	CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size), 0);
	CHECK_EQ(type, SOCK_STREAM);
	for (ssize_t n; (n = recv(fd, buffer, sizeof buffer, 0)) != 0;) {
		CHECK(n > 0);
		CHECK_EQ(send(fd, buffer, (size_t)n, 0), n);
	}
}

static void send_file(int fd, const char *path)
{
	int file = open(path, O_RDONLY);
	CHECK(file > 3);
	ssize_t n = read(file, buffer, sizeof buffer);
	CHECK_EQ(send(fd, buffer, (size_t)n, 0), n);
}

int main(int argc, char **argv)
{
	CHECK_EQ(fcntl(3, F_SETFL, 0), 0); /* Wasmtime's listeners are non-blocking, and so are the command's */
	int times = argc > 1 ? atoi(argv[1]) : -1;
	while (times < 0 || times-- > 0) {
		int fd = accept(3, NULL, NULL);
		CHECK(fd > 3);
		serve(fd);
		if (argc > 2)
			send_file(fd, argv[2]);
		CHECK_EQ(shutdown(fd, SHUT_WR), 0);
		CHECK_EQ(close(fd), 0);
	}
	return 0;
}
