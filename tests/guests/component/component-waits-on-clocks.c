/* wasi:clocks: the monotonic clock never runs backwards and its pollables wait long enough; the wall clock is after 2020.
 *
 * guest:
 */
#include "wasi2.h"

int main(void)
{
	uint64_t before = monotonic_clock_now();
	for (int i = 0; i < 1000; i++) {
		uint64_t now = monotonic_clock_now();
		CHECK(now >= before);
		before = now;
	}
	CHECK(monotonic_clock_resolution() > 0);

	uint64_t begun = monotonic_clock_now();
	poll_own_pollable_t pollable = monotonic_clock_subscribe_duration(30 * MILLISECOND);
	poll_method_pollable_block(poll_borrow_pollable(pollable));
	CHECK(monotonic_clock_now() - begun >= 29 * MILLISECOND);
	poll_pollable_drop_own(pollable);

	uint64_t when = monotonic_clock_now() + 30 * MILLISECOND;
	pollable = monotonic_clock_subscribe_instant(when);
	poll_method_pollable_block(poll_borrow_pollable(pollable));
	CHECK(monotonic_clock_now() >= when - MILLISECOND);
	poll_pollable_drop_own(pollable);

	wall_clock_datetime_t now, resolution;
	wall_clock_now(&now);
	CHECK(now.seconds > 1577836800);
	CHECK(now.nanoseconds < 1000000000);
	wall_clock_resolution(&resolution);
	CHECK(resolution.seconds > 0 || resolution.nanoseconds > 0);
	return 0;
}
