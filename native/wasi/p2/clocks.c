/* clocks.c - wasi:clocks. */
#include "wasi/p2/door.h"
#include "wasi/p2/pollable.h"

#define NS_PER_SECOND UINT64_C(1000000000)

/* ---- monotonic-clock ---- */

static uint64_t sys_monotonic_now(hf_b b)
{
	return hf__monotonic(b->p2->thread);
}

P2_PLAIN_DOOR(uint64_t, monotonic_now)

static uint64_t sys_monotonic_resolution(hf_b b)
{
	(void)b;
	return hf_plat_clock_resolution();
}

P2_PLAIN_DOOR(uint64_t, monotonic_resolution)

static uint32_t subscribe(hf_b b, uint64_t deadline)
{
	struct hf_p2_pollable *pollable = hf__p2_pollable(b->p2, HF_P2_EVENT_TIME, NULL);
	if (!pollable)
		return hf__p2_give(b, NULL);
	pollable->deadline = deadline;
	return hf__p2_give(b, &pollable->base);
}

static uint32_t sys_subscribe_instant(hf_b b, uint64_t when)
{
	return subscribe(b, when);
}

P2_DOOR(uint32_t, subscribe_instant, (uint64_t when), when)

static uint32_t sys_subscribe_duration(hf_b b, uint64_t when)
{
	uint64_t now = when == 0 ? 0 : hf__monotonic(b->p2->thread);
	return subscribe(b, when > HF_FOREVER - now ? HF_FOREVER : now + when);
}

P2_DOOR(uint32_t, subscribe_duration, (uint64_t when), when)

/* ---- wall-clock ---- */

struct datetime {
	uint64_t seconds;
	uint32_t nanoseconds;
};

static void put_datetime(hf_b b, uint32_t out, uint64_t ns)
{
	struct datetime datetime = {.seconds = ns / NS_PER_SECOND, .nanoseconds = (uint32_t)(ns % NS_PER_SECOND)};
	/* Leaves the padding alone: it belongs to the component. */
	if (hf__p2_check(b, out, 16, 8) == 0)
		hf__p2_store(b, out, &datetime, 12);
}

static void sys_wall_now(hf_b b, uint32_t out)
{
	put_datetime(b, out, hf_plat_realtime());
}

P2_VOID_DOOR(wall_now, (uint32_t out), out)

static void sys_wall_resolution(hf_b b, uint32_t out)
{
	put_datetime(b, out, hf_plat_clock_resolution());
}

P2_VOID_DOOR(wall_resolution, (uint32_t out), out)

/* ---- timezone: UTC, because a worker knows the offset only of the present, not the rules. "If the timezone cannot be determined, or if it is
 * UTC, the offset is 0 and the name `UTC`" (timezone.wit) ---- */

/* record timezone-display */
struct display {
	int32_t offset;
	struct hf_p2_list name;
	uint32_t in_daylight_saving_time;
};

static uint32_t sys_utc_offset(hf_b b, uint64_t seconds, uint32_t nanoseconds)
{
	(void)b, (void)seconds, (void)nanoseconds;
	return 0;
}

P2_DOOR(uint32_t, utc_offset, (uint64_t seconds, uint32_t nanoseconds), seconds, nanoseconds)

static void sys_timezone_display(hf_b b, uint64_t seconds, uint32_t nanoseconds, uint32_t out)
{
	static const char name[] = "UTC";
	struct display display = {0};
	(void)seconds, (void)nanoseconds;
	if (hf__p2_check(b, out, sizeof display, 4) == 0 && hf__p2_put_string(b, name, sizeof name - 1, &display.name) == 0)
		hf__p2_store(b, out, &display, sizeof display);
}

P2_VOID_DOOR(timezone_display, (uint64_t seconds, uint32_t nanoseconds, uint32_t out), seconds, nanoseconds, out)
