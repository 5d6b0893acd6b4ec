/* The native floor of bench-threads.wat: prints the nanoseconds for a thread from its start to its end, the mean of 20. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { TIMES = 20 };

static uint64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void *nothing(void *argument)
{
	return argument;
}

int main(void)
{
	uint64_t start = now();

	for (int i = 0; i < TIMES; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, nothing, NULL))
			return 1;
		pthread_join(thread, NULL);
	}
	printf("thread 1 %llu\n", (unsigned long long)((now() - start) / TIMES));
	return 0;
}
