/* random.h - random bytes: a ChaCha20 generator with fast key erasure, seeded and rekeyed from the platform's entropy.
 */
#ifndef HF_FS_RANDOM_H
#define HF_FS_RANDOM_H

#include "platform/uio.h"

/* Fills the buffer with cryptographically strong bytes. Any thread; blocks only for a lock. One generator per thread would be faster still, but one
 * that buffers its output meets the goal, under 100 ns for 16 bytes in wasm. */
void hf_random(void *buffer, size_t size);

#endif
