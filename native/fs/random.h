/* random.h - random bytes: a ChaCha20 generator with fast key erasure, seeded and rekeyed from the platform's entropy.
 */
#ifndef HF_FS_RANDOM_H
#define HF_FS_RANDOM_H

#include "platform/uio.h"

/* Cryptographically strong bytes. Any thread; never blocks beyond a lock. One generator a thread would be faster still,
 * but this one has to be under 100 ns for 16 bytes in wasm: keep a buffer of output and hand it out (erasing what was
 * handed out). */
void hf_random(void *buffer, size_t size);

#endif
