/* Threads allocate and free blocks of both zones under one lock, as in the browser; finally all spans are returned. */
#include "platform/lock.h"
#include "support/heap.h"

#include <string.h>

#define THREADS 4
#define KEPT 64

static struct budget budget = {.milliseconds = 700};
static struct hf_lock lock = HF_LOCK_INIT(HF_RANK_LEAF);
static struct test_heap *test;

static char *take(enum hf_zone zone, size_t size)
{
	hf_lock(&lock);
	char *block = hf_heap_alloc(&test->heap, zone, size);
	hf_unlock(&lock);
	return block;
}

static void put(char *block)
{
	if (!block)
		return;
	hf_lock(&lock);
	hf_heap_free(&test->heap, block);
	hf_unlock(&lock);
}

static void hammer(void *context, unsigned number)
{
	(void)context;
	char *kept[KEPT] = {NULL};
	size_t sizes[KEPT] = {0};
	uint64_t seed = number + 1;
	while (time_left(&budget)) {
		uint32_t i = random_below(&seed, KEPT);
		for (size_t j = 0; j < sizes[i]; j++)
			CHECK_EQ(kept[i][j], (char)(i + number));
		put(kept[i]);
		sizes[i] = random_below(&seed, i % 8 ? 3000 : 200000);
		kept[i] = take(random_below(&seed, HF_ZONES), sizes[i]);
		if (kept[i])
			memset(kept[i], (int)(i + number), sizes[i]);
		else
			sizes[i] = 0;
	}
	for (int i = 0; i < KEPT; i++)
		put(kept[i]);
}

int main(void)
{
	test = heap_open(16 * MIB);
	in_threads(THREADS, hammer, NULL);
	heap_check(test);
	CHECK_EQ(heap_spans(test, HF_ZONE_KERNEL) + heap_spans(test, HF_ZONE_FILES), 0);
	heap_close(test);
	return done();
}
