/* random.c - wasi:random. The insecure functions return secure bytes, too: WIT says "This function is not required to be cryptographically secure",
 * and the kernel's generator takes 1 ns a byte. */
#include "fs/random.h"

#include "wasi/p2/door.h"

static uint64_t number(void)
{
	uint64_t value;
	hf_random(&value, sizeof value);
	return value;
}

static bool must_stop(hf_b b)
{
	return atomic_load_explicit(&b->p2->thread->orders, memory_order_relaxed) & HF_ORDER_STOP;
}

/* A large list is filled in parts, so that the thread can be stopped: gigabytes take seconds. */
static void fill(hf_b b, uint32_t at, uint32_t size)
{
	uint8_t chunk[256];
	while (size > 0 && !must_stop(b)) {
		uint32_t part = size < sizeof chunk ? size : (uint32_t)sizeof chunk;
		hf_random(chunk, part);
		hf__p2_store(b, at, chunk, part);
		at += part;
		size -= part;
	}
}

static void put_bytes(hf_b b, uint64_t len, uint32_t out)
{
	struct hf_p2_list list = {.count = (uint32_t)len};
	if (hf__p2_check(b, out, sizeof list, 4) < 0 || hf__p2_realloc(b, 1, len, &list.at) < 0)
		return;
	fill(b, list.at, list.count);
	hf__p2_store(b, out, &list, sizeof list);
}

static uint64_t sys_get_random_u64(hf_b b)
{
	(void)b;
	return number();
}

P2_PLAIN_DOOR(uint64_t, get_random_u64)

static void sys_get_random_bytes(hf_b b, uint64_t len, uint32_t out)
{
	put_bytes(b, len, out);
}

P2_VOID_DOOR(get_random_bytes, (uint64_t len, uint32_t out), len, out)

static uint64_t sys_get_insecure_random_u64(hf_b b)
{
	(void)b;
	return number();
}

P2_PLAIN_DOOR(uint64_t, get_insecure_random_u64)

static void sys_get_insecure_random_bytes(hf_b b, uint64_t len, uint32_t out)
{
	put_bytes(b, len, out);
}

P2_VOID_DOOR(get_insecure_random_bytes, (uint64_t len, uint32_t out), len, out)

static void sys_insecure_seed(hf_b b, uint32_t out)
{
	uint64_t seed[2] = {number(), number()};
	(void)!hf__p2_put(b, out, seed, sizeof seed, 8);
}

P2_VOID_DOOR(insecure_seed, (uint32_t out), out)
