/* random.c - one generator for the whole kernel.
 *
 * Fast key erasure (D. J. Bernstein, 2017): a refill runs ChaCha20 under the current key; the first 32 bytes become the next key and callers get the
 * rest, which is erased as it is handed out. So nothing in memory reveals earlier output. For a large request, a separate key is taken from the
 * buffer, and its bytes are generated without the lock. */
#include "fs/random.h"

#include "fs/chacha20.h"

#include <string.h>

#define KEY 32
#define BLOCKS 16 /* a refill costs about 2 us in wasm, for sixty requests of 16 bytes */
#define BUFFER (BLOCKS * HF_CHACHA20_BLOCK)
#define LARGE (BUFFER / 2)         /* larger requests get a separate stream */
#define RESEED (UINT32_C(4) << 20) /* bytes generated from one seed */

static struct {
	struct hf_lock lock;
	/* Under lock. */
	uint8_t key[KEY];
	uint8_t buffer[BUFFER];
	size_t left;    /* unused bytes at the end of the buffer */
	size_t allowed; /* bytes until a new seed is due; 0 at the start */
} generator = {.lock = HF_LOCK_INIT(HF_RANK_LEAF)};

/* Volatile, because otherwise the compiler drops the clearing of memory that is not read again. */
static void *(*const volatile wipe)(void *, int, size_t) = memset;

static void mix_seed_locked(const uint8_t seed[KEY]) HF_REQUIRES(generator.lock)
{
	HF_ASSERT(hf_lock_is_held(&generator.lock));
	for (int i = 0; i < KEY; i++)
		generator.key[i] ^= seed[i];
	generator.left = 0;
	generator.allowed = RESEED;
}

static void refill_locked(void) HF_REQUIRES(generator.lock)
{
	HF_ASSERT(hf_lock_is_held(&generator.lock));
	static const uint8_t nonce[12];
	struct hf_chacha20 state;
	hf__chacha20_init(&state, generator.key, 0, nonce);
	hf__chacha20_blocks(&state, generator.buffer, BLOCKS);
	memcpy(generator.key, generator.buffer, KEY);
	wipe(generator.buffer, 0, KEY);
	wipe(&state, 0, sizeof state);
	generator.left = BUFFER - KEY;
}

static void take_locked(uint8_t *out, size_t size) HF_REQUIRES(generator.lock)
{
	HF_ASSERT(hf_lock_is_held(&generator.lock));
	while (size > 0) {
		if (generator.left == 0)
			refill_locked();
		size_t n = size < generator.left ? size : generator.left;
		uint8_t *from = generator.buffer + BUFFER - generator.left;
		memcpy(out, from, n);
		memset(from, 0, n);
		generator.left -= n;
		out += n;
		size -= n;
	}
}

/* Takes bytes from the buffer. `counted`: how many bytes the caller generates from them, which count toward the next reseed. */
static void take(uint8_t *out, size_t size, size_t counted)
{
	hf_lock_near(&generator.lock);
	while (generator.allowed == 0) {
		/* Reading the machine's entropy is a call out of the kernel, so it is made without the lock; it does no harm if two threads both do so. */
		uint8_t seed[KEY];
		hf_unlock_near(&generator.lock);
		hf_plat_entropy(seed, sizeof seed);
		hf_lock_near(&generator.lock);
		mix_seed_locked(seed);
		wipe(seed, 0, sizeof seed);
	}
	take_locked(out, size);
	generator.allowed -= counted < generator.allowed ? counted : generator.allowed;
	hf_unlock_near(&generator.lock);
}

/* Generates at most RESEED bytes with a key that nothing else uses. */
static void stream(uint8_t *out, size_t size)
{
	static const uint8_t nonce[12];
	uint8_t key[KEY], last[HF_CHACHA20_BLOCK];
	struct hf_chacha20 state;
	take(key, sizeof key, size);
	hf__chacha20_init(&state, key, 0, nonce);
	size_t whole = size / HF_CHACHA20_BLOCK, rest = size % HF_CHACHA20_BLOCK;
	hf__chacha20_blocks(&state, out, whole);
	if (rest > 0) {
		hf__chacha20_blocks(&state, last, 1);
		memcpy(out + whole * HF_CHACHA20_BLOCK, last, rest);
		wipe(last, 0, sizeof last);
	}
	wipe(key, 0, sizeof key);
	wipe(&state, 0, sizeof state);
}

void hf_random(void *buffer, size_t size)
{
	uint8_t *out = buffer;
	if (size < LARGE) {
		take(out, size, size);
		return;
	}
	while (size > 0) {
		size_t n = size < RESEED ? size : RESEED;
		stream(out, n);
		out += n;
		size -= n;
	}
}
