/* ring.h - a ring of numbers between one producer and one consumer in shared memory. The same code runs in wasm (guest.c, two threads on a shared
 * memory) and natively (native.c), so that a benchmark compares only the engines.
 *
 * Head and tail run freely: item `i` of the ring is in slot `i & mask`. Each side keeps a copy of the other's index and reads the index only when the
 * copy says that it cannot continue, and it publishes its own index once for up to `batch` items: every publication moves a cache line to the
 * other core, and in wasm, which has only sequentially consistent stores, also a fence.
 *
 * A side that cannot continue polls, or it sleeps on a word that says so. The other side wakes it only if the word is set, and not before half of the
 * ring is ready for it, unless it itself has to wait or has finished. The sleeper sets the word and then looks at the index once more, the waker
 * publishes the index and then looks at the word, all sequentially consistent: so no wake-up is lost. */
#ifndef HF_RING_H
#define HF_RING_H

#include <stdbool.h>
#include <stdint.h>

/* Provided by guest.c or native.c: a futex (a negative time is no limit), what a loop that polls does, the fastest store with release order, and a
 * clock in nanoseconds, which may use the given room. */
static void ring_sleep(uint32_t *word, uint32_t expected, int64_t nanoseconds);
static void ring_wake(uint32_t *word);
static void ring_relax(void);
static inline void ring_release(uint32_t *word, uint32_t value);
static uint64_t ring_clock(uint64_t *room);

#define RING_INLINE static inline __attribute__((always_inline))

/* clang-format off */
#define ENUM(name) enum name {
#define VALUE(name, value) name = (value),
#define END_ENUM };
#define STRUCT(name) struct name {
#define FIELD(type, name) type name;
#define END(name, size) }; _Static_assert(sizeof(struct name) == (size), #name " is as large as its fields together");
/* clang-format on */
#include "layouts.def"
#undef ENUM
#undef VALUE
#undef END_ENUM
#undef STRUCT
#undef FIELD
#undef END

/* Offsets in the memory. In the compact layout everything is next to each other, in the padded one each index has two cache lines of its own, because
 * processors fetch lines in pairs. */
#define RING_LINE 128u
RING_INLINE uint32_t ring_head_at(void)
{
	return 0;
}
RING_INLINE uint32_t ring_tail_at(enum ring_layout layout)
{
	return layout == RING_PADDED ? RING_LINE : 4;
}
/* The sum, the producer's spins and the consumer's spins, 64 bits each. */
RING_INLINE uint32_t ring_sums_at(enum ring_layout layout)
{
	return layout == RING_PADDED ? 2 * RING_LINE : 8;
}
RING_INLINE uint32_t ring_data_at(enum ring_layout layout)
{
	return layout == RING_PADDED ? 3 * RING_LINE : 32;
}

struct ring {
	char *base;
	enum ring_layout layout;
	uint32_t mask;
	uint32_t words; /* of 32 bits, in a slot: the number and its payload */
	uint32_t batch;
	enum ring_wait_mode mode;
	uint32_t spin;         /* polls before a hybrid wait sleeps */
	int64_t timeout;       /* nanoseconds of one sleep; negative: no limit */
	uint32_t *sleeping[2]; /* by side; NULL with RING_SPIN */
};

#define RING_LOAD(word, order) __atomic_load_n(word, __ATOMIC_##order)
#define RING_STORE(word, value, order) __atomic_store_n(word, value, __ATOMIC_##order)

RING_INLINE uint32_t *ring_word(const struct ring *ring, uint32_t offset)
{
	return (uint32_t *)(ring->base + offset);
}
RING_INLINE uint32_t *ring_index(const struct ring *ring, enum ring_side side)
{
	return ring_word(ring, side == RING_PRODUCER ? ring_head_at() : ring_tail_at(ring->layout));
}
RING_INLINE uint64_t *ring_sums(const struct ring *ring)
{
	return (uint64_t *)(ring->base + ring_sums_at(ring->layout));
}
RING_INLINE uint32_t ring_least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* ---- items. Not inlined, so that an engine that optimizes a function after some calls optimizes them while the ring runs. ---- */

/* Four numbers. Engines do not vectorize loops, so the code uses vectors itself where they are faster. */
typedef uint32_t ring_four __attribute__((vector_size(16), aligned(4), may_alias));

__attribute__((noinline)) static void ring_fill(uint32_t *slots, uint32_t value, uint32_t count)
{
	ring_four values = {value, value + 1, value + 2, value + 3};
	uint32_t i = 0;
	for (; i + 8 <= count; i += 8) {
		*(ring_four *)(slots + i) = values;
		*(ring_four *)(slots + i + 4) = values + 4;
		values += 8;
	}
	for (; i < count; i++)
		slots[i] = value + i;
}

__attribute__((noinline)) static uint64_t ring_drain(const uint32_t *slots, uint32_t count)
{
	uint64_t a = 0, b = 0;
	uint32_t i = 0;
	for (; i + 8 <= count; i += 8, slots += 8) {
		a += (uint64_t)slots[0] + slots[1] + slots[2] + slots[3];
		b += (uint64_t)slots[4] + slots[5] + slots[6] + slots[7];
	}
	for (; i < count; i++)
		a += *slots++;
	return a + b;
}

