/* platform.h - the services that the kernel needs from the machine. There are two implementations: native.c (pthreads, futex; for the tests, the
 * sanitizers and native embedders) and wasm.c (the browser and Node).
 *
 * Any thread may call any function here unless a comment says otherwise. */
#ifndef HF_PLATFORM_PLATFORM_H
#define HF_PLATFORM_PLATFORM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A 32-bit word in memory that all threads share. Threads sleep only on these. */
typedef _Atomic uint32_t hf_word;

/* A deadline that never comes. Deadlines are absolute, in nanoseconds, on the monotonic clock. */
#define HF_FOREVER UINT64_MAX

/* Sleeps while *word == expected, until a wake or the deadline. May also return early: callers loop on their
 * predicate. Blocks. Returns 0, or -HF_ETIMEDOUT once the deadline has passed. */
int hf_plat_wait(hf_word *word, uint32_t expected, uint64_t deadline);

/* The same for at most this many nanoseconds. Does not read the clock, so it may be called with a lock held. For lock.c only. */
int hf_plat_wait_for(hf_word *word, uint32_t expected, uint64_t nanoseconds);

/* Wakes at most count threads that sleep on the word. Never blocks. */
void hf_plat_wake(hf_word *word, uint32_t count);

/* Clocks and entropy come from the machine; in a browser that means JavaScript, where the engine may end the worker when memory runs out. So never
 * call these with a lock held (the native platform checks this). */

/* Nanoseconds since an arbitrary point, which is the same in every thread; never goes back within a thread. */
uint64_t hf_plat_monotonic(void);
/* Nanoseconds since 1970-01-01T00:00:00Z. */
uint64_t hf_plat_realtime(void);
/* The steps in which the clocks advance, in nanoseconds; at least 1. The first call may take a few milliseconds. */
uint64_t hf_plat_clock_resolution(void);

/* Fills the buffer from the machine's source of entropy. Slow (about 1 us), so use it as a seed, not as a generator. */
void hf_plat_entropy(void *buffer, size_t size);

/* The number of threads that can run at the same time; at least 1. */
uint32_t hf_plat_cores(void);

/* A counter that one thread changes and others read now and then, without ordering guarantees. In wasm every atomic access is sequentially consistent
 * (a store costs 6.6 ns), so there it is an ordinary word: aligned, and never torn on existing engines. */
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

/* Only for the thread that changes it. */
static inline uint64_t hf_counter_own(const hf_counter *counter)
{
#if defined(__wasm__)
	return *(const volatile uint64_t *)(const void *)&counter->value;
#else
	return atomic_load_explicit(&counter->value, memory_order_relaxed);
#endif
}

static inline uint64_t hf_counter_read(const hf_counter *counter)
{
	return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

/* A word whose bit 0 orders the calling thread to stop; NULL on threads that get no orders. */
extern _Thread_local const hf_word *hf_stop_word;

/* Long-running code checks this now and then, and ends early, because its result will not be used. */
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

/* Whether all threads share one thread of the engine (single.c). Then each runs for a slice of time. */
#if !defined(HF_SINGLE)
#define HF_SINGLE 0
#endif
#if HF_SINGLE
extern uint32_t hf__calls_until_look;
bool hf__slice_is_over(void);
/* A thread begins to run. */
void hf_plat_begin_slice(void);
/* Checks now and then whether the running thread's slice is over. Called on the way out of each system call. */
static inline bool hf_plat_slice_is_over(void)
{
	return --hf__calls_until_look == 0 && hf__slice_is_over();
}
/* Makes the next call of the above check. */
static inline void hf_plat_look_at_slice(void)
{
	hf__calls_until_look = 1;
}
/* Whether the running thread can be suspended now. If not, it must neither wait nor give way. */
bool hf_plat_may_wait(void);
#else
static inline void hf_plat_begin_slice(void) {}
static inline bool hf_plat_slice_is_over(void)
{
	return false;
}
static inline void hf_plat_look_at_slice(void) {}
static inline bool hf_plat_may_wait(void)
{
	return true;
}
#endif

/* The purpose of memory. Each zone has separate memory, so that neither can use up or fragment the other's; natively they are one. */
enum hf_zone {
	HF_ZONE_KERNEL, /* processes, workers, pipes, sockets: everything except files */
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

/* A copy of a thread's orders that an interruptible guest checks: an address in a separate memory, 0 for a thread without one. Never blocks. Natively
 * no guest checks it. */
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

/* Notifies the coordinator that its work queue is not empty. Never blocks. */
void hf_plat_ring_coordinator(void);

/* Traps, before changing anything, unless the stack suffices for a system call: a guest may have used nearly all of it. Called first at the door.
 * Natively the stacks are the embedder's, with guard pages below them. */
#if defined(__wasm__)
extern _Thread_local void (*hf__stack_probe)(int never);
static inline void hf_plat_check_stack(void)
{
	hf__stack_probe(0);
}
#else
static inline void hf_plat_check_stack(void) {}
#endif

/* Unwinds the guest's call stack to the point where its host entered it. Only on a thread that runs a guest, at the kernel's boundary, with no lock
 * held. */
_Noreturn void hf_plat_unwind(void);

/* Called by a claimed thread at the door: stops the thread there, without touching anything in the kernel. */
_Noreturn void hf_plat_rest(void);

/* Reports an impossible state, and ends the runtime, also in release builds. */
_Noreturn void hf_plat_panic(const char *file, int line, const char *message);

#if defined(__wasm__) /* without the message, because pages download it and the position suffices */
#define HF_ASSERT(condition) ((condition) ? (void)0 : hf_plat_panic(__FILE_NAME__, __LINE__, "assertion"))
#else
#define HF_ASSERT(condition) ((condition) ? (void)0 : hf_plat_panic(__FILE__, __LINE__, #condition))
#endif

#endif
