/* Only one thread at a time is inside a lock, and no thread sleeps forever. */
#define HF_LOCK_UNTOLD
#include "platform/lock.h"

#include "support/check.h"

#define THREADS 6

static struct budget budget = {.milliseconds = 1000};
static struct hf_lock lock = HF_LOCK_INIT(HF_RANK_LEAF);
static uint64_t guarded[2];
static _Atomic uint64_t turns;

static void hammer(void *context, unsigned number)
{
	(void)context;
	uint64_t seed = number + 1, mine = 0;
	while (time_left(&budget)) {
		hf_lock(&lock);
		CHECK(hf_lock_is_held(&lock));
		CHECK_EQ(guarded[0], guarded[1]);
		guarded[0]++;
		/* Sometimes hold it long enough for others to fall asleep. */
		if (random_below(&seed, 100) == 0)
			hf_plat_yield();
		guarded[1]++;
		hf_unlock(&lock);
		mine++;
	}
	atomic_fetch_add(&turns, mine);
}

int main(void)
{
	in_threads(THREADS, hammer, NULL);
	CHECK_EQ(guarded[0], turns);
	CHECK(!hf_lock_is_held(&lock));
	return done();
}
