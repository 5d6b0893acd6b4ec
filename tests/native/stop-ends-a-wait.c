/* The order to stop ends a thread's current wait, and every later wait returns at once. */
#include "support/threads.h"

static struct hf_thread *sleeper;
static hf_word there;

static void sleep_or_stop(void *context, unsigned number)
{
	uint64_t deadline = *(uint64_t *)context;
	if (number == 1) {
		while (!atomic_load(&there))
			hf_plat_yield();
		until_parked(sleeper);
		hf_thread_stop(sleeper);
		return;
	}
	sleeper = thread_begin();
	atomic_store(&there, 1);
	int result;
	while ((result = hf_park(sleeper, hf_park_ticket(sleeper), deadline, HF_PARK_SPIN)) == 0)
		;
	CHECK_ERR(result, -HF_EINTR);
	for (int how = HF_PARK_AT_ONCE; how <= HF_PARK_SPIN; how++) {
		CHECK_ERR(hf_park(sleeper, hf_park_ticket(sleeper), HF_FOREVER, how), -HF_EINTR);
		CHECK_ERR(hf_park(sleeper, hf_park_ticket(sleeper) - 1, HF_FOREVER, how), -HF_EINTR);
		CHECK_ERR(hf_park(sleeper, hf_park_ticket(sleeper), 0, how), -HF_EINTR);
	}
	CHECK_ERR(hf_thread_sleep(sleeper, HF_FOREVER), -HF_EINTR);
	CHECK_EQ(hf_counter_read(&sleeper->parks), hf_counter_read(&sleeper->wakeups));
}

int main(void)
{
	uint64_t deadlines[] = {HF_FOREVER, hf_plat_monotonic() + 3600 * SECOND, HF_FOREVER - 1};
	for (int i = 0; i < 3; i++) {
		atomic_store(&there, 0);
		in_threads(2, sleep_or_stop, &deadlines[i]);
		thread_end(sleeper); /* only now, because until here the other thread might have been about to wake it */
	}
	return done();
}
