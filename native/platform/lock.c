/* lock.c - the slow paths of lock.h: spin briefly if another core may be about to let go, then sleep on the word. */
#include "platform/lock.h"

#define SPINS 200

void hf__lock_slow(struct hf_lock *lock)
{
	if (hf_plat_cores() > 1) {
		for (int i = 0; i < SPINS; i++) {
			uint32_t expected = 0;
			if (atomic_load_explicit(&lock->word, memory_order_relaxed) == 0 &&
			    atomic_compare_exchange_weak_explicit(&lock->word, &expected, 1, memory_order_acquire,
			                                          memory_order_relaxed))
				return;
			hf_plat_relax();
		}
	}
	/* From here on the word says 2, so that whoever unlocks knows to wake somebody. */
	while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0)
		(void)hf_plat_wait(&lock->word, 2, HF_FOREVER);
}

void hf__unlock_slow(struct hf_lock *lock)
{
	hf_plat_wake(&lock->word, 1);
}
