/* Deadlines are absolute and exact: a sleep of 300 microseconds takes neither no time nor a millisecond, and is never too short. */
#define _GNU_SOURCE
#include <time.h>

#include "support/threads.h"

#define TRIES_LEAST 20
#define TRIES_MOST 2000
#define LOOKS 10000

static void check_sleep(struct hf_thread *thread, uint64_t length, enum hf_park_spin spin)
{
	uint64_t shortest = HF_FOREVER;
	/* Takes the shortest of several tries, and of more on a busy machine. */
	for (int i = 0; i < TRIES_LEAST || (i < TRIES_MOST && shortest >= length + 5 * MILLISECOND); i++) {
		uint64_t start = hf_plat_monotonic();
		CHECK_ERR(hf_park(thread, hf_park_ticket(thread), start + length, spin), -HF_ETIMEDOUT);
		uint64_t took = hf_plat_monotonic() - start;
		CHECK(took >= length);
		if (took < shortest)
			shortest = took;
	}
	CHECK(shortest < length + 5 * MILLISECOND);
}

/* The CPU time of many waits whose deadline has already passed. */
static uint64_t looks(struct hf_thread *thread, enum hf_park_spin spin)
{
	struct timespec from, to;
	CHECK_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from), 0);
	for (int i = 0; i < LOOKS; i++)
		(void)!hf_park(thread, hf_park_ticket(thread), 0, spin);
	CHECK_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to), 0);
	return (uint64_t)(to.tv_sec - from.tv_sec) * UINT64_C(1000000000) + (uint64_t)to.tv_nsec - (uint64_t)from.tv_nsec;
}

static void check_past(struct hf_thread *thread)
{
	uint64_t before = hf_counter_read(&thread->parks);
	CHECK_ERR(hf_park(thread, hf_park_ticket(thread), 0, HF_PARK_SPIN), -HF_ETIMEDOUT);
	CHECK_ERR(hf_park(thread, hf_park_ticket(thread), hf_plat_monotonic(), HF_PARK_AT_ONCE), -HF_ETIMEDOUT);
	CHECK_ERR(hf_thread_sleep(thread, 1), -HF_ETIMEDOUT);
	CHECK_EQ(hf_counter_read(&thread->parks), before);
	/* A wait whose deadline has passed does not spin. */
	uint64_t plain = looks(thread, HF_PARK_AT_ONCE);
	CHECK(looks(thread, HF_PARK_SPIN) < 4 * plain);
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
	/* hf_thread_sleep continues to sleep when something else changes. */
	uint64_t deadline = hf_plat_monotonic() + 3 * MILLISECOND;
	hf_thread_wake(thread);
	CHECK_ERR(hf_thread_sleep(thread, deadline), -HF_ETIMEDOUT);
	CHECK(hf_plat_monotonic() >= deadline);
	thread_end(thread);
	return done();
}
