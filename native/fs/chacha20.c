/* chacha20.c - a straightforward implementation of RFC 8439's block function. */
#include "fs/chacha20.h"

static uint32_t load_le(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void store_le(uint8_t *bytes, uint32_t word)
{
	bytes[0] = (uint8_t)word;
	bytes[1] = (uint8_t)(word >> 8);
	bytes[2] = (uint8_t)(word >> 16);
	bytes[3] = (uint8_t)(word >> 24);
}

void hf__chacha20_init(struct hf_chacha20 *state, const uint8_t key[32], uint32_t counter, const uint8_t nonce[12])
{
	/* "expand 32-byte k" */
	state->constant[0] = 0x61707865;
	state->constant[1] = 0x3320646e;
	state->constant[2] = 0x79622d32;
	state->constant[3] = 0x6b206574;
	for (int i = 0; i < 8; i++)
		state->key[i] = load_le(key + 4 * i);
	state->counter = counter;
	for (int i = 0; i < 3; i++)
		state->nonce[i] = load_le(nonce + 4 * i);
}

static inline uint32_t rotate(uint32_t word, int bits)
{
	return word << bits | word >> (32 - bits);
}

#define QUARTER(a, b, c, d)                                                                              \
	(a += b, d = rotate(d ^ a, 16), c += d, b = rotate(b ^ c, 12), a += b, d = rotate(d ^ a, 8), c += d, \
	 b = rotate(b ^ c, 7))

static void block(const struct hf_chacha20 *state, uint8_t *out)
{
	const uint32_t *k = state->key, *n = state->nonce;
	const uint32_t in[16] = {state->constant[0],
	                         state->constant[1],
	                         state->constant[2],
	                         state->constant[3],
	                         k[0],
	                         k[1],
	                         k[2],
	                         k[3],
	                         k[4],
	                         k[5],
	                         k[6],
	                         k[7],
	                         state->counter,
	                         n[0],
	                         n[1],
	                         n[2]};
	uint32_t x[16];
	for (int i = 0; i < 16; i++)
		x[i] = in[i];
	for (int round = 0; round < 20; round += 2) {
		QUARTER(x[0], x[4], x[8], x[12]);
		QUARTER(x[1], x[5], x[9], x[13]);
		QUARTER(x[2], x[6], x[10], x[14]);
		QUARTER(x[3], x[7], x[11], x[15]);
		QUARTER(x[0], x[5], x[10], x[15]);
		QUARTER(x[1], x[6], x[11], x[12]);
		QUARTER(x[2], x[7], x[8], x[13]);
		QUARTER(x[3], x[4], x[9], x[14]);
	}
	for (int i = 0; i < 16; i++)
		store_le(out + 4 * i, x[i] + in[i]);
}

void hf__chacha20_blocks(struct hf_chacha20 *state, uint8_t *out, size_t count)
{
	for (; count > 0; count--, out += HF_CHACHA20_BLOCK) {
		block(state, out);
		state->counter++;
	}
}
