/* alloc.h - kernel memory: every byte counted, against one limit. Never blocks for longer than the allocator's lock. */
#ifndef HF_PLATFORM_ALLOC_H
#define HF_PLATFORM_ALLOC_H

#include "platform/platform.h"

/* NULL when the limit or the machine's memory is reached. The caller owns the block. */
void *hf_alloc(size_t size) __attribute__((malloc, warn_unused_result));
void *hf_alloc_zeroed(size_t size) __attribute__((malloc, warn_unused_result));
/* Moves the block to one of the new size; on failure returns NULL and the old block stays. */
void *hf_realloc(void *block, size_t new_size) __attribute__((warn_unused_result));
/* NULL is fine. */
void hf_free(void *block);

/* Bytes and blocks in use. */
size_t hf_alloc_bytes(void);
size_t hf_alloc_blocks(void);
/* The most bytes that may be in use; SIZE_MAX at the start. */
void hf_alloc_set_limit(size_t bytes);

/* Tests: let the next `successes` allocations succeed, and fail every one after, until called with UINT32_MAX. */
void hf_alloc_fail_after(uint32_t successes);

#endif
