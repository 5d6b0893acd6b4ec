/* lock.c - the slow paths of lock.h: spin briefly if another core may be about to release the lock, then sleep.
 *
 * A thread that is not next sleeps on the lock's word. The next one sleeps on another word, so that a release wakes only that thread: the coordinator
 * on `coordinator_turn`; the starved threads, at most one per lock, on `starved_turn`. */
#include "platform/lock.h"

#define SPINS 200
/* The coordinator spins for some microseconds: it is next, and most holders release the lock within one. */
#define COORDINATOR_SPINS 4000
/* How often a thread may be woken and find that another thread took the lock. */
#define TIMES_PASSED_BY 4
#define SECOND UINT64_C(1000000000)

#define NEXT (HF__LOCK_COORDINATOR | HF__LOCK_STARVED)

_Thread_local hf_counter hf_locks;
uint32_t hf_lock_patience = 20;

static _Thread_local bool comes_first;
static hf_word coordinator_turn, starved_turn;

void hf_lock_come_first(void)
{
	comes_first = true;
}

static uint32_t look(const struct hf_lock *lock)
{
	return atomic_load_explicit(&lock->word, memory_order_relaxed);
}

static bool change(struct hf_lock *lock, uint32_t *from, uint32_t to)
{
	return atomic_compare_exchange_weak_explicit(&lock->word, from, to, memory_order_acquire, memory_order_relaxed);
}

/* Takes the lock unless any of `barriers` is set, and clears `mine` in the word. If the lock was not taken, *seen is the word's last value. A caller
 * does not know whether others sleep, so it assumes that they do. */
static bool take(struct hf_lock *lock, uint32_t barriers, uint32_t mine, uint32_t *seen)
{
	*seen = look(lock);
	while (!(*seen & barriers)) {
		if (change(lock, seen, (*seen & ~mine) | HF__LOCK_HELD | HF__LOCK_SLEEPERS))
			return true;
	}
	return false;
}

/* ---- the coordinator ---- */

static void wait_for_turn(struct hf_lock *lock)
{
	uint32_t seen, seconds = 0;
	for (int i = 0; i < COORDINATOR_SPINS && look(lock) & HF__LOCK_HELD && hf_plat_cores() > 1; i++)
		hf_plat_relax();
	for (;;) {
		uint32_t ticket = atomic_load(&coordinator_turn);
		if (take(lock, HF__LOCK_HELD, HF__LOCK_COORDINATOR, &seen))
			return;
		if (hf_plat_wait_for(&coordinator_turn, ticket, SECOND) < 0 && ++seconds >= hf_lock_patience)
			hf_plat_panic("lock.c", __LINE__, "a thread ended while it held a lock of the kernel");
	}
}

/* ---- all other threads ---- */

static bool spin(struct hf_lock *lock)
{
	for (int i = 0; i < SPINS && hf_plat_cores() > 1; i++) {
		uint32_t expected = 0;
		if (look(lock) == 0 && change(lock, &expected, HF__LOCK_HELD))
			return true;
		hf_plat_relax();
	}
	return false;
}

/* Sets the bit if the word is still `seen`, or already has the bit. */
static bool mark(struct hf_lock *lock, uint32_t seen, uint32_t bit)
{
	return (seen & bit) || change(lock, &seen, seen | bit);
}

static void sleep_on_word(struct hf_lock *lock, uint32_t seen)
{
	if (mark(lock, seen, HF__LOCK_SLEEPERS))
		(void)hf_plat_wait(&lock->word, seen | HF__LOCK_SLEEPERS, HF_FOREVER);
}

/* It is next, after the coordinator. */
static void wait_starved(struct hf_lock *lock)
{
	uint32_t seen;
	for (;;) {
		uint32_t ticket = atomic_load(&starved_turn);
		if (take(lock, HF__LOCK_HELD | HF__LOCK_COORDINATOR, HF__LOCK_STARVED, &seen))
			return;
		(void)hf_plat_wait(&starved_turn, ticket, HF_FOREVER);
	}
}

static void wait_among_others(struct hf_lock *lock)
{
	/* A thread that waits while it holds a lock also delays the threads that want that lock. */
	bool in_a_hurry = hf_counter_own(&hf_locks) > 1;
	uint32_t seen;
	for (int woken = in_a_hurry ? TIMES_PASSED_BY : 0; !take(lock, HF__LOCK_HELD | NEXT, 0, &seen); woken++) {
		if (woken >= TIMES_PASSED_BY && !(seen & HF__LOCK_STARVED)) {
			if (!change(lock, &seen, seen | HF__LOCK_STARVED))
				continue;
			wait_starved(lock);
			return;
		}
		sleep_on_word(lock, seen);
	}
}

void hf__lock_slow(struct hf_lock *lock)
{
	if (comes_first) {
		atomic_fetch_or_explicit(&lock->word, HF__LOCK_COORDINATOR, memory_order_relaxed);
		wait_for_turn(lock);
	} else if (!spin(lock)) {
		wait_among_others(lock);
	}
}

void hf__unlock_slow(struct hf_lock *lock)
{
	uint32_t was = atomic_fetch_and_explicit(&lock->word, NEXT, memory_order_release);
	if (was & HF__LOCK_COORDINATOR) {
		atomic_fetch_add(&coordinator_turn, 1);
		hf_plat_wake(&coordinator_turn, 1);
	} else if (was & HF__LOCK_STARVED) {
		atomic_fetch_add(&starved_turn, 1);
		hf_plat_wake(&starved_turn, UINT32_MAX);
	} else {
		hf_plat_wake(&lock->word, 1);
	}
}

#if defined(__wasm__)
void hf_lock(struct hf_lock *lock) HF_NO_TSA
{
	hf_lock_near(lock);
}

void hf_unlock(struct hf_lock *lock) HF_NO_TSA
{
	hf_unlock_near(lock);
}
#endif
