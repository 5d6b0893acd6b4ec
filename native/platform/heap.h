/* heap.h - the allocator under alloc.c in the browser: two zones of blocks over one memory that only grows.
 *
 * Memory is cut into spans, each of which belongs to one zone or to none. A zone takes spans when none of its free blocks fits, and gives back those
 * that are wholly free; blocks never cross from one zone's spans into the other's. So what happens in one zone, fragmentation included, costs the
 * other only spans, and the zone of files gets at most its share of those. Within a zone it is a two-level segregated fit (TLSF): allocating and
 * freeing take a number of steps that does not depend on how many blocks there are; taking a span needs a look at each span's owner.
 *
 * The caller holds a lock. Nothing here blocks, except to grow the memory. */
#ifndef HF_PLATFORM_HEAP_H
#define HF_PLATFORM_HEAP_H

#include "platform/platform.h"

#define HF_HEAP_SPANS_MAX 4096
#define HF_HEAP_ROWS 25 /* one for blocks under 256 bytes, one for each power of two from there to 4 GiB */
#define HF_HEAP_COLUMNS 16

/* Where a block begins, modulo 16. */
#define HF_HEAP_SKEW 8

/* In the lowest bits of a block's size: it is free; it is not a block, but the end of a run of spans. */
enum { HF_HEAP_FREE = 1, HF_HEAP_LAST = 2, HF_HEAP_FLAGS = 15 };

/* The header before each block, and the contents of a free one. */
struct hf_heap_block {
	uint32_t size;   /* with the header: a multiple of 16; and flags */
	uint32_t before; /* size of the block right before it; 0: it is the first of its run */
	/* Of a free block: its neighbors in the list of its class. */
	struct hf_heap_block *next, *previous;
};

/* Free blocks by the class of their size, with bitmaps of the classes that have any. */
struct hf_heap_zone {
	uint32_t spans, spans_max; /* held; at most */
	uint32_t rows;
	uint16_t columns[HF_HEAP_ROWS + 1]; /* the last one has none */
	struct hf_heap_block *free[HF_HEAP_ROWS * HF_HEAP_COLUMNS];
};

struct hf_heap {
	char *base;
	uint32_t span_bits; /* a span has 1 << span_bits bytes */
	uint32_t spans;     /* how many there may be */
	uint32_t reached;   /* how many of them have memory */
	/* Makes sure that this many bytes from the base on have memory. */
	bool (*reach)(struct hf_heap *heap, uint64_t size);
	struct hf_heap_zone zones[HF_ZONES];
	uint8_t owners[HF_HEAP_SPANS_MAX]; /* 0: none, else 1 + enum hf_zone */
};

/* All else must be zero. `base` is aligned to 16; `size` bytes exist, or can be reached, at most 4 GiB - 1. */
void hf_heap_init(struct hf_heap *heap, void *base, uint64_t size, bool (*reach)(struct hf_heap *heap, uint64_t size));
/* Its address is HF_HEAP_SKEW modulo 16. NULL: no memory is available, or the zone has reached its share. */
void *hf_heap_alloc(struct hf_heap *heap, enum hf_zone zone, size_t size);
void hf_heap_free(struct hf_heap *heap, void *block);

#endif
