/* poll and pollable.block wait for the first of any number of pollables, without using CPU, and report what is ready and nothing else. */
#include "support/p2.h"

#include <string.h>

#include "support/threads.h"

#define OUT P2_OUT

/* Polls the handles; returns how many are ready, and stores their indexes at *places. */
static uint32_t poll(struct p2_program *c, const uint32_t *handles, uint32_t count, uint32_t *places)
{
	poke(c->program, 1024, handles, count * 4);
	hf_p2_poll(c->b, 1024, count, OUT);
	uint32_t at = peek_u32(c->program, OUT), ready = peek_u32(c->program, OUT + 4);
	CHECK_EQ(at % 4, 0);
	CHECK(ready > 0 && ready <= count);
	for (uint32_t i = 0; i < ready; i++)
		places[i] = peek_u32(c->program, at + i * 4);
	return ready;
}

static void clocks_are_ready_in_time(struct p2_program *c)
{
	uint64_t before = hf_p2_monotonic_now(c->b);
	CHECK(hf_p2_monotonic_resolution(c->b) > 0);
	CHECK_EQ(hf_p2_pollable_ready(c->b, hf_p2_subscribe_duration(c->b, 0)), 1);
	CHECK_EQ(hf_p2_pollable_ready(c->b, hf_p2_subscribe_instant(c->b, before)), 1);
	CHECK_EQ(hf_p2_pollable_ready(c->b, hf_p2_subscribe_instant(c->b, 0)), 1);
	CHECK_EQ(hf_p2_pollable_ready(c->b, hf_p2_subscribe_duration(c->b, UINT64_MAX)), 0);
	CHECK_EQ(hf_p2_pollable_ready(c->b, hf_p2_subscribe_instant(c->b, UINT64_MAX)), 0);
	/* Less than a millisecond is rounded neither to 0 nor up to one. */
	for (uint64_t wait = 1000; wait <= 5 * MILLISECOND; wait *= 5) {
		uint64_t start = hf_p2_monotonic_now(c->b);
		uint32_t handle = hf_p2_subscribe_duration(c->b, wait);
		hf_p2_pollable_block(c->b, handle);
		CHECK(hf_p2_monotonic_now(c->b) >= start + wait);
		CHECK_EQ(hf_p2_pollable_ready(c->b, handle), 1);
		hf_p2_pollable_block(c->b, handle); /* is always ready */
	}
}

static void first_ready_wins(struct p2_program *c)
{
	uint32_t in = hf_p2_get_stdin(c->b), places[4];
	uint32_t handles[] = {hf_p2_input_stream_subscribe(c->b, in), hf_p2_subscribe_duration(c->b, UINT64_MAX),
	                      hf_p2_subscribe_duration(c->b, 1000), 0};
	handles[3] = handles[0];
	CHECK_EQ(poll(c, handles, 4, places), 1);
	CHECK_EQ(places[0], 2);
	CHECK_EQ(program_feed(c->program, "x", 1), 1);
	CHECK_EQ(poll(c, handles, 4, places), 3);
	CHECK_EQ(places[0], 0);
	CHECK_EQ(places[1], 2);
	CHECK_EQ(places[2], 3);
	hf_p2_input_stream_read(c->b, in, 1, OUT);
	CHECK_EQ(hf_p2_pollable_ready(c->b, handles[0]), 0);
	program_close(c->program, 0);
	CHECK_EQ(hf_p2_pollable_ready(c->b, handles[0]), 1); /* the end is an event, too */
}

static void feed_late(struct p2_program *c)
{
	CHECK_EQ(program_feed(c->program, "x", 1), 1);
}

#define MANY 200

/* The thread sleeps only once, however many pollables there are. */
static void many_sleep_once(struct p2_program *c)
{
	uint32_t in = hf_p2_get_stdin(c->b), handles[MANY], places[MANY];
	for (uint32_t i = 0; i < MANY - 1; i++)
		handles[i] = hf_p2_subscribe_duration(c->b, 3600 * SECOND + i);
	handles[MANY - 1] = hf_p2_input_stream_subscribe(c->b, in);
	uint64_t parks = hf_counter_read(&c->program->thread->parks);
	p2_meanwhile(c, feed_late);
	CHECK_EQ(poll(c, handles, MANY, places), 1);
	CHECK_EQ(places[0], MANY - 1);
	CHECK_EQ(hf_counter_read(&c->program->thread->parks), (int64_t)parks + 1);
	for (uint32_t i = 0; i < MANY; i++)
		hf_p2_drop(c->b, HF_P2_POLLABLE, handles[i]);
	hf_p2_drop(c->b, HF_P2_INPUT_STREAM, in);
	CHECK_EQ(c->p2->handles, 0);
}

static void no_pollables(struct p2_program *c)
{
	hf_p2_poll(c->b, 1024, 0, OUT);
}

static void beyond_memory(struct p2_program *c)
{
	hf_p2_poll(c->b, GUEST_SIZE - 4, 2, OUT);
}

static void four_gigabytes(struct p2_program *c)
{
	hf_p2_poll(c->b, 0, 0x40000000, OUT);
}

static void more_than_can_be_indexed(struct p2_program *c)
{
	hf_p2_poll(c->b, 0, UINT32_MAX, OUT);
}

static void too_many(struct p2_program *c)
{
	hf_p2_poll(c->b, 0, hf_default_limits.poll_subscriptions + 1, OUT);
}

static void misaligned(struct p2_program *c)
{
	hf_p2_poll(c->b, 1026, 1, OUT);
}

static void misaligned_result(struct p2_program *c)
{
	hf_p2_poll(c->b, 1024, 1, OUT + 2);
}

static void one_is_no_handle(struct p2_program *c)
{
	poke_u32(c->program, 1024, hf_p2_subscribe_duration(c->b, 0));
	poke_u32(c->program, 1028, 77);
	hf_p2_poll(c->b, 1024, 2, OUT);
}

int main(void)
{
	p2_runs(clocks_are_ready_in_time);
	p2_runs(first_ready_wins);
	p2_runs(many_sleep_once);
#define POLL "wasi:io/poll poll: "
	p2_traps(no_pollables, POLL "the list is empty");
	p2_traps(beyond_memory, POLL "the pointer 131068 is outside the component's memory");
	p2_traps(four_gigabytes, POLL "the pointer 0 is outside the component's memory");
	p2_traps(more_than_can_be_indexed, POLL "the pointer 0 is outside the component's memory");
	p2_traps(too_many, POLL "the list is too long: at most 4096 elements are allowed");
	p2_traps(misaligned, POLL "the pointer 1026 is not aligned");
	p2_traps(misaligned_result, POLL "the pointer 514 is not aligned");
	p2_traps(one_is_no_handle, POLL "there is no handle 77");
	return done();
}
