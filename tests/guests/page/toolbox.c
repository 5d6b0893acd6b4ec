/* Commands for the browser tests: a page runs it as `toolbox COMMAND [ARGUMENT…]`. Each command is one of the small functions below; the tests compare its output.
 *
 * guest two-writes:
 *   args: bytes
 *   expect-stdout-size: 256
 *   expect-stderr-contains: "\xff\xfe\xfd"
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

/* The byte at `at` of the pattern that `print` writes and `count` expects; tests/browser/support/lab.ts has the same pattern. */
static uint8_t pattern(uint64_t at)
{
	return (uint8_t)(at * 31 + (at >> 8) * 7 + (at >> 16) * 13);
}

static int fail(const char *what)
{
	int error = errno;
	dprintf(2, "%s: %s", what, strerror(error));
	return error;
}

/* Prints argv and then environ, each entry with its NUL. */
static int args(char **argv)
{
	for (; *argv; argv++)
		fwrite(*argv, 1, strlen(*argv) + 1, stdout);
	for (char **entry = environ; *entry; entry++)
		fwrite(*entry, 1, strlen(*entry) + 1, stdout);
	return 0;
}

/* Prints all byte values on stdout, and in reverse order on stderr. */
static int bytes(void)
{
	uint8_t up[256], down[256];
	for (int i = 0; i < 256; i++) {
		up[i] = (uint8_t)i;
		down[i] = (uint8_t)(255 - i);
	}
	write(1, up, sizeof up);
	write(2, down, sizeof down);
	return 0;
}

/* Writes `total` bytes of the pattern in writes of `size`. After an error, the errno is the exit code, and the message says how much was written. */
static int print(uint64_t total, size_t size)
{
	uint8_t *buffer = malloc(size);
	for (uint64_t at = 0; at < total;) {
		size_t part = total - at < size ? (size_t)(total - at) : size;
		for (size_t i = 0; i < part; i++)
			buffer[i] = pattern(at + i);
		for (size_t done = 0; done < part;) {
			ssize_t wrote = write(1, buffer + done, part - done);
			if (wrote < 0) {
				int error = errno;
				dprintf(2, "%s after %llu", strerror(error), (unsigned long long)(at + done));
				return error;
			}
			done += (size_t)wrote;
		}
		at += part;
	}
	return 0;
}

/* Reads stdin to its end; prints the number of bytes, and whether they matched the pattern. */
static int count(void)
{
	static uint8_t buffer[65536];
	uint64_t at = 0;
	bool right = true;
	for (ssize_t got; (got = read(0, buffer, sizeof buffer)) > 0;)
		for (ssize_t i = 0; i < got; i++)
			right &= buffer[i] == pattern(at++);
	printf("%llu %s", (unsigned long long)at, right ? "right" : "wrong");
	return 0;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return fail(path);
	return close(fd);
}

static int read_file(const char *path)
{
	static uint8_t buffer[65536];
	ssize_t got;
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		return fail(path);
	while ((got = read(fd, buffer, sizeof buffer)) > 0)
		write(1, buffer, (size_t)got);
	return got < 0 ? fail(path) : 0;
}

/* Answers each line "NAME" of stdin with the text of that file, so that the test decides when the file is read. */
static int answers(void)
{
	char line[256];
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (read_file(line))
			write(1, "?", 1);
		write(1, "\n", 1);
	}
	return 0;
}

/* Reads the file (the pattern) again and again, each time into memory that it has just grown, until it has grown by `megabytes`. Checks each byte. */
static int grow(const char *path, uint32_t megabytes)
{
	struct stat info;
	int fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &info) < 0)
		return fail(path);
	uint32_t size = (uint32_t)info.st_size, pages = (size + 65535) / 65536;
	for (uint32_t grown = 0; grown < megabytes * 16; grown += pages) {
		size_t old = __builtin_wasm_memory_grow(0, pages);
		if (old == SIZE_MAX)
			return 90;
		uint8_t *fresh = (uint8_t *)(old * 65536);
		for (uint32_t done = 0; done < size;) {
			ssize_t got = pread(fd, fresh + done, size - done, done);
			if (got <= 0)
				return fail("pread");
			done += (uint32_t)got;
		}
		for (uint32_t i = 0; i < size; i++)
			if (fresh[i] != pattern(i))
				return 91;
	}
	return 0;
}

/* Appends blocks of the pattern to a file, and checks its contents, until it has `megabytes`, so that the kernel's memory grows. */
static int fill(const char *path, uint32_t megabytes)
{
	static uint8_t block[65536], seen[65536];
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
	if (fd < 0)
		return fail(path);
	for (uint32_t i = 0; i < megabytes * 16; i++) {
		for (uint32_t j = 0; j < sizeof block; j++)
			block[j] = pattern((uint64_t)i * sizeof block + j);
		if (pwrite(fd, block, sizeof block, (off_t)i * (off_t)sizeof block) != sizeof block)
			return fail("pwrite");
		if (pread(fd, seen, sizeof seen, (off_t)i * (off_t)sizeof seen) != sizeof seen)
			return fail("pread");
		if (memcmp(block, seen, sizeof block) != 0)
			return 91;
	}
	return 0;
}

/* Closes stdin, prints a line, and waits. */
static int close_stdin(void)
{
	close(0);
	puts("closed");
	fflush(stdout);
	sleep(1000000);
	return 0;
}

/* Writes one byte to stdout for each byte that it reads, until either end is closed. */
static int echo(void)
{
	char byte;
	while (read(0, &byte, 1) == 1)
		if (write(1, &byte, 1) < 0)
			return errno;
	return 0;
}

/* Creates a directory with that many empty files. */
static int names(const char *directory, int count)
{
	char path[256];
	if (mkdir(directory, 0777) < 0)
		return fail(directory);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/file-%d", directory, i);
		int fd = open(path, O_WRONLY | O_CREAT, 0666);
		if (fd < 0)
			return fail(path);
		close(fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	const char *first = argc > 2 ? argv[2] : "";
	const char *second = argc > 3 ? argv[3] : "";
	if (strcmp(command, "args") == 0)
		return args(argv);
	if (strcmp(command, "bytes") == 0)
		return bytes();
	if (strcmp(command, "print") == 0)
		return print(strtoull(first, NULL, 10), strtoul(second, NULL, 10));
	if (strcmp(command, "count") == 0)
		return count();
	if (strcmp(command, "write") == 0)
		return write_file(first, second);
	if (strcmp(command, "read") == 0)
		return read_file(first);
	if (strcmp(command, "answers") == 0)
		return answers();
	if (strcmp(command, "grow") == 0)
		return grow(first, (uint32_t)atoi(second));
	if (strcmp(command, "fill") == 0)
		return fill(first, (uint32_t)atoi(second));
	if (strcmp(command, "names") == 0)
		return names(first, atoi(second));
	if (strcmp(command, "close-stdin") == 0)
		return close_stdin();
	if (strcmp(command, "echo") == 0)
		return echo();
	if (strcmp(command, "tty") == 0) {
		printf("%d%d%d", isatty(0), isatty(1), isatty(2));
		return 0;
	}
	dprintf(2, "toolbox: no command %s", command);
	return 99;
}
