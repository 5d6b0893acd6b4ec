/* Threads wait for tokens of several owners at once, with and without deadlines; no token is lost and no thread
 * oversleeps. */
#include "support/threads.h"

#define BOXES 3
#define TAKERS 3

/* The parts of a kernel object that a wait needs: a lock, a state, a queue. */
static struct box {
	struct hf_lock lock;
	uint32_t tokens;
	struct hf_waitq queue;
} boxes[BOXES];

static struct budget budget = {.milliseconds = 1000};
static _Atomic uint64_t given, taken;
static hf_word closed;

static void give(uint64_t *seed)
{
	while (time_left(&budget)) {
		struct box *box = &boxes[random_below(seed, BOXES)];
		hf_lock(&box->lock);
		box->tokens++;
		hf_waitq_wake(&box->queue);
		hf_unlock(&box->lock);
		atomic_fetch_add(&given, 1);
		if (random_below(seed, 50) == 0)
			sleep_ms(1);
	}
	atomic_store(&closed, 1);
	for (int i = 0; i < BOXES; i++) {
		hf_lock(&boxes[i].lock);
		hf_waitq_wake(&boxes[i].queue);
		hf_unlock(&boxes[i].lock);
	}
}

/* Takes what is available; links the waiter otherwise. */
static bool look(struct hf_thread_waiter *waiters)
{
	bool found = false;
	for (int i = 0; i < BOXES; i++) {
		hf_lock(&boxes[i].lock);
		if (boxes[i].tokens > 0) {
			boxes[i].tokens--;
			atomic_fetch_add(&taken, 1);
			found = true;
		} else if (hf_list_empty(&waiters[i].waiter.link)) {
			hf_waitq_add(&boxes[i].queue, &waiters[i].waiter);
		}
		hf_unlock(&boxes[i].lock);
	}
	return found;
}

static void take(struct hf_thread *self, uint64_t *seed)
{
	struct hf_thread_waiter waiters[BOXES];
	for (;;) {
		for (int i = 0; i < BOXES; i++)
			hf_thread_waiter_init(&waiters[i], self);
		bool last = atomic_load(&closed);
		uint32_t ticket = hf_park_ticket(self);
		bool found = look(waiters);
		if (!found && !last && !atomic_load(&closed)) {
			uint64_t deadline = random_below(seed, 2) ? HF_FOREVER : hf_plat_monotonic() + random_below(seed, 2000000);
			int result = hf_park(self, ticket, deadline, random_below(seed, 2));
			CHECK(result == 0 || (result == -HF_ETIMEDOUT && deadline != HF_FOREVER));
		}
		for (int i = 0; i < BOXES; i++) {
			hf_lock(&boxes[i].lock);
			hf_waitq_remove(&waiters[i].waiter);
			hf_unlock(&boxes[i].lock);
		}
		if (last && !found)
			return;
	}
}

static void hammer(void *context, unsigned number)
{
	(void)context;
	uint64_t seed = number + 1;
	struct hf_thread *self = thread_begin();
	if (number == 0)
		give(&seed);
	else
		take(self, &seed);
	thread_end(self);
}

int main(void)
{
	for (int i = 0; i < BOXES; i++) {
		hf_lock_init(&boxes[i].lock, HF_RANK_PIPE);
		hf_waitq_init(&boxes[i].queue);
	}
	in_threads(1 + TAKERS, hammer, NULL);
	CHECK_EQ(given, taken);
	for (int i = 0; i < BOXES; i++)
		CHECK(hf_list_empty(&boxes[i].queue.waiters));
	return done();
}
