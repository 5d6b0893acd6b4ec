/* lock.h - the kernel's mutex: a futex word (0 free, 1 held, 2 held and contended), 4 bytes, no clean-up.
 *
 * Rules: nobody waits on an object, or calls out of the kernel, with a lock held; a holder is never terminated (a
 * worker that runs kernel code is asked to stop, not killed). So a lock is only ever held for a bounded time, and even
 * the coordinator may take one.
 *
 * Lock order, first to last; a thread may take a lock only if it holds none of a later rank:
 *   1 process table   2 process   3 fd table   4 file description   5 directory tree   6 vnode   7 pipe, socket
 *   8 coordinator queue   9 allocator
 * clang's -Wthread-safety checks the annotations (-Werror: `npm run check`). */
#ifndef HF_PLATFORM_LOCK_H
#define HF_PLATFORM_LOCK_H

#include "platform/platform.h"

/* What clang can check in C: that a function whose name ends in _locked is called with the lock held (HF_REQUIRES),
 * that every path lets go of what it took, and that globals are touched under their lock (HF_GUARDED_BY). Members of
 * structs are grouped under a comment that names their lock: clang 21 cannot yet relate a member to the lock beside it.
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

struct HF_CAPABILITY("lock") hf_lock {
	hf_word word;
};

#define HF_LOCK_INIT \
	{                \
		0            \
	}

static inline void hf_lock_init(struct hf_lock *lock)
{
	atomic_init(&lock->word, 0);
}

void hf__lock_slow(struct hf_lock *lock);
void hf__unlock_slow(struct hf_lock *lock);

static inline void hf_lock(struct hf_lock *lock) HF_ACQUIRE(lock) HF_NO_TSA
{
	uint32_t expected = 0;
	if (!atomic_compare_exchange_strong_explicit(&lock->word, &expected, 1, memory_order_acquire, memory_order_relaxed))
		hf__lock_slow(lock);
}

static inline void hf_unlock(struct hf_lock *lock) HF_RELEASE(lock) HF_NO_TSA
{
	if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) != 1)
		hf__unlock_slow(lock);
}

/* True if anybody holds the lock: the first line of every function whose name ends in _locked. */
static inline bool hf_lock_is_held(struct hf_lock *lock)
{
	return atomic_load_explicit(&lock->word, memory_order_relaxed) != 0;
}

#endif
