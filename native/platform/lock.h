/* lock.h - the kernel's mutex: a futex word, 4 bytes, no clean-up.
 *
 * Rules: no thread waits on an object, or calls out of the kernel, with a lock held; a holder is never terminated (a worker that runs kernel
 * code is asked to stop, not killed). So a lock is only ever held for a bounded time, and even the coordinator may take one.
 *
 * A thread that finds the lock free takes it, even ahead of sleeping waiters, which makes the lock fast. Two kinds of waiters cannot be overtaken.
 * The coordinator sets HF__LOCK_COORDINATOR and gets the lock after the current holder. A thread that was overtaken often, or that waits with another
 * lock held, sets HF__LOCK_STARVED (one thread per lock) and comes after the coordinator.
 *
 * Lock order: each lock has a rank (enum hf_lock_rank), and a thread may take a lock only if it holds none of the same or a later one.
 * clang's -Wthread-safety checks the annotations (-Werror: `npm run check`), ThreadSanitizer that no two are taken in both
 * orders, and lock_order.c, in the builds with sanitizers, each rank as it is taken. */
#ifndef HF_PLATFORM_LOCK_H
#define HF_PLATFORM_LOCK_H

#include "platform/platform.h"

/* In C, clang can check that a function whose name ends in _locked is called with the lock held (HF_REQUIRES), that every path releases the locks
 * that it took, and that globals are accessed under their lock (HF_GUARDED_BY). Struct members are only grouped under a comment that names their
 * lock, because clang 21 cannot yet relate a member to a lock in the same struct.
 */
#if defined(__clang__)
#define HF_TSA(x) __attribute__((x))
#else
#define HF_TSA(x)
#endif
#define HF_CAPABILITY(name) HF_TSA(capability(name))
#define HF_GUARDED_BY(lock) HF_TSA(guarded_by(lock))
#define HF_REQUIRES(...) HF_TSA(requires_capability(__VA_ARGS__))
#define HF_EXCLUDES(...) HF_TSA(locks_excluded(__VA_ARGS__))
#define HF_ACQUIRE(...) HF_TSA(acquire_capability(__VA_ARGS__))
#define HF_RELEASE(...) HF_TSA(release_capability(__VA_ARGS__))
#define HF_NO_TSA HF_TSA(no_thread_safety_analysis)

#define HF_MUST_CHECK __attribute__((warn_unused_result))

/* First to last; native/README.md says what each guards. */
enum hf_lock_rank {
	HF_RANK_PROCESS = 2,
	HF_RANK_FDTABLE,
	HF_RANK_FILE,
	HF_RANK_TREE,
	HF_RANK_NODE,
	HF_RANK_PIPE,
	HF_RANK_WORK,
	HF_RANK_LEAF, /* no lock is taken under it */
	HF_RANKS
};

struct HF_CAPABILITY("lock") hf_lock {
	hf_word word;
#ifdef HF_LOCK_ORDER
	enum hf_lock_rank rank;
#endif
};

#ifdef HF_LOCK_ORDER
#define HF_LOCK_INIT(its_rank) \
	{                          \
		.rank = (its_rank)     \
	}
#else
#define HF_LOCK_INIT(its_rank) \
	{                          \
		0                      \
	}
#endif

static inline void hf_lock_init(struct hf_lock *lock, enum hf_lock_rank rank)
{
	atomic_init(&lock->word, 0);
#ifdef HF_LOCK_ORDER
	lock->rank = rank;
#else
	(void)rank;
#endif
}

/* Defined in lock_order.c; no-ops if ranks are not checked. */
#ifdef HF_LOCK_ORDER
void hf__lock_order_take(const struct hf_lock *lock);
void hf__lock_order_drop(const struct hf_lock *lock);
/* Panics if the calling thread holds a lock. Called before a wait, and when a thread leaves the kernel. */
void hf_lock_order_none(const char *where);
/* Whether the calling thread holds a lock; the fuzzer switches threads only when it holds none. */
bool hf_lock_order_any(void);
#else
static inline void hf__lock_order_take(const struct hf_lock *lock)
{
	(void)lock;
}
static inline void hf__lock_order_drop(const struct hf_lock *lock)
{
	(void)lock;
}
static inline void hf_lock_order_none(const char *where)
{
	(void)where;
}
#endif

