/* poll_oneoff with each kind of deadline: relative and absolute, realtime and monotonic, past, now and far away. It never returns early.
 *
 * guest:
 */
#include "poll.h"

/* Waits for one clock. Returns how long it took. */
static uint64_t wait(__wasi_clockid_t id, uint64_t timeout, unsigned flags)
{
	__wasi_subscription_t sub = clock_sub(UINT64_C(0x123456789abcdef0), id, timeout, flags);
	__wasi_event_t event;
	uint64_t start = monotonic();

	CHECK_EQ(poll_subs(&sub, &event, 1), 1);
	CHECK_EQ(event.userdata, UINT64_C(0x123456789abcdef0));
	CHECK_EQ(event.error, 0);
	CHECK_EQ(event.type, __WASI_EVENTTYPE_CLOCK);
	return monotonic() - start;
}

int main(void)
{
	static const __wasi_clockid_t clocks[] = {__WASI_CLOCKID_REALTIME, __WASI_CLOCKID_MONOTONIC};

	for (int i = 0; i < 2; i++) {
		__wasi_clockid_t id = clocks[i];
		/* A clock may be coarse, and the realtime clock may be set: tolerates a millisecond less, and much more. */
		CHECK_BETWEEN(wait(id, 50 * MS, 0), 49 * MS, 2000 * MS);
		CHECK_BETWEEN(wait(id, now_of(id) + 50 * MS, ABSOLUTE), 49 * MS, 2000 * MS);
		CHECK_BETWEEN(wait(id, 0, 0), 0, 1000 * MS);
		CHECK_BETWEEN(wait(id, 1, 0), 0, 1000 * MS);
		CHECK_BETWEEN(wait(id, now_of(id), ABSOLUTE), 0, 1000 * MS);
		CHECK_BETWEEN(wait(id, now_of(id) - 1, ABSOLUTE), 0, 1000 * MS);
		CHECK_BETWEEN(wait(id, 0, ABSOLUTE), 0, 1000 * MS);
		CHECK_BETWEEN(wait(id, 1, ABSOLUTE), 0, 1000 * MS);
	}

	/* Many at once: exactly those that are due are reported, here the two that share the earliest time. */
	uint64_t deadline = monotonic() + 30 * MS;
	__wasi_subscription_t subs[] = {
		clock_sub(1, __WASI_CLOCKID_MONOTONIC, UINT64_MAX, 0),
		clock_sub(2, __WASI_CLOCKID_MONOTONIC, deadline, ABSOLUTE),
		clock_sub(3, __WASI_CLOCKID_REALTIME, UINT64_MAX, ABSOLUTE),
		clock_sub(4, __WASI_CLOCKID_MONOTONIC, deadline, ABSOLUTE),
		clock_sub(5, __WASI_CLOCKID_MONOTONIC, 3600 * 1000 * MS, 0),
		clock_sub(6, __WASI_CLOCKID_MONOTONIC, UINT64_C(1) << 63, ABSOLUTE),
	};
	__wasi_event_t events[6];
	CHECK_EQ(poll_subs(subs, events, 6), 2);
	CHECK(monotonic() >= deadline);
	CHECK_EQ(events[0].userdata, 2);
	CHECK_EQ(events[1].userdata, 4);
	return 0;
}
