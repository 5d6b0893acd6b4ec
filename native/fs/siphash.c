/* siphash.c - SipHash-c-d over one buffer. */
#include "fs/siphash.h"

struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void round_once(struct state *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static inline void rounds(struct state *s, int count)
{
	for (int i = 0; i < count; i++)
		round_once(s);
}

static inline void compress(struct state *s, uint64_t word, int count)
{
	s->v3 ^= word;
	rounds(s, count);
	s->v0 ^= word;
}

/* Reads up to 8 bytes, little endian. */
static inline uint64_t load_le(const uint8_t *bytes, size_t size)
{
	uint64_t word = 0;
	for (size_t i = 0; i < size; i++)
		word |= (uint64_t)bytes[i] << (8 * i);
	return word;
}

static inline uint64_t siphash(const struct hf_siphash_key *key, const void *data, size_t size, int c, int d)
{
	struct state s = {key->k0 ^ 0x736f6d6570736575, key->k1 ^ 0x646f72616e646f6d, key->k0 ^ 0x6c7967656e657261,
	                  key->k1 ^ 0x7465646279746573};
	const uint8_t *bytes = data;
	size_t left = size;
	for (; left >= 8; left -= 8, bytes += 8)
		compress(&s, load_le(bytes, 8), c);
	compress(&s, load_le(bytes, left) | (uint64_t)size << 56, c);
	s.v2 ^= 0xff;
	rounds(&s, d);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t hf__siphash13(const struct hf_siphash_key *key, const void *data, size_t size)
{
	return siphash(key, data, size, 1, 3);
}

uint64_t hf__siphash24(const struct hf_siphash_key *key, const void *data, size_t size)
{
	return siphash(key, data, size, 2, 4);
}
