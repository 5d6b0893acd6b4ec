// flags: -Wl,-z,stack-size=4194304
/* Measures waits and large numbers, on any host and natively, with calls of libc only. Prints `NAME NUMBER NANOSECONDS`, or ends with the errno of the
 * call that failed. Not a test: it has no "guest" header.
 *
 *   bench-waits sleep NANOSECONDS COUNT    how much longer than that a sleep lasts
 *   bench-waits poll FILE DESCRIPTORS      one poll() of this many descriptors, all ready
 *   bench-waits files FOLDER NUMBER        creating a file beside this many others, in folders of 1,000
 *   bench-waits lookups FOLDER NUMBER      stat() of one of this many files, which `files` created */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { IN_A_FOLDER = 1000, LOOKUPS = 10000, POLLS = 200, FOLLOWED = 1000 };

static uint64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int failed(const char *what)
{
	int error = errno;
	printf("%s: %s\n", what, strerror(error));
	return error ? error : 1;
}

static int sleeps(uint64_t nanoseconds, int count)
{
	struct timespec time = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)};

	for (int i = 0; i < count; i++) {
		uint64_t start = now();
		if (nanosleep(&time, NULL))
			return failed("nanosleep");
		printf("sleep %llu %lld\n", (unsigned long long)nanoseconds, (long long)(now() - start - nanoseconds));
	}
	return 0;
}

static int polls(const char *path, int count)
{
	struct pollfd *fds = calloc((size_t)count, sizeof *fds);

	for (int i = 0; i < count; i++) {
		fds[i] = (struct pollfd){.fd = open(path, O_RDONLY | O_CREAT, 0666), .events = POLLIN};
		if (fds[i].fd < 0)
			return failed("open");
	}
	uint64_t start = now();
	for (int i = 0; i < POLLS; i++)
		if (poll(fds, (nfds_t)count, -1) != count)
			return failed("poll");
	printf("poll %d %.0f\n", count, (double)(now() - start) / POLLS);
	return 0;
}

static void name_of(char *path, const char *folder, int i)
{
	snprintf(path, 256, "%s/%d/%d", folder, i / IN_A_FOLDER, i % IN_A_FOLDER);
}

static int create(const char *folder, int i)
{
	char path[256];
	int fd;

	if (i % IN_A_FOLDER == 0) {
		snprintf(path, sizeof path, "%s/%d", folder, i / IN_A_FOLDER);
		if (mkdir(path, 0777) && errno != EEXIST)
			return -1;
	}
	name_of(path, folder, i);
	fd = open(path, O_WRONLY | O_CREAT, 0666);
	return fd < 0 ? -1 : close(fd);
}

/* Only the last ones count: creating those before them makes the file system as large as it has to be. */
static int files(const char *folder, int count)
{
	uint64_t start = 0;
	int measured = count < FOLLOWED ? count : FOLLOWED;

	for (int i = 0; i < count; i++) {
		if (i == count - measured)
			start = now();
		if (create(folder, i)) {
			printf("after %d files: ", i);
			return failed("create");
		}
	}
	printf("files %d %.0f\n", count, (double)(now() - start) / measured);
	return 0;
}

static int lookups(const char *folder, int count)
{
	char path[256];
	struct stat info;
	uint32_t x = 1;
	uint64_t start = now();

	for (int i = 0; i < LOOKUPS; i++) {
		x = x * 1664525 + 1013904223;
		name_of(path, folder, (int)(x % (uint32_t)count));
		if (stat(path, &info))
			return failed(path);
	}
	printf("lookups %d %.0f\n", count, (double)(now() - start) / LOOKUPS);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	if (strcmp(argv[1], "sleep") == 0)
		return sleeps(strtoull(argv[2], NULL, 10), atoi(argv[3]));
	if (strcmp(argv[1], "poll") == 0)
		return polls(argv[2], atoi(argv[3]));
	if (strcmp(argv[1], "files") == 0)
		return files(argv[2], atoi(argv[3]));
	return lookups(argv[2], atoi(argv[3]));
}
