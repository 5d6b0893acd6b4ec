/* Sleeps, and counts its wake-ups once a second: little to compute, much to see in a trace. */
#include <stdio.h>
#include <time.h>

int main(void)
{
	const struct timespec second = {1, 0};

	for (unsigned ticks = 1;; ticks++) {
		FILE *file = fopen("/tmp/ticks", "w");
		if (file) {
			fprintf(file, "%u\n", ticks);
			fclose(file);
		}
		nanosleep(&second, NULL);
	}
}
