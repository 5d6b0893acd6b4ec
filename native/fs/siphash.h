/* siphash.h - SipHash (Aumasson and Bernstein, 2012), a keyed hash: without the key an attacker cannot choose names
 * that collide. Pure functions: any thread, nothing blocks. */
#ifndef HF_FS_SIPHASH_H
#define HF_FS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct hf_siphash_key {
	uint64_t k0, k1;
};

/* SipHash-1-3, for hash tables. */
uint64_t hf__siphash13(const struct hf_siphash_key *key, const void *data, size_t size);
/* SipHash-2-4, for which there are published test vectors: its test covers the common code. */
uint64_t hf__siphash24(const struct hf_siphash_key *key, const void *data, size_t size);

#endif
