/* heap.h - the allocator under alloc.c in the browser: two zones of blocks over one memory that only grows.
 *
 * Memory is divided into spans, each of which belongs to one zone or to none. A zone takes spans when none of its free blocks fits, and gives back
 * those that are wholly free; no block spans both zones. So allocations in one zone, and their fragmentation, cost the other only spans, and the zone
 * of files gets at most its share of those. Within a zone the algorithm is two-level segregated fit (TLSF): allocating and freeing take a number of
 * steps that does not depend on the number of blocks; taking a span looks at each span's owner.
 *
 * The caller holds a lock. Nothing here blocks, except when the memory grows. */
#ifndef HF_PLATFORM_HEAP_H
#define HF_PLATFORM_HEAP_H

#include "platform/platform.h"

#define HF_HEAP_SPANS_MAX 4096
#define HF_HEAP_ROWS 25 /* one for blocks under 256 bytes, one for each power of two from there to 4 GiB */
#define HF_HEAP_COLUMNS 16

/* The address of a block, modulo 16. */
#define HF_HEAP_SKEW 8

/* Flags in the lowest bits of a block's size: the block is free; the header is not a block, but the end of a run of spans. */
enum { HF_HEAP_FREE = 1, HF_HEAP_LAST = 2, HF_HEAP_FLAGS = 15 };

/* The header before each block, and the contents of a free one. */
struct hf_heap_block {
	uint32_t size;   /* size with the header, a multiple of 16, and the flags */
	uint32_t before; /* size of the previous block; 0: this is the first of its run */
	/* In a free block: its neighbors in the list of its class. */
	struct hf_heap_block *next, *previous;
};

/* Free blocks by size class, with bitmaps of the nonempty classes. */
struct hf_heap_zone {
	uint32_t spans, spans_max; /* spans that it has, and may have */
	uint32_t rows;
	uint16_t columns[HF_HEAP_ROWS + 1]; /* none for the last span */
	struct hf_heap_block *free[HF_HEAP_ROWS * HF_HEAP_COLUMNS];
};

struct hf_heap {
	char *base;
	uint32_t span_bits; /* a span has 1 << span_bits bytes */
	uint32_t spans;     /* the maximum number of spans */
	uint32_t reached;   /* the number of spans that have memory */
	/* Ensures that this many bytes from the base on have memory. */
	bool (*reach)(struct hf_heap *heap, uint64_t size);
	struct hf_heap_zone zones[HF_ZONES];
	uint8_t owners[HF_HEAP_SPANS_MAX]; /* 0: none, else 1 + enum hf_zone */
};

/* Everything else must be zero. `base` is aligned to 16; `size` bytes exist, or can be added, at most 4 GiB - 1. */
void hf_heap_init(struct hf_heap *heap, void *base, uint64_t size, bool (*reach)(struct hf_heap *heap, uint64_t size));
/* The block's address is HF_HEAP_SKEW modulo 16. NULL: no memory is available, or the zone has reached its share. */
void *hf_heap_alloc(struct hf_heap *heap, enum hf_zone zone, size_t size);
void hf_heap_free(struct hf_heap *heap, void *block);

#endif
