/* A crowd's threads call, yield, sleep and compute, while it is paused and resumed, and in the end it is killed: all threads get their turns, all
 * are gone at the end, including the claimed ones, and none leaves a turn or a place in line occupied. */
#include "support/threads.h"

#include "platform/native.h"
#include "support/doors.h"

#include <stdlib.h>

static struct budget budget = {.milliseconds = 1800};
/* At least this many, even on a slow machine. */
#define CROWDS_LEAST 3

static struct hf_process *process;
static uint32_t cores, count;
static _Atomic uint32_t gone, calls;
static _Atomic bool over;

static void compute_for(uint64_t nanoseconds)
{
	uint64_t until = hf_plat_monotonic() + nanoseconds;
	while (hf_plat_monotonic() < until && !atomic_load(&over))
		hf_plat_relax();
}

static void sleep_for(uint64_t nanoseconds)
{
	hf_door_enter(hf_self);
	(void)!hf_thread_sleep(hf_self, hf_plat_monotonic() + nanoseconds);
	hf_door_leave(hf_self);
}

static void guest(void *context)
{
	uint64_t seed = (uintptr_t)context;
	while (!atomic_load(&over)) {
		switch (random_below(&seed, 40)) {
		case 0:
			sleep_for(random_below(&seed, 3) * MILLISECOND);
			break;
		case 1:
			compute_for(random_below(&seed, 10) * MILLISECOND);
			break;
		case 2:
		case 3:
			(void)hf_p1_sched_yield();
			break;
		default:
			hf_door_enter(hf_self);
			atomic_fetch_add(&calls, 1);
			hf_door_leave(hf_self);
		}
	}
	/* The process is being killed. Some return by themselves; the others may be claimed. */
	if (random_below(&seed, 2))
		return;
	sleep_ms(2);
	hf_door_enter(hf_self);
	hf_door_leave(hf_self);
}

static void run(void *context)
{
	struct hf_thread *thread = context;
	(void)thread_run_further(thread, guest, (void *)(uintptr_t)thread->tid);
	atomic_fetch_add(&gone, 1);
}

static void claimed(struct hf_thread *thread)
{
	(void)thread; /* a zombie keeps using its block until it stops at the door */
	atomic_fetch_add(&gone, 1);
}

static void ignore(struct hf_work *work)
{
	(void)work;
}

static void until_calls(uint32_t more)
{
	uint32_t from = atomic_load(&calls);
	while (atomic_load(&calls) - from < more)
		sleep_ms(1);
}

static void check_nothing_is_left(void)
{
	struct hf_thread *self = thread_begin();
	for (uint32_t i = 0; i < cores; i++) {
		hf_turn_take(self);
		CHECK_EQ(atomic_load(&self->turn), HF_TURN_HAS);
		hf_turn_leave(self);
	}
	CHECK(!hf_turn_is_due(self));
	thread_end(self);
}

static void one_crowd(uint64_t *seed)
{
	process = process_begin(ignore);
	process->limits.threads = count;
	atomic_store(&gone, 0);
	atomic_store(&over, false);
	for (uint32_t i = 0; i < count; i++)
		in_background(run, thread_begin_in(process, i + 1));
	until_calls(2000);
	hf_process_pause(process, true);
	while (!hf_process_is_paused(process))
		sleep_ms(1);
	hf_process_pause(process, false);
	until_calls(1000 + random_below(seed, 1000));
	hf_process_end(process, HF_EXIT_KILLED, 137, NULL, 0, NULL, 0);
	atomic_store(&over, true);
	if (random_below(seed, 2))
		hf_process_claim_threads(process, claimed);
	while (atomic_load(&gone) < count)
		sleep_ms(1);
	CHECK(hf_process_is_dead(process));
	(void)hf_work_cancel(&process->ended);
	(void)hf_work_cancel(&process->held);
	hf_process_unref(process);
	check_nothing_is_left();
}

int main(void)
{
	uint64_t seed = 7;
	cores = hf_plat_cores();
	count = 2 * cores + 6;
	for (unsigned crowds = 0; crowds < CROWDS_LEAST || time_left(&budget); crowds++)
		one_crowd(&seed);
	return done();
}
