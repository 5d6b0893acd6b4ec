/* Deadlines are absolute and exact: a sleep of 300 microseconds is neither none nor a millisecond, and never too short. */
#include "support/threads.h"

static void check_sleep(struct hf_thread *thread, uint64_t length, enum hf_park_spin spin)
{
	uint64_t shortest = HF_FOREVER;
	/* Of several tries the best one: the machine may be busy. */
	for (int i = 0; i < 20; i++) {
		uint64_t start = hf_plat_monotonic();
		CHECK_ERR(hf_park(thread, hf_park_ticket(thread), start + length, spin), -HF_ETIMEDOUT);
		uint64_t took = hf_plat_monotonic() - start;
		CHECK(took >= length);
		if (took < shortest)
			shortest = took;
	}
	CHECK(shortest < length + 5 * MILLISECOND);
}

static void check_past(struct hf_thread *thread)
{
	uint64_t before = hf_counter_read(&thread->parks);
	CHECK_ERR(hf_park(thread, hf_park_ticket(thread), 0, HF_PARK_SPIN), -HF_ETIMEDOUT);
	CHECK_ERR(hf_park(thread, hf_park_ticket(thread), hf_plat_monotonic(), HF_PARK_AT_ONCE), -HF_ETIMEDOUT);
	CHECK_ERR(hf_thread_sleep(thread, 1), -HF_ETIMEDOUT);
	CHECK_EQ(hf_counter_read(&thread->parks), before);
	/* A look costs no spinning: ten thousand of them do not take the 0.1 s that would. */
	uint64_t start = hf_plat_monotonic();
	for (int i = 0; i < 1000; i++)
		(void)!hf_park(thread, hf_park_ticket(thread), 0, HF_PARK_SPIN);
	CHECK(hf_plat_monotonic() - start < 100 * MILLISECOND);
}

int main(void)
{
	struct hf_thread *thread = thread_begin();
	check_past(thread);
	const uint64_t lengths[] = {1, 1000, 50000, 160000, 300000, 999999, MILLISECOND, 2 * MILLISECOND + 345678};
	for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		check_sleep(thread, lengths[i], HF_PARK_AT_ONCE);
		check_sleep(thread, lengths[i], HF_PARK_SPIN);
	}
	/* hf_thread_sleep goes on sleeping when something else changes. */
	uint64_t deadline = hf_plat_monotonic() + 3 * MILLISECOND;
	hf_thread_wake(thread);
	CHECK_ERR(hf_thread_sleep(thread, deadline), -HF_ETIMEDOUT);
	CHECK(hf_plat_monotonic() >= deadline);
	thread_end(thread);
	return done();
}
