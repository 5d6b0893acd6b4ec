/* native.c - the ring with two threads of the operating system: the floor of the benchmark. web/cli/cli-bench.ts compiles it with gcc -O3.
 *
 * ring ITEMS RUNS WARMING LAYOUT SLOTS WORDS BATCH MODE SPIN TIMEOUT: the arguments of `bench` in guest.c. Prints a line for each run: nanoseconds, sum, the
 * producer's and the consumer's spins, head, tail. */
#define _GNU_SOURCE
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ring.h"

static void ring_sleep(uint32_t *word, uint32_t expected, int64_t nanoseconds)
{
	struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
	(void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, nanoseconds < 0 ? NULL : &time, NULL, 0);
}

static void ring_wake(uint32_t *word)
{
	(void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void ring_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

static inline void ring_release(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static uint64_t ring_clock(uint64_t *room)
{
	struct timespec now;
	(void)room;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct ring ring;
static struct ring_bench *bench;
static uint32_t items, runs, warming;

static void *side(void *which)
{
	ring_runs(&ring, bench, which ? RING_CONSUMER : RING_PRODUCER, items, runs, warming);
	return NULL;
}

/* Allocates the ring, followed by the results. */
static bool allocate(void)
{
	size_t size = ring_bench_at(&ring) + sizeof *bench + runs * sizeof *bench->results;
	ring.base = aligned_alloc(RING_LINE, (size + RING_LINE - 1) / RING_LINE * RING_LINE);
	if (!ring.base)
		return false;
	bench = (struct ring_bench *)(ring.base + ring_bench_at(&ring));
	for (size_t i = 0; i < size; i++)
		ring.base[i] = 0;
	for (int i = 0; i < 2; i++)
		ring.sleeping[i] = bench->sleeping[i];
	return true;
}

int main(int argc, char **argv)
{
	int64_t arguments[10] = {0};
	pthread_t consumer;
	if (argc != 11)
		return 2;
	for (int i = 0; i < 10; i++)
		arguments[i] = strtoll(argv[i + 1], NULL, 10);
	items = (uint32_t)arguments[0];
	runs = (uint32_t)arguments[1];
	warming = (uint32_t)arguments[2];
	ring.layout = (enum ring_layout)arguments[3];
	ring.mask = (uint32_t)arguments[4] - 1;
	ring.words = (uint32_t)arguments[5];
	ring.batch = arguments[6] ? (uint32_t)arguments[6] : ring_best_batch(ring.mask);
	ring.mode = (enum ring_wait_mode)arguments[7];
	ring.spin = (uint32_t)arguments[8];
	ring.timeout = arguments[9];
	if (!allocate() || pthread_create(&consumer, NULL, side, &ring))
		return 1;
	(void)side(NULL);
	pthread_join(consumer, NULL);
	for (uint32_t run = 0; run < runs; run++) {
		struct ring_result *result = &bench->results[run];
		printf("%llu %llu %llu %llu %u %u\n", (unsigned long long)result->elapsed, (unsigned long long)result->sum,
		       (unsigned long long)result->producer_spins, (unsigned long long)result->consumer_spins, result->head,
		       result->tail);
	}
	return 0;
}
