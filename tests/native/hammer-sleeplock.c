/* Threads take a sleeplock, sleep while they hold it, and get the order to stop: one thread at a time has it, no wake-up is lost, and each thread
 * gets it often, even if the others retry at once. */
#include "kernel/sleeplock.h"
#include "support/threads.h"

#define THREADS 4
/* At least this many, even on a slow machine. */
#define EACH_LEAST 50

static struct budget budget = {.milliseconds = 1000};
static struct hf_sleeplock sleeplock;
static struct hf_thread *threads[THREADS];
static hf_word there, threads_left = THREADS;
static int holder = -1; /* protected by the sleeplock, as ThreadSanitizer checks */
static _Atomic uint64_t taken[THREADS], stopped;

static bool enough(void)
{
	if (time_left(&budget) || atomic_load(&stopped) < EACH_LEAST)
		return false;
	for (int i = 0; i < THREADS; i++) {
		if (atomic_load(&taken[i]) < EACH_LEAST)
			return false;
	}
	return true;
}

static void hold(struct hf_thread *self, uint64_t *seed, int number)
{
	CHECK_EQ(holder, -1);
	holder = number;
	if (random_below(seed, 4) == 0) {
		int result = hf_thread_sleep(self, hf_plat_monotonic() + random_below(seed, 100000));
		CHECK(result == -HF_ETIMEDOUT || result == -HF_EINTR);
	}
	CHECK_EQ(holder, number);
	holder = -1;
}

static void take_often(unsigned number)
{
	uint64_t seed = number + 1;
	struct hf_thread *self = threads[number] = thread_begin();
	atomic_fetch_add(&there, 1);
	while (!enough()) {
		int result = hf_sleeplock_take(&sleeplock, self);
		if (result < 0) {
			CHECK_ERR(result, -HF_EINTR);
			atomic_store(&self->orders, 0); /* another life */
			atomic_fetch_add(&stopped, 1);
			continue;
		}
		hold(self, &seed, (int)number);
		hf_sleeplock_release(&sleeplock);
		atomic_fetch_add(&taken[number], 1);
	}
	atomic_fetch_sub(&threads_left, 1);
}

static void stop_some(void)
{
	uint64_t seed = 99;
	while (atomic_load(&there) < THREADS)
		hf_plat_yield();
	while (atomic_load(&threads_left) > 0) {
		hf_thread_stop(threads[random_below(&seed, THREADS)]);
		sleep_us(random_below(&seed, 500));
	}
}

static void hammer(void *context, unsigned number)
{
	(void)context;
	if (number < THREADS)
		take_often(number);
	else
		stop_some();
}

int main(void)
{
	hf_sleeplock_init(&sleeplock);
	in_threads(THREADS + 1, hammer, NULL);
	CHECK(!sleeplock.held && hf_list_empty(&sleeplock.sleepers));
	for (int i = 0; i < THREADS; i++)
		thread_end(threads[i]);
	return done();
}
