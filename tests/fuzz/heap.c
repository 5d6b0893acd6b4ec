/* Arbitrary sequences of allocations and frees in the browser's allocator. */
#include "support/heap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	heap_walk(data, size);
	return 0;
}
