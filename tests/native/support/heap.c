#define _GNU_SOURCE
#include "support/heap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static bool reach(struct hf_heap *heap, uint64_t size)
{
	CHECK(size <= ((struct test_heap *)heap)->size);
	return mprotect(heap->base, size, PROT_READ | PROT_WRITE) == 0;
}

struct test_heap *heap_open(uint64_t size)
{
	struct test_heap *test = calloc(1, sizeof *test);
	CHECK(test);
	void *memory = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(memory != MAP_FAILED);
	test->size = size;
	hf_heap_init(&test->heap, memory, size, reach);
	return test;
}

void heap_close(struct test_heap *test)
{
	CHECK(munmap(test->heap.base, test->size) == 0);
	free(test);
}

uint32_t heap_spans(const struct test_heap *test, enum hf_zone zone)
{
	return test->heap.zones[zone].spans;
}

static struct hf_heap_block *block_at(struct hf_heap *heap, uint64_t offset)
{
	return (struct hf_heap_block *)(void *)(heap->base + offset);
}

/* Returns the sum of the free bytes from the run's first span to its last. */
static uint32_t check_run(struct hf_heap *heap, uint32_t first, uint64_t *free_bytes, uint32_t *free_blocks)
{
	uint32_t end = first, before = 0;
	bool free = false;
	while (end < heap->spans && heap->owners[end] == heap->owners[first])
		end++;
	uint64_t at = (uint64_t)first << heap->span_bits, last = ((uint64_t)end << heap->span_bits) - 16;
	while (at < last) {
		struct hf_heap_block *block = block_at(heap, at);
		uint32_t size = block->size & ~(uint32_t)HF_HEAP_FLAGS;
		CHECK_EQ(block->before, before);
		CHECK(size >= 16 && size % 16 == 0 && !(block->size & HF_HEAP_LAST));
		if (block->size & HF_HEAP_FREE) {
			CHECK(!free);
			*free_bytes += size;
			++*free_blocks;
		}
		free = block->size & HF_HEAP_FREE;
		before = size;
		at += size;
	}
	CHECK_EQ(at, last);
	CHECK_EQ(block_at(heap, last)->size, 16 | HF_HEAP_LAST);
	CHECK_EQ(block_at(heap, last)->before, before);
	return end;
}

static void check_lists(struct hf_heap_zone *zone, uint64_t free_bytes, uint32_t free_blocks)
{
	for (uint32_t class = 0; class < HF_HEAP_ROWS * HF_HEAP_COLUMNS; class ++) {
		uint32_t row = class / HF_HEAP_COLUMNS, column = class % HF_HEAP_COLUMNS;
		CHECK_EQ(zone->columns[row] >> column & 1, zone->free[class] != NULL);
		CHECK_EQ(zone->rows >> row & 1, zone->columns[row] != 0);
		struct hf_heap_block *previous = NULL;
		for (struct hf_heap_block *block = zone->free[class]; block; previous = block, block = block->next) {
			CHECK(block->previous == previous && block->size & HF_HEAP_FREE);
			free_bytes -= block->size & ~(uint32_t)HF_HEAP_FLAGS;
			free_blocks--;
		}
	}
	CHECK_EQ(free_bytes, 0);
	CHECK_EQ(free_blocks, 0);
}

void heap_check(struct test_heap *test)
{
	struct hf_heap *heap = &test->heap;
	uint64_t free_bytes[HF_ZONES] = {0};
	uint32_t free_blocks[HF_ZONES] = {0}, spans[HF_ZONES] = {0};
	for (uint32_t i = 0; i < heap->spans;) {
		int zone = heap->owners[i] - 1;
		uint32_t end = zone < 0 ? i + 1 : check_run(heap, i, &free_bytes[zone], &free_blocks[zone]);
		if (zone >= 0)
			spans[zone] += end - i;
		i = end;
	}
	for (int zone = 0; zone < HF_ZONES; zone++) {
		CHECK_EQ(heap->zones[zone].spans, spans[zone]);
		CHECK(spans[zone] <= heap->zones[zone].spans_max);
		check_lists(&heap->zones[zone], free_bytes[zone], free_blocks[zone]);
	}
}

#define BLOCKS 256

struct block {
	char *bytes;
	size_t size;
	char fill;
};

static void check_filled(const struct block *block)
{
	for (size_t i = 0; i < block->size; i += i < 64 ? 1 : 61)
		CHECK_EQ(block->bytes[i], block->fill);
	if (block->size)
		CHECK_EQ(block->bytes[block->size - 1], block->fill);
}

/* Mostly small, in steps of 64 bytes up to 64 KiB; chunks; sometimes more than a span. */
static size_t size_for(uint8_t a, uint8_t b)
{
	switch (a % 8) {
	case 0:
	case 1:
		return b;
	case 2:
	case 3:
		return (size_t)b * 16;
	case 4:
	case 5:
		return (size_t)b * 256;
	case 6:
		return 65536 + 8 * (b % 2u);
	default:
		return (size_t)b * 16000;
	}
}

void heap_walk(const uint8_t *steps, size_t count)
{
	/* Small, so that each zone fills up often. */
	struct test_heap *test = heap_open(24 * MIB);
	struct block blocks[BLOCKS] = {{NULL, 0, 0}};
	for (size_t i = 0; i + 3 <= count; i += 3) {
		struct block *block = &blocks[steps[i]];
		if (block->bytes) {
			check_filled(block);
			hf_heap_free(&test->heap, block->bytes);
			block->bytes = NULL;
		} else {
			block->size = size_for(steps[i + 1], steps[i + 2]);
			block->bytes =
				hf_heap_alloc(&test->heap, steps[i + 1] & 0x80 ? HF_ZONE_FILES : HF_ZONE_KERNEL, block->size);
			block->fill = (char)i;
			if (block->bytes) {
				CHECK_EQ((uintptr_t)block->bytes % 16, HF_HEAP_SKEW);
				memset(block->bytes, block->fill, block->size);
			}
		}
		heap_check(test);
	}
	for (int i = 0; i < BLOCKS; i++) {
		if (!blocks[i].bytes)
			continue;
		check_filled(&blocks[i]);
		hf_heap_free(&test->heap, blocks[i].bytes);
	}
	heap_check(test);
	CHECK_EQ(heap_spans(test, HF_ZONE_KERNEL) + heap_spans(test, HF_ZONE_FILES), 0);
	heap_close(test);
}
