/* guest.c - the ring as a module for two threads on a shared memory (docs/threads.md), which it imports as "env" "mem" and uses from address 0. It has
 * no data and no stack in the memory, which both threads would share. */
#include "ring.h"

/* With a prototype, which a function that is not static needs. */
#define EXPORT(type, name, ...)                                 \
	__attribute__((export_name(#name))) type name(__VA_ARGS__); \
	type name(__VA_ARGS__)

__attribute__((import_module("wasi_snapshot_preview1"), import_name("clock_time_get"))) uint32_t
clock_time_get(uint32_t clock, uint64_t precision, uint64_t *time);

static void ring_sleep(uint32_t *word, uint32_t expected, int64_t nanoseconds)
{
	(void)__builtin_wasm_memory_atomic_wait32((int *)word, (int)expected, nanoseconds);
}

static void ring_wake(uint32_t *word)
{
	(void)__builtin_wasm_memory_atomic_notify((int *)word, 1);
}

static void ring_relax(void) {}

/* An exchange takes 4.8 ns in Chromium and Firefox, an atomic store 6.6 and 19.8. */
static inline void ring_release(uint32_t *word, uint32_t value)
{
	(void)__atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
}

static uint64_t ring_clock(uint64_t *room)
{
	(void)clock_time_get(1, 0, room);
	return *room;
}

/* Address 0, which a compiler must not take for a null pointer. */
RING_INLINE char *memory_begin(void)
{
	uintptr_t zero = 0;
	__asm__("" : "+r"(zero));
	return (char *)zero;
}

RING_INLINE struct ring plain(int32_t mask)
{
	return (struct ring){
		.base = memory_begin(), .mask = (uint32_t)mask, .words = 1, .batch = ring_best_batch((uint32_t)mask)};
}

EXPORT(void, produce, int32_t n, int32_t mask)
{
	struct ring ring = plain(mask);
	ring_produce(&ring, (uint32_t)n);
}

EXPORT(void, consume, int32_t n, int32_t mask)
{
	struct ring ring = plain(mask);
	ring_consume(&ring, (uint32_t)n);
}

/* One side of a benchmark. Returns the address of the results. The arguments after `warming` are fields of struct ring; a batch of 0 is the best one. */
EXPORT(struct ring_result *, bench, uint32_t side, uint32_t n, uint32_t runs, uint32_t warming, uint32_t layout,
       uint32_t mask, uint32_t words, uint32_t batch, uint32_t mode, uint32_t spin, int64_t timeout)
{
	struct ring ring = {.base = memory_begin(),
	                    .layout = layout,
	                    .mask = mask,
	                    .words = words,
	                    .batch = batch ? batch : ring_best_batch(mask),
	                    .mode = mode,
	                    .spin = spin,
	                    .timeout = timeout};
	struct ring_bench *bench = (struct ring_bench *)(ring.base + ring_bench_at(&ring));
	ring.sleeping[RING_PRODUCER] = bench->sleeping[RING_PRODUCER];
	ring.sleeping[RING_CONSUMER] = bench->sleeping[RING_CONSUMER];
	ring_runs(&ring, bench, side, n, runs, warming);
	return bench->results;
}
