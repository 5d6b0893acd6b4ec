/* alloc.c - counted kernel memory over the platform's raw allocator.
 *
 * A header before each block holds its size, and keeps the caller's pointer aligned to 16. For this header and that of the allocator below, sixteen
 * bytes count as bytes in use, because a million blocks of one byte take more than a million bytes. */
#include "platform/alloc.h"

#include <stdalign.h>
#include <string.h>

#define LIVE UINT32_C(0x48461ab1)
#define DEAD UINT32_C(0xdeadb10c)

#define OVERHEAD 16

struct header {
	alignas(OVERHEAD - HF_PLAT_MALLOC_SKEW) size_t size; /* with the overhead */
	uint32_t magic;                                      /* LIVE in a block that is in use */
};

_Static_assert(sizeof(struct header) + HF_PLAT_MALLOC_SKEW == OVERHEAD, "blocks must stay aligned to 16");

static _Atomic size_t bytes_in_use;
static _Atomic size_t blocks_in_use;
static _Atomic size_t limit = SIZE_MAX;
static _Atomic uint32_t successes_left = UINT32_MAX;

/* Uses one of the successes that hf_alloc_fail_after allows. False: this allocation must fail. */
static bool permitted(void)
{
	uint32_t left = atomic_load_explicit(&successes_left, memory_order_relaxed);
	while (left != UINT32_MAX) {
		if (left == 0)
			return false;
		if (atomic_compare_exchange_weak_explicit(&successes_left, &left, left - 1, memory_order_relaxed,
		                                          memory_order_relaxed))
			return true;
	}
	return true;
}

static void uncharge(size_t total)
{
	atomic_fetch_sub_explicit(&bytes_in_use, total, memory_order_relaxed);
}

static bool charge(size_t total)
{
	size_t before = atomic_fetch_add_explicit(&bytes_in_use, total, memory_order_relaxed);
	size_t most = atomic_load_explicit(&limit, memory_order_relaxed);
	if (total <= most && before <= most - total)
		return true;
	uncharge(total);
	return false;
}

static struct header *header_of(void *block)
{
	struct header *header = (struct header *)block - 1;
	HF_ASSERT(header->magic == LIVE);
	return header;
}

void *hf_zone_alloc(enum hf_zone zone, size_t size)
{
	/* Half of the address space is more than any machine has, and below it the counters' sums cannot wrap. */
	if (size > SIZE_MAX / 2 || !permitted())
		return NULL;
	size_t total = size + OVERHEAD;
	if (!charge(total))
		return NULL;
	struct header *header = hf_plat_malloc(zone, size + sizeof *header);
	if (!header) {
		uncharge(total);
		return NULL;
	}
	atomic_fetch_add_explicit(&blocks_in_use, 1, memory_order_relaxed);
	header->size = total;
	header->magic = LIVE;
	return header + 1;
}

void *hf_zone_alloc_zeroed(enum hf_zone zone, size_t size)
{
	void *block = hf_zone_alloc(zone, size);
	if (block)
		memset(block, 0, size);
	return block;
}

void *hf_zone_realloc(enum hf_zone zone, void *block, size_t new_size)
{
	void *moved = hf_zone_alloc(zone, new_size);
	if (moved && block) {
		size_t old_size = header_of(block)->size - OVERHEAD;
		memcpy(moved, block, old_size < new_size ? old_size : new_size);
		hf_free(block);
	}
	return moved;
}

void hf_free(void *block)
{
	if (!block)
		return;
	struct header *header = header_of(block);
	header->magic = DEAD;
	uncharge(header->size);
	atomic_fetch_sub_explicit(&blocks_in_use, 1, memory_order_relaxed);
	hf_plat_free(header);
}

size_t hf_alloc_bytes(void)
{
	return atomic_load_explicit(&bytes_in_use, memory_order_relaxed);
}

size_t hf_alloc_blocks(void)
{
	return atomic_load_explicit(&blocks_in_use, memory_order_relaxed);
}

void hf_alloc_set_limit(size_t bytes)
{
	atomic_store_explicit(&limit, bytes, memory_order_relaxed);
}

void hf_alloc_fail_after(uint32_t successes)
{
	atomic_store_explicit(&successes_left, successes, memory_order_relaxed);
}
