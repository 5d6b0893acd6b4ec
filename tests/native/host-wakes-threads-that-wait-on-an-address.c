/* memory.atomic.wait returns "not equal" at once and a timeout when it has passed; memory.atomic.notify wakes as many of the waiting threads as it returns. */
#include "support/by_hand.h"

#define WAITERS 3

static _Atomic uint32_t woken;

static uint32_t wait(uint32_t address, uint64_t expected, uint32_t size, int64_t timeout)
{
	return CALL(hf_guest_wait(guest_bytes + address, expected, size, timeout));
}

static uint32_t notify(uint32_t address, uint32_t count)
{
	return CALL(hf_guest_notify(guest_bytes + address, count));
}

static void waiter(void)
{
	CHECK_EQ(wait(8, 0, 4, -1), 0);
	woken++;
}

static void first(void)
{
	*(uint64_t *)(void *)(guest_bytes + 16) = UINT64_C(5) << 32;
	CHECK_EQ(wait(8, 1, 4, -1), 1);
	CHECK_EQ(wait(16, 0, 8, -1), 1);
	CHECK_EQ(wait(16, UINT64_C(5) << 32, 8, 0), 2);
	uint64_t from = hf_plat_monotonic();
	CHECK_EQ(wait(16, 0, 4, (int64_t)MILLISECOND), 2);
	CHECK(hf_plat_monotonic() - from >= MILLISECOND);
	CHECK_EQ(notify(8, 100), 0);

	for (int i = 0; i < WAITERS; i++)
		CHECK((int32_t)CALL((uint32_t)hf_wt_thread_spawn(0)) > 0);
	CHECK_EQ(notify(12, 100), 0); /* another address */
	CHECK_EQ(notify(8, 0), 0);
	for (uint32_t total = 0; total < WAITERS;) {
		uint32_t now = notify(8, 1);
		CHECK(now <= 1);
		total += now;
		(void)CALL(hf_p1_sched_yield());
	}
	while (woken < WAITERS)
		(void)CALL(hf_p1_sched_yield());
	CHECK_EQ(notify(8, 100), 0);
}

static void guest(uint32_t tid, uint32_t argument)
{
	(void)argument;
	if (tid == 0)
		first();
	else
		waiter();
}

int main(void)
{
	CHECK_OK(hf_host_start(0));
	end_by_hand(begin_by_hand(guest, -1, -1), HF_ENDED_EXIT, 0);
	hf_host_stop();
	return done();
}
