/* heap.c - blocks with boundary tags, in runs of spans.
 *
 * A run is a sequence of adjacent spans of one zone: blocks without gaps, from the first byte of its first span to a header at the end of its last
 * span, which represents no block. When a zone takes a span next to one that it has, the runs merge, so a block may be as large as all adjacent
 * spans. */
#include "platform/heap.h"

#define UNIT 16
#define UNIT_BITS 4
#define COLUMN_BITS 4
#define TAG 8 /* the part of a header that a block in use needs */
#define END ((uint32_t)UNIT)
/* How many free blocks in the request's class are tried, because each may be too small; any block in a higher class fits. */
#define LOOKS 8

#define BLOCK_MIN ((uint32_t)((sizeof(struct hf_heap_block) + UNIT - 1) & ~(size_t)(UNIT - 1)))

_Static_assert(offsetof(struct hf_heap_block, next) == TAG && TAG == HF_HEAP_SKEW, "a block begins behind its tag");

static uint32_t size_of(const struct hf_heap_block *block)
{
	return block->size & ~(uint32_t)HF_HEAP_FLAGS;
}

/* Returns the address at this offset from `start`, which may be negative. Uses integers, because a heap, unlike a C object, may be larger than half
 * of the address space. */
static struct hf_heap_block *at(void *start, uintptr_t offset)
{
	return (struct hf_heap_block *)((uintptr_t)start + offset);
}

static uint32_t offset_of(const struct hf_heap *heap, const void *address)
{
	return (uint32_t)((uintptr_t)address - (uintptr_t)heap->base);
}

/* ---- free blocks, by class ---- */

/* Below 256 bytes a class is one size, above that a sixteenth of a power of two. */
static uint32_t class_of(uint32_t size)
{
	uint32_t units = size >> UNIT_BITS;
	if (units < HF_HEAP_COLUMNS)
		return units;
	uint32_t top = 31 - (uint32_t)__builtin_clz(units);
	return (top - COLUMN_BITS + 1) * HF_HEAP_COLUMNS + ((units >> (top - COLUMN_BITS)) & (HF_HEAP_COLUMNS - 1));
}

/* Returns the first free block of the lowest non-empty class from this one on. */
static struct hf_heap_block *first_from(const struct hf_heap_zone *zone, uint32_t class)
{
	uint32_t row = class / HF_HEAP_COLUMNS;
	uint32_t columns = zone->columns[row] & ~UINT32_C(0) << class % HF_HEAP_COLUMNS;
	if (!columns) {
		uint32_t rows = zone->rows & ~UINT32_C(1) << row;
		if (!rows)
			return NULL;
		row = (uint32_t)__builtin_ctz(rows);
		columns = zone->columns[row];
	}
	return zone->free[row * HF_HEAP_COLUMNS + (uint32_t)__builtin_ctz(columns)];
}

static struct hf_heap_block *find(const struct hf_heap_zone *zone, uint32_t need)
{
	uint32_t class = class_of(need), looks = LOOKS;
	for (struct hf_heap_block *block = zone->free[class]; block && looks > 0; block = block->next, looks--) {
		if (size_of(block) >= need)
			return block;
	}
	return first_from(zone, class + 1);
}

static void list(struct hf_heap_zone *zone, struct hf_heap_block *block, uint32_t size)
{
	uint32_t class = class_of(size), row = class / HF_HEAP_COLUMNS;
	struct hf_heap_block *next = zone->free[class];
	block->size = size | HF_HEAP_FREE;
	block->next = next;
	block->previous = NULL;
	if (next)
		next->previous = block;
	zone->free[class] = block;
	zone->columns[row] |= (uint16_t)(1u << class % HF_HEAP_COLUMNS);
	zone->rows |= UINT32_C(1) << row;
}

static void unlist(struct hf_heap_zone *zone, struct hf_heap_block *block)
{
	uint32_t class = class_of(size_of(block)), row = class / HF_HEAP_COLUMNS;
	if (block->next)
		block->next->previous = block->previous;
	if (block->previous) {
		block->previous->next = block->next;
		return;
	}
	zone->free[class] = block->next;
	if (block->next)
		return;
	zone->columns[row] &= (uint16_t) ~(1u << class % HF_HEAP_COLUMNS);
	if (!zone->columns[row])
		zone->rows &= ~(UINT32_C(1) << row);
}

/* ---- spans ---- */

static void own(struct hf_heap *heap, uint32_t first, uint32_t count, uint8_t owner)
{
	for (uint32_t i = first; i < first + count; i++)
		heap->owners[i] = owner;
}

/* The header that marks the end of a run. */
static void put_end(struct hf_heap_block *end, uint32_t before)
{
	end->size = END | HF_HEAP_LAST;
	end->before = before;
}

