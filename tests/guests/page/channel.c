/* Commands for the tests of channels: `channel COMMAND ARGUMENT…`. It opens a channel by its name, like a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static char buffer[1 << 20];

static int fail(const char *what)
{
	int error = errno;
	dprintf(2, "%s: %s", what, strerror(error));
	return error;
}

/* Messages "WORD 0", "WORD 1", …, each filled up to `size` bytes with dots. */
static int send(int fd, const char *word, int count, size_t size)
{
	for (int i = 0; i < count; i++) {
		memset(buffer, '.', size);
		size_t head = (size_t)sprintf(buffer, "%s %d", word, i);
		buffer[head] = '.';
		ssize_t sent = write(fd, buffer, size > head ? size : head);
		if (sent < 0)
			return fail("write");
		if ((size_t)sent != (size > head ? size : head))
			return 99;
	}
	return 0;
}

/* Prints each message on a line of its own; a line of "end" at the end of file. */
static int receive(int fd, size_t room)
{
	for (;;) {
		ssize_t got = read(fd, buffer, room);
		if (got < 0)
			return fail("read");
		if (got == 0)
			break;
		printf("%.*s\n", (int)got, buffer);
		fflush(stdout);
	}
	puts("end");
	return 0;
}

/* The same, but reads each message with a buffer of exactly its size. */
static int receive_by_size(int fd)
{
	for (;;) {
		struct pollfd poller = {.fd = fd, .events = POLLIN};
		int size;
		if (poll(&poller, 1, -1) != 1)
			return fail("poll");
		if (ioctl(fd, FIONREAD, &size) != 0)
			return fail("ioctl");
		ssize_t got = read(fd, buffer, size > 0 ? (size_t)size : 1);
		if (got <= 0)
			return got < 0 ? fail("read") : 0;
		printf("%d %.*s\n", size, (int)got, buffer);
		fflush(stdout);
	}
}

/* Reads requests from one channel, and answers each on another. */
static int serve(int in, int out)
{
	for (;;) {
		ssize_t got = read(in, buffer, sizeof buffer);
		if (got <= 0)
			return got < 0 ? fail("read") : 0;
		for (ssize_t i = 0; i < got; i++)
			if (buffer[i] >= 'a' && buffer[i] <= 'z')
				buffer[i] -= 'a' - 'A';
		if (write(out, buffer, (size_t)got) != got)
			return fail("write");
	}
}

static int ask(int out, int in, int count)
{
	char text[64];
	for (int i = 0; i < count; i++) {
		int size = sprintf(text, "question %d", i);
		if (write(out, text, (size_t)size) != size)
			return fail("write");
		ssize_t got = read(in, buffer, sizeof buffer);
		if (got < 0)
			return fail("read");
		printf("%.*s\n", (int)got, buffer);
	}
	return 0;
}

/* Writes as often as it can without waiting; prints how often, and the error that ended this. */
static int fill(int fd, size_t size)
{
	int count = 0;
	while (write(fd, buffer, size) == (ssize_t)size)
		count++;
	printf("%d %s\n", count, strerror(errno));
	struct pollfd poller = {.fd = fd, .events = POLLOUT};
	printf("%s\n", poll(&poller, 1, 0) == 0 ? "not writable" : "writable");
	return 0;
}

static int opened(const char *path, int flags)
{
	int fd = open(path, flags);
	if (fd < 0)
		exit(fail(path));
	return fd;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	if (strcmp(command, "send") == 0)
		return send(opened(argv[2], O_WRONLY), argv[3], atoi(argv[4]), argc > 5 ? (size_t)atoi(argv[5]) : 0);
	if (strcmp(command, "receive") == 0)
		return receive(opened(argv[2], O_RDONLY), argc > 3 ? (size_t)atoi(argv[3]) : sizeof buffer);
	if (strcmp(command, "receive-by-size") == 0)
		return receive_by_size(opened(argv[2], O_RDONLY));
	if (strcmp(command, "serve") == 0)
		return serve(opened("/dev/questions", O_RDONLY), opened("/dev/answers", O_WRONLY));
	if (strcmp(command, "ask") == 0)
		return ask(opened("/dev/questions", O_WRONLY), opened("/dev/answers", O_RDONLY), atoi(argv[2]));
	if (strcmp(command, "fill") == 0)
		return fill(opened(argv[2], O_WRONLY | O_NONBLOCK), (size_t)atoi(argv[3]));
	if (strcmp(command, "try-receive") == 0)
		return read(opened(argv[2], O_RDONLY | O_NONBLOCK), buffer, 1) < 0 ? fail("read") : 0;
	/* Closes both the opened descriptor and the preopened one, and stays alive. */
	if (strcmp(command, "close") == 0) {
		close(opened(argv[2], O_WRONLY));
		close(3);
		puts("closed");
		fflush(stdout);
		return read(0, buffer, 1) < 0;
	}
	if (strcmp(command, "open") == 0) {
		close(opened(argv[2], atoi(argv[3]) ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY | O_DIRECTORY));
		return 0;
	}
	fprintf(stderr, "no command %s\n", command);
	return 2;
}
