/* Waits for a thousand clock subscriptions at once, on both clocks, relative and absolute, with stdin among them. The first event is
 * a clock in one run, data in another, and the end of input in the third; it wakes the program at once.
 *
 * guest clock:
 *   args: clock
 *   stdin: hold
 *   expect-stdout: "ready\n"
 * guest data:
 *   args: data
 *   stdin: after "ready\n"
 *   stdin: wait 100ms
 *   stdin: "data"
 *   stdin: hold
 *   expect-stdout: "ready\n"
 * guest end:
 *   args: end
 *   stdin: after "ready\n"
 *   stdin: wait 100ms
 *   expect-stdout: "ready\n"
 */
#include "poll.h"

enum { COUNT = 1000, STDIN_AT = 500 };

static __wasi_subscription_t subs[COUNT];
static __wasi_event_t events[COUNT];

/* 200 ms if the clock is to come first; otherwise far more than anything else takes. */
static void fill(uint64_t timeout)
{
	for (unsigned i = 0; i < COUNT; i++) {
		__wasi_clockid_t id = i & 1 ? __WASI_CLOCKID_REALTIME : __WASI_CLOCKID_MONOTONIC;
		uint64_t later = timeout + i * 1000; /* all are different */
		subs[i] = i & 2 ? clock_sub(i, id, now_of(id) + later, ABSOLUTE) : clock_sub(i, id, later, 0);
	}
	subs[STDIN_AT] = read_sub(STDIN_AT, 0);
}

int main(int argc, char **argv)
{
	CHECK_EQ(argc, 2);
	bool clock_wins = strcmp(argv[1], "clock") == 0;
	uint64_t start = monotonic();

	fill(clock_wins ? 200 * MS : 60000 * MS);
	write_all(1, "ready\n", 6);
	size_t count = poll_subs(subs, events, COUNT);
	uint64_t took = monotonic() - start;

	if (clock_wins) {
		CHECK_BETWEEN(took, 198 * MS, 2000 * MS);
		bool seen[COUNT] = {false};
		for (size_t i = 0; i < count; i++) {
			CHECK_EQ(events[i].type, __WASI_EVENTTYPE_CLOCK);
			CHECK_EQ(events[i].error, 0);
			CHECK(events[i].userdata < COUNT && events[i].userdata != STDIN_AT);
			CHECK(!seen[events[i].userdata]);
			seen[events[i].userdata] = true;
		}
		return 0;
	}
	CHECK(took < 30000 * MS);
	CHECK_EQ(count, 1);
	CHECK_EQ(events[0].userdata, STDIN_AT);
	CHECK_EQ(events[0].type, __WASI_EVENTTYPE_FD_READ);
	CHECK_EQ(events[0].error, 0);
	if (strcmp(argv[1], "data") == 0) {
		char got[8];
		CHECK_EQ(events[0].fd_readwrite.nbytes, 4);
		CHECK_EQ(events[0].fd_readwrite.flags, 0);
		CHECK_EQ(read_some(0, got, sizeof got), 4);
	} else {
		CHECK_EQ(events[0].fd_readwrite.nbytes, 0);
		CHECK_EQ(events[0].fd_readwrite.flags, __WASI_EVENTRWFLAGS_FD_READWRITE_HANGUP);
	}
	return 0;
}