/* Gives back the spans that lie wholly within a free block, which is in no list; puts the rest of it into the lists. */
static void give_back(struct hf_heap *heap, struct hf_heap_zone *zone, struct hf_heap_block *block, uint32_t size)
{
	const uint32_t bits = heap->span_bits;
	struct hf_heap_block *after = at(block, size);
	bool last = after->size & HF_HEAP_LAST;
	uint64_t start = offset_of(heap, block), end = start + size + (last ? END : 0);
	uint64_t mask = (UINT64_C(1) << bits) - 1, from = (start + mask) & ~mask, to = end & ~mask;
	uint32_t left, right;
	/* The part before the spans ends with a header, whether or not a free block precedes it. */
	while ((left = (uint32_t)(from - start)) < END + BLOCK_MIN && left != END && block->before)
		from += mask + 1;
	while ((right = (uint32_t)(end - to)) < BLOCK_MIN && right != 0)
		to -= mask + 1;
	if (from >= to) {
		list(zone, block, size);
		after->before = size;
		return;
	}
	if (!last) {
		after->before = right;
		if (right) {
			struct hf_heap_block *rest = at(heap->base, (uintptr_t)to);
			rest->before = 0;
			list(zone, rest, right);
		}
	}
	if (left > END) {
		list(zone, block, left - END);
		put_end(at(block, left - END), left - END);
	} else if (left) {
		put_end(block, block->before);
	}
	own(heap, (uint32_t)(from >> bits), (uint32_t)((to - from) >> bits), 0);
	zone->spans -= (uint32_t)((to - from) >> bits);
}

/* Frees a block, and merges it with its free neighbors. */
static void release(struct hf_heap *heap, struct hf_heap_zone *zone, struct hf_heap_block *block, bool keep)
{
	uint32_t size = size_of(block);
	struct hf_heap_block *after = at(block, size), *before = at(block, -(uintptr_t)block->before);
	if (block->before && before->size & HF_HEAP_FREE) {
		unlist(zone, before);
		size += size_of(before);
		block = before;
	}
	if (after->size & HF_HEAP_FREE) {
		unlist(zone, after);
		size += size_of(after);
	}
	if (!keep && (size + END) >> heap->span_bits) {
		give_back(heap, zone, block, size);
		return;
	}
	list(zone, block, size);
	at(block, size)->before = size;
}

/* Returns the first of this many adjacent unassigned spans; `spans` if there are none. */
static uint32_t find_spans(const struct hf_heap *heap, uint32_t count)
{
	uint32_t free = 0;
	for (uint32_t i = 0; i < heap->spans; i++) {
		free = heap->owners[i] ? 0 : free + 1;
		if (free == count)
			return i + 1 - count;
	}
	return heap->spans;
}

/* Takes spans for a block of this size. */
static bool take_spans(struct hf_heap *heap, struct hf_heap_zone *zone, uint32_t need)
{
	const uint32_t bits = heap->span_bits;
	const uint8_t me = (uint8_t)(1 + (zone - heap->zones));
	uint32_t count = (uint32_t)((need + (uint64_t)END - 1) >> bits) + 1;
	if (count > zone->spans_max - zone->spans)
		return false;
	uint32_t first = find_spans(heap, count), next = first + count;
	if (first == heap->spans)
		return false;
	if (next > heap->reached) {
		if (!heap->reach(heap, (uint64_t)next << bits))
			return false;
		heap->reached = next;
	}
	own(heap, first, count, me);
	zone->spans += count;
	struct hf_heap_block *block = at(heap->base, (uintptr_t)first << bits);
	struct hf_heap_block *after = at(heap->base, (uintptr_t)next << bits);
	if (first > 0 && heap->owners[first - 1] == me)
		block = at(block, -(uintptr_t)END); /* the end of the previous run, which continues here */
	else
		block->before = 0;
	bool joined = next < heap->spans && heap->owners[next] == me;
	if (!joined)
		after = at(after, -(uintptr_t)END);
	block->size = offset_of(heap, after) - offset_of(heap, block);
	if (joined)
		after->before = block->size;
	else
		put_end(after, block->size);
	release(heap, zone, block, true);
	return true;
}

/* ---- */

void hf_heap_init(struct hf_heap *heap, void *base, uint64_t size, bool (*reach)(struct hf_heap *heap, uint64_t size))
{
	heap->base = base;
	/* A span has room for the largest block that a process allocates (4,096 subscriptions of a poll); if memory is small, there are more and smaller
	 * spans. */
	heap->span_bits = size < UINT64_C(64) << 20 ? 18 : 20;
	heap->spans = (uint32_t)(size >> heap->span_bits);
	heap->reach = reach;
	heap->zones[HF_ZONE_KERNEL].spans_max = heap->spans;
	heap->zones[HF_ZONE_FILES].spans_max = heap->spans / 4 * 3;
}

void *hf_heap_alloc(struct hf_heap *heap, enum hf_zone which, size_t size)
{
	struct hf_heap_zone *zone = &heap->zones[which];
	if (size >> heap->span_bits >= heap->spans)
		return NULL;
	uint32_t need = (uint32_t)((size + TAG + UNIT - 1) & ~(size_t)(UNIT - 1));
	if (need < BLOCK_MIN)
		need = BLOCK_MIN;
	struct hf_heap_block *block = find(zone, need);
	if (!block) {
		if (!take_spans(heap, zone, need))
			return NULL;
		block = find(zone, need);
		HF_ASSERT(block);
	}
	unlist(zone, block);
	uint32_t rest = size_of(block) - need;
	if (rest >= BLOCK_MIN) {
		struct hf_heap_block *behind = at(block, need);
		behind->before = need;
		list(zone, behind, rest);
		at(behind, rest)->before = rest;
	} else {
		need += rest;
	}
	block->size = need;
	return (char *)block + TAG;
}

void hf_heap_free(struct hf_heap *heap, void *address)
{
	struct hf_heap_block *block = at(address, -(uintptr_t)TAG);
	uint8_t owner = heap->owners[offset_of(heap, block) >> heap->span_bits];
	HF_ASSERT(owner && !(block->size & HF_HEAP_FLAGS));
	release(heap, &heap->zones[owner - 1], block, false);
}
