// forms: wrapped
/* Sleeps of 100 microseconds really last that long, and fifty of them do not last fifty times a scheduler's tick.
 *
 * guest:
 */
#include "poll.h"

int main(void)
{
	uint64_t start = monotonic(), shortest = UINT64_MAX;

	for (int i = 0; i < 50; i++) {
		__wasi_subscription_t sub = clock_sub(0, __WASI_CLOCKID_MONOTONIC, 100000, 0);
		__wasi_event_t event;
		uint64_t before = monotonic();
		poll_subs(&sub, &event, 1);
		uint64_t took = monotonic() - before;
		if (took < shortest)
			shortest = took;
	}
	CHECK(shortest >= 100000);
	/* Usually 5 ms in total; even if every sleep takes 2 ms, the total is far less than with ticks of 16 ms. */
	CHECK_BETWEEN(monotonic() - start, 50 * 100000, 500 * MS);
	return 0;
}