/* With a payload, each word of a slot holds the number. */
__attribute__((noinline)) static void ring_fill_payload(uint32_t *slots, uint32_t words, uint32_t value, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++, slots += words)
		for (uint32_t word = 0; word < words; word++)
			slots[word] = value + i;
}

/* Returns the sum of the numbers, or one that is certainly wrong if a payload does not belong to its number. */
__attribute__((noinline)) static uint64_t ring_drain_payload(const uint32_t *slots, uint32_t words, uint32_t count)
{
	uint64_t sum = 0;
	uint32_t difference = 0;
	for (uint32_t i = 0; i < count; i++, slots += words) {
		sum += slots[0];
		for (uint32_t word = 1; word < words; word++)
			difference |= slots[word] ^ slots[0];
	}
	return difference ? UINT64_MAX / 2 : sum;
}

/* ---- waiting ---- */

RING_INLINE void ring_wake_other(const struct ring *ring, enum ring_side side)
{
	uint32_t *word = ring->sleeping[!side];
	if (ring->mode == RING_SPIN || !RING_LOAD(word, SEQ_CST))
		return;
	RING_STORE(word, 0, SEQ_CST);
	ring_wake(word);
}

/* Publishes the side's index. `ready`: how many items or free slots the other side then has. */
RING_INLINE void ring_publish(const struct ring *ring, enum ring_side side, uint32_t index, uint32_t ready)
{
	if (ring->mode == RING_SPIN) {
		ring_release(ring_index(ring, side), index);
		return;
	}
	RING_STORE(ring_index(ring, side), index, SEQ_CST);
	if (ready > ring->mask / 2)
		ring_wake_other(ring, side);
}

/* Polls until the index is no longer `old`, at most `most` times; returns it. */
RING_INLINE uint32_t ring_poll(const uint32_t *index, uint32_t old, uint64_t most, uint64_t *spins)
{
	uint32_t now = RING_LOAD(index, ACQUIRE);
	for (uint64_t polls = 0; now == old && polls < most; polls++) {
		ring_relax();
		(*spins)++;
		now = RING_LOAD(index, ACQUIRE);
	}
	return now;
}

/* Returns the other side's index once it is no longer `old`. */
RING_INLINE uint32_t ring_await(const struct ring *ring, enum ring_side side, uint32_t old, uint64_t *spins)
{
	uint32_t *index = ring_index(ring, !side), *word = ring->sleeping[side];
	if (ring->mode == RING_SPIN)
		return ring_poll(index, old, UINT64_MAX, spins);
	for (;;) {
		ring_wake_other(ring, side);
		uint32_t now = ring_poll(index, old, ring->mode == RING_HYBRID ? ring->spin : 0, spins);
		if (now != old)
			return now;
		RING_STORE(word, 1, SEQ_CST);
		now = RING_LOAD(index, SEQ_CST);
		if (now == old)
			ring_sleep(word, 1, ring->timeout);
		RING_STORE(word, 0, SEQ_CST);
		if (now != old)
			return now;
	}
}

/* ---- the two sides ---- */

/* Sends the numbers 1 to n. */
RING_INLINE void ring_produce(const struct ring *ring, uint32_t n)
{
	uint32_t *slots = ring_word(ring, ring_data_at(ring->layout));
	uint32_t head = RING_LOAD(ring_index(ring, RING_PRODUCER), RELAXED), size = ring->mask + 1;
	uint32_t tail = RING_LOAD(ring_index(ring, RING_CONSUMER), ACQUIRE);
	uint64_t spins = 0;
	for (uint32_t sent = 0; sent < n;) {
		uint32_t room = size - (head - tail), at = head & ring->mask;
		if (room == 0) {
			tail = ring_await(ring, RING_PRODUCER, tail, &spins);
			continue;
		}
		uint32_t count = ring_least(ring_least(room, n - sent), ring_least(ring->batch, size - at));
		if (ring->words == 1)
			ring_fill(slots + at, sent + 1, count);
		else
			ring_fill_payload(slots + at * ring->words, ring->words, sent + 1, count);
		head += count;
		sent += count;
		ring_publish(ring, RING_PRODUCER, head, head - tail);
	}
	ring_wake_other(ring, RING_PRODUCER);
	ring_sums(ring)[1] += spins;
}

