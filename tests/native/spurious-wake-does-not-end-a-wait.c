/* A thread that wakes for no reason goes back to sleep; only a change of the object that it waits for ends its wait. */
#include "support/threads.h"

#define POKES 20

static struct hf_thread *sleeper;
static hf_word there, changed;

static void sleep_or_poke(void *context, unsigned number)
{
	(void)context;
	if (number == 0) {
		sleeper = thread_begin();
		uint32_t ticket = hf_park_ticket(sleeper);
		atomic_store(&there, 1);
		CHECK_OK(hf_park(sleeper, ticket, HF_FOREVER, HF_PARK_AT_ONCE));
		CHECK_EQ(atomic_load(&changed), 1);
		return;
	}
	while (!atomic_load(&there))
		hf_plat_yield();
	/* A poke that comes just before the thread sleeps has no effect. */
	while (hf_counter_read(&sleeper->wakeups) < POKES) {
		until_parked(sleeper);
		hf_plat_wake(&sleeper->park, 1);
	}
	until_parked(sleeper);
	atomic_store(&changed, 1);
	hf_thread_wake(sleeper);
}

int main(void)
{
	in_threads(2, sleep_or_poke, NULL);
	CHECK(hf_counter_read(&sleeper->wakeups) > POKES);
	CHECK_EQ(hf_counter_read(&sleeper->wakeups), hf_counter_read(&sleeper->parks));
	thread_end(sleeper);
	return done();
}
