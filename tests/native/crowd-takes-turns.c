/* If a process has many more threads than there are cores, only as many threads as cores have a turn. The others wait in line until a thread with
 * a turn sleeps, yields, ends or has had its turn for long enough. They stop waiting when they get the order to stop. */
#include "support/threads.h"

#include <stdlib.h>

static struct hf_process *process;
static struct hf_thread **threads;
static uint32_t cores, count;
static _Atomic uint32_t in_line; /* OS threads in take_now */

static void ignore(struct hf_work *work)
{
	(void)work;
}

static void begin(void)
{
	cores = hf_plat_cores();
	count = 2 * cores + 3;
	process = process_begin(ignore);
	process->limits.threads = count;
	threads = calloc(count, sizeof *threads);
	CHECK(threads);
	for (uint32_t i = 0; i < count; i++)
		threads[i] = thread_begin_in(process, i + 1);
}

static void end(void)
{
	while (atomic_load(&in_line) > 0)
		sleep_ms(1);
	for (uint32_t i = 0; i < count; i++) {
		if (!threads[i])
			continue;
		hf_process_thread_gone(threads[i]);
		free(threads[i]);
	}
	free(threads);
	(void)hf_work_cancel(&process->ended);
	hf_process_unref(process);
}

/* These tests do not go through the door: the thread counts as in the kernel already. */
static void take(struct hf_thread *thread)
{
	hf_thread_become(thread);
	hf_turn_take(thread);
}

static void take_now(void *thread)
{
	take(thread);
	hf_thread_become(NULL);
	atomic_fetch_sub(&in_line, 1);
}

static enum hf_turn turn(uint32_t i)
{
	return (enum hf_turn)atomic_load(&threads[i]->turn);
}

static void until(uint32_t i, enum hf_turn expected)
{
	while (turn(i) != expected)
		sleep_ms(1);
}

static void until_it_stops_waiting(uint32_t i)
{
	while (turn(i) == HF_TURN_WAITS || turn(i) == HF_TURN_NEXT)
		sleep_ms(1);
}

/* Thread i joins the line. On a slow machine it may already have its turn when this returns, because the longest turn is over. */
static void line_up(uint32_t i)
{
	atomic_fetch_add(&in_line, 1);
	in_background(take_now, threads[i]);
	while (turn(i) == HF_TURN_NONE)
		sleep_ms(1);
}

static void all_cores_busy(void)
{
	for (uint32_t i = 0; i < cores; i++) {
		CHECK(hf_turn_is_due(threads[i]));
		take(threads[i]);
		CHECK_EQ(turn(i), HF_TURN_HAS);
		CHECK(!hf_turn_is_due(threads[i]));
	}
	hf_thread_become(NULL);
}

static void check_who_is_a_crowd(void)
{
	begin();
	for (uint32_t i = 0; i < count; i++)
		CHECK_EQ(atomic_load(&threads[i]->orders), HF_ORDER_TURN);
	end();
	process = process_begin(ignore);
	struct hf_thread *alone = thread_begin_in(process, 1);
	CHECK_EQ(atomic_load(&alone->orders), 0);
	hf_process_thread_gone(alone);
	free(alone);
	(void)hf_work_cancel(&process->ended);
	hf_process_unref(process);
}

static void check_time_ends_the_longest_turn(void)
{
	begin();
	all_cores_busy();
	line_up(cores);
	until(cores, HF_TURN_HAS);
	CHECK_EQ(turn(0), HF_TURN_OVER);
	for (uint32_t i = 1; i < cores; i++)
		CHECK_EQ(turn(i), HF_TURN_HAS);
	CHECK(hf_turn_is_due(threads[0]));
	end();
}

static void check_room(void (*make_room)(struct hf_thread *), enum hf_turn then)
{
	begin();
	all_cores_busy();
	line_up(cores);
	make_room(threads[cores - 1]);
	if (turn(0) != HF_TURN_OVER)
		CHECK_EQ(turn(cores - 1), then);
	until(cores, HF_TURN_HAS);
	end();
}

static void sleep_a_moment(struct hf_thread *thread)
{
	hf_thread_become(thread);
	CHECK_ERR(hf_thread_sleep(thread, hf_plat_monotonic() + MILLISECOND), -HF_ETIMEDOUT);
	hf_thread_become(NULL);
}

static void yield(struct hf_thread *thread)
{
	hf_turn_yield(thread);
}

static void leave(struct hf_thread *thread)
{
	hf_process_thread_gone(thread);
	free(thread);
	threads[cores - 1] = NULL;
}

static void check_a_thread_that_leaves(void)
{
	begin();
	all_cores_busy();
	line_up(cores);
	leave(threads[cores - 1]);
	until(cores, HF_TURN_HAS);
	end();
}

static void check_yield_when_none_waits(void)
{
	begin();
	all_cores_busy();
	hf_turn_yield(threads[0]);
	CHECK_EQ(turn(0), HF_TURN_HAS);
	end();
}

static void check_between_pieces_of_a_long_call(void)
{
	begin();
	all_cores_busy();
	line_up(cores);
	until(cores, HF_TURN_HAS);
	hf_turn_leave(threads[cores]);
	hf_thread_become(threads[0]);
	CHECK(hf_thread_has_orders()); /* where a device ends its call */
	hf_turn_between_pieces();
	CHECK_EQ(turn(0), HF_TURN_HAS);
	CHECK(!hf_thread_has_orders());
	hf_thread_become(NULL);
	end();
}

static void check_stop(void)
{
	begin();
	all_cores_busy();
	/* Two, because only the first in line watches the clock. */
	line_up(cores);
	line_up(cores + 1);
	hf_thread_stop(threads[cores + 1]);
	hf_thread_stop(threads[cores]);
	until_it_stops_waiting(cores);
	until_it_stops_waiting(cores + 1);
	end();
}

int main(void)
{
	check_who_is_a_crowd();
	check_time_ends_the_longest_turn();
	check_room(sleep_a_moment, HF_TURN_NONE);
	check_room(yield, HF_TURN_OVER);
	check_a_thread_that_leaves();
	check_yield_when_none_waits();
	check_between_pieces_of_a_long_call();
	check_stop();
	return done();
}
