// flags: -nostdlib -fno-builtin
/* poll_oneoff of wasi_unstable: subscriptions of 56 bytes, with an identifier before the clock's id.
 *
 * guest:
 *   stdin: after "ready\n"
 *   stdin: wait 100ms
 *   stdin: "data"
 *   stdin: hold
 *   expect-stdout: "ready\n"
 */
#include "unstable.h"

#define MS 1000000u
#define HOUR (3600u * (U)1000 * MS)

static struct subscription subs[3];
static struct event events[3];

static U now(void)
{
	U time = 0;
	CHECK(clock_time_get(CLOCK_MONOTONIC, 1, &time) == 0);
	return time;
}

static void clock(int index, U userdata, U timeout, uint16_t flags)
{
	subs[index].userdata = userdata;
	subs[index].type = EVENT_CLOCK;
	subs[index].clock.identifier = 0x1111111111111111; /* must not be taken for an id or a timeout */
	subs[index].clock.clock_id = CLOCK_MONOTONIC;
	subs[index].clock.timeout = timeout;
	subs[index].clock.precision = 0;
	subs[index].clock.flags = flags;
}

void _start(void)
{
	u count = 0;
	U start = now();

	clock(0, 100, HOUR, 0);
	clock(1, 101, 50 * MS, 0);
	clock(2, 102, start + HOUR, 1);
	CHECK(poll_oneoff(subs, events, 3, &count) == 0);
	CHECK(count == 1 && events[0].userdata == 101 && events[0].error == 0 && events[0].type == EVENT_CLOCK);
	CHECK(now() - start >= 50 * MS && now() - start < 30000 * MS);

	start = now();
	clock(1, 101, start + 50 * MS, 1);
	CHECK(poll_oneoff(subs, events, 3, &count) == 0);
	CHECK(count == 1 && events[0].userdata == 101);
	CHECK(now() - start >= 50 * MS && now() - start < 30000 * MS);

	subs[1].userdata = 103;
	subs[1].type = EVENT_FD_READ;
	subs[1].fd = 99;
	CHECK(poll_oneoff(subs, events, 3, &count) == 0);
	CHECK(count == 1 && events[0].userdata == 103 && events[0].error == EBADF && events[0].type == EVENT_FD_READ);

	say(1, "ready\n", 6);
	subs[1].fd = 0;
	CHECK(poll_oneoff(subs, events, 3, &count) == 0);
	CHECK(count == 1 && events[0].userdata == 103 && events[0].error == 0 && events[0].nbytes == 4);

	CHECK(poll_oneoff(subs, events, 0, &count) == EINVAL);
	proc_exit(0);
}
