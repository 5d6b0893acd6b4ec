/* However files fill and fragment their zone, they take at most three quarters of the spans: the last quarter is left for processes, in blocks of
 * any size up to a span. */
#include "support/heap.h"

#include <stdlib.h>

#define SPANS 64
#define MOST 20000

static char *files[MOST], *larger[MOST];

static int fill(struct test_heap *test, char **blocks, size_t size)
{
	int count = 0;
	while (count < MOST && (blocks[count] = hf_heap_alloc(&test->heap, HF_ZONE_FILES, size)))
		count++;
	return count;
}

/* As many small files as fit; each second one goes; then larger ones, for which no hole is large enough. */
static void fragment(struct test_heap *test)
{
	int small = fill(test, files, 3008), large;
	CHECK(small < MOST && heap_spans(test, HF_ZONE_FILES) == SPANS / 4 * 3);
	for (int i = 0; i < small; i += 2) {
		hf_heap_free(&test->heap, files[i]);
		files[i] = NULL;
	}
	large = fill(test, larger, 6016);
	CHECK(large < small / 100);
	CHECK_EQ(heap_spans(test, HF_ZONE_FILES), SPANS / 4 * 3);
}

static void empty(struct test_heap *test, char **blocks)
{
	for (int i = 0; i < MOST; i++) {
		if (blocks[i])
			hf_heap_free(&test->heap, blocks[i]);
		blocks[i] = NULL;
	}
}

/* This many blocks fit into a quarter of the spans, and all of them can be allocated. */
static void check_room(struct test_heap *test, size_t size, int at_least)
{
	void *first = NULL;
	int count = 0;
	for (void **block; (block = hf_heap_alloc(&test->heap, HF_ZONE_KERNEL, size)); count++, first = block)
		*block = first;
	CHECK(count >= at_least);
	heap_check(test);
	while (first) {
		void *next = *(void **)first;
		hf_heap_free(&test->heap, first);
		first = next;
	}
	CHECK_EQ(heap_spans(test, HF_ZONE_KERNEL), 0);
}

int main(void)
{
	struct test_heap *test = heap_open(SPANS * (uint64_t)SPAN);
	for (int cycle = 0; cycle < 3; cycle++) {
		fragment(test);
		heap_check(test);
		check_room(test, 65536 + 8, SPANS / 4 * 15);
		check_room(test, 400 * KIB, SPANS / 4 * 2);
		check_room(test, SPAN - 24, SPANS / 4);
		empty(test, larger);
		empty(test, files);
		CHECK_EQ(heap_spans(test, HF_ZONE_FILES), 0);
	}
	heap_close(test);
	return done();
}