/* Locks are annotated for ThreadSanitizer, so that it finds pairs that are taken in both orders. It then no longer checks the lock's implementation;
 * tests/native/hammer-lock.c makes it do so. */
#if defined(__has_feature) && !defined(HF_LOCK_UNTOLD)
#if __has_feature(thread_sanitizer)
void __tsan_mutex_pre_lock(void *lock, unsigned flags);
void __tsan_mutex_post_lock(void *lock, unsigned flags, int recursion);
int __tsan_mutex_pre_unlock(void *lock, unsigned flags);
void __tsan_mutex_post_unlock(void *lock, unsigned flags);
#define HF_TSAN_TELL(event, ...) __tsan_mutex_##event(__VA_ARGS__)
#endif
#endif
#ifndef HF_TSAN_TELL
#define HF_TSAN_TELL(event, ...) ((void)0)
#endif

/* The lock's word. */
enum {
	HF__LOCK_HELD = 1 << 0,
	HF__LOCK_SLEEPERS = 1 << 1,    /* a thread may sleep on the word */
	HF__LOCK_COORDINATOR = 1 << 2, /* the coordinator is next */
	HF__LOCK_STARVED = 1 << 3,     /* another thread is next, after the coordinator */
};

/* The number of locks that the calling thread holds, waits for, or is releasing. If its worker ends while this is not 0, other threads may wait
 * forever. Other threads read it (kernel/thread.h). */
extern _Thread_local hf_counter hf_locks;

/* Makes the calling thread the coordinator, which from now on comes first at every lock. There is only one. */
void hf_lock_come_first(void);

/* How often the coordinator waits for a lock, one second each time, before it assumes that the holder is dead and panics. Tests use a smaller number. */
extern uint32_t hf_lock_patience;

void hf__lock_slow(struct hf_lock *lock);
void hf__unlock_slow(struct hf_lock *lock);

static inline void hf_lock_near(struct hf_lock *lock) HF_ACQUIRE(lock) HF_NO_TSA
{
	uint32_t expected = 0;
	hf__lock_order_take(lock);
	HF_TSAN_TELL(pre_lock, lock, 0);
	hf_counter_add(&hf_locks, 1);
	if (!atomic_compare_exchange_strong_explicit(&lock->word, &expected, HF__LOCK_HELD, memory_order_acquire,
	                                             memory_order_relaxed))
		hf__lock_slow(lock);
	HF_TSAN_TELL(post_lock, lock, 0, 0);
}

/* One atomic operation releases the lock, which is not accessed afterwards, because the next holder may free it. */
static inline void hf_unlock_near(struct hf_lock *lock) HF_RELEASE(lock) HF_NO_TSA
{
	uint32_t expected = HF__LOCK_HELD;
	hf__lock_order_drop(lock);
	HF_TSAN_TELL(pre_unlock, lock, 0);
	if (!atomic_compare_exchange_strong_explicit(&lock->word, &expected, 0, memory_order_release, memory_order_relaxed))
		hf__unlock_slow(lock);
	hf_counter_add(&hf_locks, UINT64_MAX);
	HF_TSAN_TELL(post_unlock, lock, 0);
}

/* In the wasm module these are functions, because pages download every inlined copy. The inlined near form is for calls that guests make millions of
 * times. */
#if defined(__wasm__)
void hf_lock(struct hf_lock *lock) HF_ACQUIRE(lock);
void hf_unlock(struct hf_lock *lock) HF_RELEASE(lock);
#else
static inline void hf_lock(struct hf_lock *lock) HF_ACQUIRE(lock) HF_NO_TSA
{
	hf_lock_near(lock);
}

static inline void hf_unlock(struct hf_lock *lock) HF_RELEASE(lock) HF_NO_TSA
{
	hf_unlock_near(lock);
}
#endif

/* True if any thread holds the lock. Asserted in the first line of every function whose name ends in _locked. */
static inline bool hf_lock_is_held(struct hf_lock *lock)
{
	return atomic_load_explicit(&lock->word, memory_order_relaxed) & HF__LOCK_HELD;
}

#endif
