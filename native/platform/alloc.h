/* alloc.h - kernel memory: every byte counted, against one limit. Never blocks for longer than the allocator's lock. */
#ifndef HF_PLATFORM_ALLOC_H
#define HF_PLATFORM_ALLOC_H

#include "platform/platform.h"

#define HF_ALLOC static inline __attribute__((malloc, warn_unused_result))

/* Returns NULL when the limit, the zone's share or the machine's memory is used up. The caller owns the block. */
void *hf_zone_alloc(enum hf_zone zone, size_t size) __attribute__((malloc, warn_unused_result));
void *hf_zone_alloc_zeroed(enum hf_zone zone, size_t size) __attribute__((malloc, warn_unused_result));
/* Moves the contents to a block of the new size; on failure returns NULL, and the old block stays valid. */
void *hf_zone_realloc(enum hf_zone zone, void *block, size_t new_size) __attribute__((warn_unused_result));
/* NULL is allowed. */
void hf_free(void *block);

/* Only for bytes of files, names and nodes, because any guest that may write can use up this memory. */
HF_ALLOC void *hf_file_alloc(size_t size)
{
	return hf_zone_alloc(HF_ZONE_FILES, size);
}

HF_ALLOC void *hf_file_alloc_zeroed(size_t size)
{
	return hf_zone_alloc_zeroed(HF_ZONE_FILES, size);
}

static inline void *hf_file_realloc(void *block, size_t new_size)
{
	return hf_zone_realloc(HF_ZONE_FILES, block, new_size);
}

/* For everything else. */
HF_ALLOC void *hf_alloc(size_t size)
{
	return hf_zone_alloc(HF_ZONE_KERNEL, size);
}

HF_ALLOC void *hf_alloc_zeroed(size_t size)
{
	return hf_zone_alloc_zeroed(HF_ZONE_KERNEL, size);
}

static inline void *hf_realloc(void *block, size_t new_size)
{
	return hf_zone_realloc(HF_ZONE_KERNEL, block, new_size);
}

/* Return the bytes and the blocks in use. */
size_t hf_alloc_bytes(void);
size_t hf_alloc_blocks(void);
/* Sets the most bytes that may be in use; initially SIZE_MAX. */
void hf_alloc_set_limit(size_t bytes);

/* For tests: lets the next `successes` allocations succeed, and all later ones fail, until called with UINT32_MAX. */
void hf_alloc_fail_after(uint32_t successes);

#endif
