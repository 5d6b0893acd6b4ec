/* Reads file operations from its input, one per line, and answers each with a line: a number (a negated errno if it failed), or text. With it, a
 * test can interleave the operations of two programs in one tree.
 *
 * guest:
 *   dir: /
 *   stdin: "open /x rwc\nwrite 4 text\nread 4 9\nseek 4 1\nread 4 9\nunlink /x\nunlink /x\n"
 *   expect-stdout: "4\n4\n\n1\next\n0\n-44\n"
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int flags_of(const char *letters)
{
	int flags = strchr(letters, 'w') ? (strchr(letters, 'r') ? O_RDWR : O_WRONLY) : O_RDONLY;
	flags |= strchr(letters, 'a') ? O_APPEND : 0;
	flags |= strchr(letters, 'c') ? O_CREAT : 0;
	flags |= strchr(letters, 'x') ? O_EXCL : 0;
	flags |= strchr(letters, 't') ? O_TRUNC : 0;
	return flags;
}

static long size_of(int fd)
{
	struct stat stat;
	return fstat(fd, &stat) == 0 ? (long)stat.st_size : -1;
}

static long links_of(int fd)
{
	struct stat stat;
	return fstat(fd, &stat) == 0 ? (long)stat.st_nlink : -1;
}

/* Appends `count` lines of one letter each, with one write per line. */
static long append_lines(int fd, const char *letter, int count)
{
	char line[65];
	memset(line, letter[0], 63);
	line[63] = '\n';
	for (int i = 0; i < count; i++) {
		if (write(fd, line, 64) != 64)
			return -1;
	}
	return count;
}

static long obey(const char *verb, const char *a, const char *b, char *text)
{
	int fd = atoi(a);
	if (strcmp(verb, "open") == 0)
		return open(a, flags_of(b), 0666);
	if (strcmp(verb, "close") == 0)
		return close(fd);
	if (strcmp(verb, "write") == 0)
		return write(fd, b, strlen(b));
	if (strcmp(verb, "read") == 0)
		return read(fd, text, (size_t)atoi(b));
	if (strcmp(verb, "seek") == 0)
		return (long)lseek(fd, atoi(b), SEEK_SET);
	if (strcmp(verb, "truncate") == 0)
		return ftruncate(fd, atoi(b));
	if (strcmp(verb, "lines") == 0)
		return append_lines(fd, b, 1000);
	if (strcmp(verb, "size") == 0)
		return size_of(fd);
	if (strcmp(verb, "links") == 0)
		return links_of(fd);
	if (strcmp(verb, "unlink") == 0)
		return unlink(a);
	if (strcmp(verb, "mkdir") == 0)
		return mkdir(a, 0777);
	if (strcmp(verb, "rmdir") == 0)
		return rmdir(a);
	if (strcmp(verb, "rename") == 0)
		return rename(a, b);
	if (strcmp(verb, "link") == 0)
		return link(a, b);
	if (strcmp(verb, "symlink") == 0)
		return symlink(a, b);
	errno = ENOSYS;
	return -1;
}

int main(void)
{
	char line[300];
	while (fgets(line, sizeof line, stdin)) {
		char verb[20] = "", a[100] = "", b[100] = "", text[200] = "";
		sscanf(line, "%19s %99s %99s", verb, a, b);
		long result = obey(verb, a, b, text);
		if (result < 0)
			printf("%d\n", -errno);
		else if (strcmp(verb, "read") == 0)
			printf("%.*s\n", (int)result, text);
		else
			printf("%ld\n", result);
		fflush(stdout);
	}
	return 0;
}
