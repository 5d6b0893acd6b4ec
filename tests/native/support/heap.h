/* heap.h - the browser's allocator (native/platform/heap.h) over memory of the OS, of which only the part that the heap has reached may be
 * touched. */
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

/* A heap of that many bytes. It uses memory only where it is touched. */
struct test_heap *heap_open(uint64_t size);
void heap_close(struct test_heap *test);
/* Walks over all blocks and lists: each byte of a zone's spans is a block's, no two free blocks are neighbors, and what is free is listed once. */
void heap_check(struct test_heap *test);
uint32_t heap_spans(const struct test_heap *test, enum hf_zone zone);

/* Does what the bytes say: allocates blocks in both zones, fills and frees them. Each must keep its contents. */
void heap_walk(const uint8_t *steps, size_t count);

#endif
