/* A thread's CPU time increases while it runs and not while it sleeps, whichever thread queries it, and whenever. */
#include "support/threads.h"

static struct hf_process *process;
static struct hf_thread *sleeper;

static void sleep_a_second(void *context)
{
	(void)context;
	uint64_t before = hf_thread_cpu_time(hf_self);
	(void)!hf_thread_sleep(hf_self, hf_plat_monotonic() + SECOND);
	/* Almost none of the second was spent working. */
	CHECK(hf_thread_cpu_time(hf_self) - before < SECOND / 2);
}

static void sleep_or_watch(void *context, unsigned number)
{
	(void)context;
	if (number == 0) {
		CHECK(!thread_run(sleeper, sleep_a_second, NULL));
		return;
	}
	until_parked(sleeper);
	uint64_t before = hf_process_cpu_time(process);
	sleep_ms(300);
	/* It has slept for 300 ms, and has not woken to record that. */
	CHECK(hf_process_cpu_time(process) - before < 250 * MILLISECOND);
}

static void check_clocks_that_disagree(void)
{
	struct hf_thread *thread = thread_begin();
	/* Started on another worker, whose clock is ahead. */
	thread->started = hf_plat_monotonic() + SECOND;
	CHECK_EQ(hf_thread_cpu_time(thread), 0);
	thread->started = hf_plat_monotonic() - SECOND;
	CHECK(hf_thread_cpu_time(thread) >= SECOND);
	hf_counter_add(&thread->slept, 3600 * SECOND);
	CHECK_EQ(hf_thread_cpu_time(thread), 0);
	thread_end(thread);
}

static void ignore(struct hf_work *work)
{
	(void)work;
}

int main(void)
{
	check_clocks_that_disagree();
	process = process_begin(ignore);
	sleeper = thread_begin_in(process, 1);
	in_threads(2, sleep_or_watch, NULL);
	(void)hf_work_drain();
	CHECK(hf_process_cpu_time(process) < SECOND);
	hf_process_unref(process);
	return done();
}
