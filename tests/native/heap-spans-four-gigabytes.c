/* Sizes and offsets beyond 2 GiB work like others; more than the heap's size is refused. */
#include "support/heap.h"

#define SIZE (4 * GIB - 1)

int main(void)
{
	struct test_heap *test = heap_open(SIZE);
	struct hf_heap *heap = &test->heap;
	char *large = hf_heap_alloc(heap, HF_ZONE_KERNEL, 5 * GIB / 2);
	CHECK(large);
	large[5 * GIB / 2 - 1] = 'x';
	char *small = hf_heap_alloc(heap, HF_ZONE_KERNEL, 100), *file = hf_heap_alloc(heap, HF_ZONE_FILES, 1);
	CHECK((uint64_t)(small - heap->base) > 5 * GIB / 2 && (uint64_t)(file - heap->base) > 5 * GIB / 2);
	CHECK(!hf_heap_alloc(heap, HF_ZONE_FILES, 5 * GIB / 2));
	heap_check(test);
	hf_heap_free(heap, large);
	heap_check(test);
	CHECK(heap_spans(test, HF_ZONE_KERNEL) <= 2);
	/* Right up to the end. */
	int count = 0;
	while (hf_heap_alloc(heap, HF_ZONE_KERNEL, SPAN - 24))
		count++;
	CHECK(count >= HF_HEAP_SPANS_MAX - 4);
	for (uint64_t size = 4 * GIB - 64 * MIB; size < 5 * GIB; size += 16 * MIB)
		CHECK(!hf_heap_alloc(heap, HF_ZONE_FILES, size));
	for (size_t size = SIZE_MAX; size > SIZE_MAX - 64; size--)
		CHECK(!hf_heap_alloc(heap, HF_ZONE_KERNEL, size));
	heap_check(test);
	heap_close(test);
	return done();
}
