// One end of a pipe: `write SIZE COUNT` writes, `read SIZE` reads to the end and prints how many bytes arrived, and in how many nanoseconds after the first. The
// benchmark runs it natively, too.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	size_t size = strtoul(argv[2], NULL, 10);
	char *buffer = calloc(size, 1);
	if (strcmp(argv[1], "write") == 0) {
		for (long left = argc > 3 ? atol(argv[3]) : 0; left > 0; left--)
			for (size_t done = 0; done < size;) {
				ssize_t wrote = write(1, buffer + done, size - done);
				if (wrote < 0)
					return 1;
				done += (size_t)wrote;
			}
		return 0;
	}
	uint64_t bytes = 0, begun = 0;
	for (ssize_t got; (got = read(0, buffer, size)) > 0; bytes += (uint64_t)got)
		begun = begun ? begun : now();
	printf("%llu %llu\n", (unsigned long long)bytes, (unsigned long long)(now() - begun));
	return 0;
}
