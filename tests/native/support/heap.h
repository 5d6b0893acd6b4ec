/* heap.h - the browser's allocator (native/platform/heap.h) over memory of the OS; only the part that the heap has grown to may be touched. */
#ifndef HF_TEST_HEAP_H
#define HF_TEST_HEAP_H

#include "platform/heap.h"
#include "support/check.h"

#define SPAN (1u << 20)
#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

struct test_heap {
	struct hf_heap heap; /* the first member */
	uint64_t size;
};

/* Creates a heap of that many bytes. Only the parts that are touched use real memory. */
struct test_heap *heap_open(uint64_t size);
void heap_close(struct test_heap *test);
/* Walks over all blocks and lists: each byte of a zone's spans belongs to a block, no two free blocks are neighbors, and each free block is listed once. */
void heap_check(struct test_heap *test);
uint32_t heap_spans(const struct test_heap *test, enum hf_zone zone);

/* Interprets the bytes as operations: allocates blocks in both zones, fills and frees them. Each block must keep its contents. */
void heap_walk(const uint8_t *steps, size_t count);

#endif
