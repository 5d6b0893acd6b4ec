/* 64 threads take one lock in a loop. Once the coordinator asks for it, no other thread gets it before the coordinator does; the test counts this
 * instead of measuring time. No thread is overtaken forever, not even one that rarely takes the lock. */
#define HF_LOCK_UNTOLD
#include "platform/lock.h"

#include "support/threads.h"

#include <stdio.h>

#define HOSTILE 64
#define RARE HOSTILE /* takes it now and then */
#define COORDINATOR (RARE + 1)
#define TURNS_LEAST 20

static struct budget budget = {.milliseconds = 1500};
static struct hf_lock lock = HF_LOCK_INIT(HF_RANK_LEAF);
static _Atomic bool over;

/* Protected by the lock. */
static uint64_t grants, asked_at; /* the grant during which the coordinator was seen to ask, or 0 */
static uint64_t turns[RARE + 1];

static _Atomic uint64_t coordinators, rare_turns;

static void hold(unsigned number, unsigned spins)
{
	hf_lock(&lock);
	uint64_t mine = ++grants;
	turns[number]++;
	for (unsigned i = 0; i < spins; i++)
		hf_plat_relax();
	if (atomic_load(&lock.word) & HF__LOCK_COORDINATOR)
		asked_at = mine;
	CHECK_EQ(grants, mine);
	hf_unlock(&lock);
}

static void coordinate(void)
{
	uint64_t longest = 0, waits = 0;
	hf_lock_come_first();
	while (time_left(&budget) || atomic_load(&rare_turns) < TURNS_LEAST) {
		uint64_t from = hf_plat_monotonic();
		hf_lock(&lock);
		if (asked_at) {
			CHECK_EQ(grants, asked_at);
			waits++;
		}
		asked_at = 0;
		hf_unlock(&lock);
		uint64_t took = hf_plat_monotonic() - from;
		longest = took > longest ? took : longest;
		sleep_us(100);
	}
	atomic_store(&over, true);
	printf("the coordinator waited %llu times, for at most %.2f ms\n", (unsigned long long)waits,
	       (double)longest / 1e6);
	atomic_store(&coordinators, waits);
}

static void run(void *context, unsigned number)
{
	(void)context;
	uint64_t seed = number + 1;
	if (number == COORDINATOR) {
		coordinate();
		return;
	}
	while (!atomic_load(&over)) {
		hold(number, random_below(&seed, 2000));
		if (number == RARE) {
			atomic_fetch_add(&rare_turns, 1);
			sleep_us(200);
		}
	}
}

int main(void)
{
	in_threads(COORDINATOR + 1, run, NULL);
	uint64_t fewest = UINT64_MAX;
	for (unsigned i = 0; i < HOSTILE; i++)
		fewest = turns[i] < fewest ? turns[i] : fewest;
	printf("%llu turns, at least %llu a thread\n", (unsigned long long)grants, (unsigned long long)fewest);
	CHECK(coordinators > 0);
	CHECK(fewest > 0);
	CHECK(!hf_lock_is_held(&lock));
	CHECK_EQ(hf_counter_own(&hf_locks), 0);
	return done();
}