/* Receives n numbers and adds them to the sum. */
RING_INLINE void ring_consume(const struct ring *ring, uint32_t n)
{
	uint32_t *slots = ring_word(ring, ring_data_at(ring->layout));
	uint32_t tail = RING_LOAD(ring_index(ring, RING_CONSUMER), RELAXED), size = ring->mask + 1;
	uint32_t head = RING_LOAD(ring_index(ring, RING_PRODUCER), ACQUIRE);
	uint64_t spins = 0, sum = 0;
	for (uint32_t received = 0; received < n;) {
		uint32_t ready = head - tail, at = tail & ring->mask;
		if (ready == 0) {
			head = ring_await(ring, RING_CONSUMER, head, &spins);
			continue;
		}
		uint32_t count = ring_least(ring_least(ready, n - received), ring_least(ring->batch, size - at));
		sum += ring->words == 1 ? ring_drain(slots + at, count)
		                        : ring_drain_payload(slots + at * ring->words, ring->words, count);
		tail += count;
		received += count;
		ring_publish(ring, RING_CONSUMER, tail, size - (head - tail));
	}
	ring_wake_other(ring, RING_CONSUMER);
	ring_sums(ring)[0] += sum;
	ring_sums(ring)[2] += spins;
}

/* One side, as a function that is called for each run: an engine keeps the quickly compiled code of a function that is called only once. The ring comes in
 * parts, because a structure in memory would need a stack, which two threads on one memory would share. */
__attribute__((noinline)) static void ring_work(enum ring_side side, uint32_t n, char *base, enum ring_layout layout,
                                                uint32_t mask, uint32_t words, uint32_t batch, enum ring_wait_mode mode,
                                                uint32_t spin, int64_t timeout, uint32_t *producer_sleeps,
                                                uint32_t *consumer_sleeps)
{
	const struct ring ring = {
		base, layout, mask, words, batch, mode, spin, timeout, {producer_sleeps, consumer_sleeps}};
	if (side == RING_PRODUCER)
		ring_produce(&ring, n);
	else
		ring_consume(&ring, n);
}

/* How many items one publication covers, unless the caller says otherwise: half of the ring. docs/benchmarks.md has what other values cost. */
RING_INLINE uint32_t ring_best_batch(uint32_t mask)
{
	return mask / 2 + 1;
}

/* ---- the benchmark: a number of runs, one after the other, by the same two threads ---- */

/* After the slots, starting on a new line. */
struct ring_bench {
	uint32_t sleeping[2][RING_LINE / 4];
	uint32_t arrived[RING_LINE / 4];
	uint32_t never[RING_LINE / 4]; /* for pauses: a sleep on it ends only by its time limit */
	struct ring_result results[];
};

RING_INLINE uint32_t ring_bench_at(const struct ring *ring)
{
	uint32_t end = ring_data_at(ring->layout) + (ring->mask + 1) * ring->words * 4;
	return (end + RING_LINE - 1) / RING_LINE * RING_LINE;
}

/* Waits until both threads have called this `times` times. It polls for a while and then sleeps, because the other thread may still have to start. */
RING_INLINE void ring_meet(struct ring_bench *bench, uint32_t times)
{
	uint32_t arrived = __atomic_add_fetch(bench->arrived, 1, __ATOMIC_SEQ_CST);
	if (arrived == 2 * times) {
		ring_wake(bench->arrived);
		return;
	}
	for (uint32_t polls = 0; arrived < 2 * times; polls++) {
		if (polls > 20000)
			ring_sleep(bench->arrived, arrived, 1000000);
		arrived = RING_LOAD(bench->arrived, ACQUIRE);
	}
}

/* Only the producer reads the clock: clocks of two threads may differ. */
RING_INLINE void ring_run(const struct ring *ring, struct ring_bench *bench, enum ring_side side, uint32_t n,
                          uint32_t run)
{
	uint64_t *sums = ring_sums(ring);
	if (side == RING_PRODUCER) {
		*ring_index(ring, RING_PRODUCER) = *ring_index(ring, RING_CONSUMER) = 0;
		sums[0] = sums[1] = sums[2] = 0;
	}
	ring_meet(bench, 2 * run + 1);
	struct ring_result *result = &bench->results[run];
	uint64_t began = side == RING_PRODUCER ? ring_clock(&result->elapsed) : 0;
	ring_work(side, n, ring->base, ring->layout, ring->mask, ring->words, ring->batch, ring->mode, ring->spin,
	          ring->timeout, ring->sleeping[RING_PRODUCER], ring->sleeping[RING_CONSUMER]);
	ring_meet(bench, 2 * run + 2);
	if (side == RING_CONSUMER)
		return;
	result->elapsed = ring_clock(&result->elapsed) - began;
	result->sum = sums[0];
	result->producer_spins = sums[1];
	result->consumer_spins = sums[2];
	result->head = *ring_index(ring, RING_PRODUCER);
	result->tail = *ring_index(ring, RING_CONSUMER);
}

/* The first run is cold. Before each of the `warming` runs after it both sides sleep, because an engine's compiler also needs a processor. */
#define RING_PAUSE 2000000

RING_INLINE void ring_runs(const struct ring *ring, struct ring_bench *bench, enum ring_side side, uint32_t n,
                           uint32_t runs, uint32_t warming)
{
	for (uint32_t run = 0; run < runs; run++) {
		if (run > 0 && run <= warming)
			ring_sleep(bench->never, 0, RING_PAUSE);
		ring_run(ring, bench, side, n, run);
	}
}

#endif
