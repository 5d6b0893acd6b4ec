// forms: wrapped
/* Sleeps for 292 years. Only a kill ends it.
 *
 * guest:
 *   stdin: hold
 *   expect-stdout: "sleeping\n"
 *   expect-timeout: 300ms
 */
#include "poll.h"

int main(void)
{
	__wasi_subscription_t sub = clock_sub(0, __WASI_CLOCKID_MONOTONIC, INT64_MAX, 0);
	__wasi_event_t event;

	write_all(1, "sleeping\n", 9);
	poll_subs(&sub, &event, 1);
	return 9;
}
