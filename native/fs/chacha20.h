/* chacha20.h - the stream cipher ChaCha20 (RFC 8439), the core of the random generator. Pure functions: any thread, nothing blocks. */
#ifndef HF_FS_CHACHA20_H
#define HF_FS_CHACHA20_H

#include <stddef.h>
#include <stdint.h>

#define HF_CHACHA20_BLOCK 64

/* The input of the block function, in the order of RFC 8439, section 2.3. */
struct hf_chacha20 {
	uint32_t constant[4];
	uint32_t key[8];
	uint32_t counter;
	uint32_t nonce[3];
};

/* Sets the key and the nonce from bytes, in the RFC's little-endian order. */
void hf__chacha20_init(struct hf_chacha20 *state, const uint8_t key[32], uint32_t counter, const uint8_t nonce[12]);
/* Writes `count` blocks of the key stream and advances the counter by `count`. */
void hf__chacha20_blocks(struct hf_chacha20 *state, uint8_t *out, size_t count);

#endif
