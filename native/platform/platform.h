/* platform.h - everything the kernel needs from the machine beneath it. One header, two implementations:
 * native.c (pthreads, futex; for the tests, the sanitizers and native embedders) and wasm.c (the browser and Node).
 *
 * Any thread may call anything here unless a line says otherwise. */
#ifndef HF_PLATFORM_PLATFORM_H
#define HF_PLATFORM_PLATFORM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A 32-bit word in memory that all threads share; the only thing a thread ever sleeps on. */
typedef _Atomic uint32_t hf_word;

/* A deadline that never comes. Deadlines are absolute, in nanoseconds, on the monotonic clock. */
#define HF_FOREVER UINT64_MAX

/* Sleeps while *word == expected, until a wake or the deadline. May also return early: callers loop on their
 * predicate. Blocks. Returns 0, or -HF_ETIMEDOUT once the deadline has passed. */
int hf_plat_wait(hf_word *word, uint32_t expected, uint64_t deadline);

/* The same for at most this many nanoseconds: looks at no clock, so it may be called with a lock held. For lock.c only. */
int hf_plat_wait_for(hf_word *word, uint32_t expected, uint64_t nanoseconds);

/* Wakes at most count threads that sleep on the word. Never blocks. */
void hf_plat_wake(hf_word *word, uint32_t count);

/* Clocks and entropy come from the machine, in a browser from JavaScript, where the engine may end the worker when memory runs out: never call
 * them with a lock held (the native platform checks this). */

/* Nanoseconds since an arbitrary point, the same in every thread, never stepping back within a thread. */
uint64_t hf_plat_monotonic(void);
/* Nanoseconds since 1970-01-01T00:00:00Z. */
uint64_t hf_plat_realtime(void);
/* The steps in which the clocks advance, in nanoseconds; at least 1. The first call may take a few milliseconds. */
uint64_t hf_plat_clock_resolution(void);

/* Fills the buffer from the machine's source of entropy. Slow (about 1 us): a seed, not a generator. */
void hf_plat_entropy(void *buffer, size_t size);

/* How many threads can truly run at once; at least 1. */
uint32_t hf_plat_cores(void);

/* A number that one thread counts and others read now and then; no order is promised. In wasm every atomic access is sequentially
 * consistent (a store costs 6.6 ns), so there it is an ordinary word: aligned, and never torn on existing engines. */
typedef struct {
	_Atomic uint64_t value;
} hf_counter;

static inline void hf_counter_add(hf_counter *counter, uint64_t more)
{
#if defined(__wasm__)
	*(volatile uint64_t *)(void *)&counter->value += more;
#else
	uint64_t value = atomic_load_explicit(&counter->value, memory_order_relaxed);
	atomic_store_explicit(&counter->value, value + more, memory_order_relaxed);
#endif
}

static inline void hf_counter_set(hf_counter *counter, uint64_t value)
{
#if defined(__wasm__)
	*(volatile uint64_t *)(void *)&counter->value = value;
#else
	atomic_store_explicit(&counter->value, value, memory_order_relaxed);
#endif
}

/* Called by the thread that counts. */
static inline uint64_t hf_counter_own(hf_counter *counter)
{
#if defined(__wasm__)
	return *(volatile uint64_t *)(void *)&counter->value;
#else
	return atomic_load_explicit(&counter->value, memory_order_relaxed);
#endif
}

static inline uint64_t hf_counter_read(hf_counter *counter)
{
	return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

/* A word whose bit 0 orders the calling thread to stop; NULL where no such order can come. */
extern _Thread_local const hf_word *hf_stop_word;

/* Code that takes long checks this now and then, and ends early: no one will see its result. */
static inline bool hf_told_to_stop(void)
{
	return hf_stop_word && atomic_load_explicit(hf_stop_word, memory_order_relaxed) & 1;
}

/* A hint to the core that this is a spin loop. */
static inline void hf_plat_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Lets another thread run. */
void hf_plat_yield(void);

/* What memory is for. Each zone has memory of its own, so that neither can take or fragment what the other needs; natively they
 * are one. */
enum hf_zone {
	HF_ZONE_KERNEL, /* processes, workers, pipes, sockets: all except what follows */
	HF_ZONE_FILES,  /* bytes of files, names and nodes */
	HF_ZONES
};

/* Raw memory for alloc.c alone, not zeroed; NULL when none is available. Its address is HF_PLAT_MALLOC_SKEW modulo 16.
 */
void *hf_plat_malloc(enum hf_zone zone, size_t size);
void hf_plat_free(void *block);
#if defined(__wasm__)
#define HF_PLAT_MALLOC_SKEW 8
#else
#define HF_PLAT_MALLOC_SKEW 0
#endif

/* A thread's orders, where an interruptible guest looks for them: an address in a memory that holds nothing else, 0 for a thread without one.
 * Never blocks. Natively no guest checks it. */
#if defined(__wasm__)
void hf_plat_flag_raise(uint32_t flag, uint32_t bits);
void hf_plat_flag_lower(uint32_t flag, uint32_t bits);
#else
static inline void hf_plat_flag_raise(uint32_t flag, uint32_t bits)
{
	(void)flag;
	(void)bits;
}
static inline void hf_plat_flag_lower(uint32_t flag, uint32_t bits)
{
	(void)flag;
	(void)bits;
}
#endif

/* Tells the coordinator that its work queue is not empty. Never blocks. */
void hf_plat_ring_coordinator(void);

/* Traps, before touching anything, unless the stack suffices for a system call: a guest may have used nearly all of it. Called first at the
 * door. Natively the stacks are the embedder's, with guard pages below them. */
#if defined(__wasm__)
extern _Thread_local void (*hf__stack_probe)(int never);
static inline void hf_plat_check_stack(void)
{
	hf__stack_probe(0);
}
#else
static inline void hf_plat_check_stack(void) {}
#endif

/* Leaves the guest's call stack for the place where its host entered it. Only on a thread that runs a guest, at the
 * kernel's boundary, with no lock held. */
_Noreturn void hf_plat_unwind(void);

/* A claimed thread has arrived at the door: it goes no further, and touches nothing in the kernel. */
_Noreturn void hf_plat_rest(void);

/* An impossible state: reports where and why, and ends everything, in release builds too. */
_Noreturn void hf_plat_panic(const char *file, int line, const char *message);

#if defined(__wasm__) /* the place says it all, and pages download this */
#define HF_ASSERT(condition) ((condition) ? (void)0 : hf_plat_panic(__FILE_NAME__, __LINE__, "assertion"))
#else
#define HF_ASSERT(condition) ((condition) ? (void)0 : hf_plat_panic(__FILE__, __LINE__, #condition))
#endif

#endif
