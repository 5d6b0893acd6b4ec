/* A process that is ordered to pause stops at the kernel's boundary, where it uses no CPU. It continues when resumed, and can be killed meanwhile.
 * Waits continue, and a thread that begins while the process is paused stops as well. */

#include "support/threads.h"

static struct hf_process *process;
static _Atomic uint32_t calls;
static _Atomic bool enough;

/* A guest that makes system calls forever. */
static void call_and_call(void *context)
{
	(void)context;
	while (!atomic_load(&enough)) {
		hf_door_enter(hf_self);
		atomic_fetch_add(&calls, 1);
		hf_door_leave(hf_self);
	}
}

static void sleep_long(void *context)
{
	(void)context;
	hf_door_enter(hf_self);
	(void)!hf_thread_sleep(hf_self, hf_plat_monotonic() + 20 * MILLISECOND);
	atomic_fetch_add(&calls, 1);
	hf_door_leave(hf_self);
	atomic_fetch_add(&calls, 100);
}

static _Atomic uint32_t told, ran;

static void run_held(struct hf_work *work)
{
	(void)work;
	atomic_fetch_add(&told, 1);
}

static void ignore(struct hf_work *work)
{
	(void)work;
}

static struct hf_thread *guests[3];
static bool unwound[3];

static void run_guest(void *context)
{
	struct hf_thread **which = context;
	unwound[which - guests] = thread_run(*which, call_and_call, NULL);
	atomic_fetch_add(&ran, 1);
}

static void until_paused(void)
{
	while (!hf_process_is_paused(process))
		(void)hf_work_drain();
	/* Wait for the report by the last thread that stopped. */
	while (atomic_load(&told) == 0)
		(void)hf_work_drain();
}

static void begin(void)
{
	process = process_begin(ignore);
	process->held.run = run_held;
	atomic_store(&told, 0);
	atomic_store(&enough, false);
	atomic_store(&ran, 0);
}

static void end(uint32_t threads)
{
	while (atomic_load(&ran) < threads)
		sleep_ms(1);
	while (!hf_process_is_dead(process))
		(void)hf_work_drain();
	(void)hf_work_cancel(&process->ended);
	(void)hf_work_cancel(&process->held);
	hf_process_unref(process);
}

static void check_rest_and_resume(void)
{
	begin();
	for (uint32_t i = 0; i < 2; i++) {
		guests[i] = thread_begin_in(process, i + 1);
		in_background(run_guest, &guests[i]);
	}
	while (atomic_load(&calls) < 1000)
		sleep_ms(1);
	CHECK(!hf_process_is_paused(process));
	hf_process_pause(process, true);
	until_paused();
	uint32_t then = atomic_load(&calls);
	/* A new thread stops at its first call. */
	guests[2] = thread_begin_in(process, 3);
	in_background(run_guest, &guests[2]);
	until_paused();
	uint64_t used = hf_process_cpu_time(process);
	sleep_ms(50);
	/* Each may have had one call in progress. */
	CHECK(atomic_load(&calls) <= then + 3);
	CHECK_EQ(hf_process_cpu_time(process), used);
	hf_process_pause(process, false);
	CHECK(!hf_process_is_paused(process));
	while (atomic_load(&calls) < then + 1000)
		sleep_ms(1);
	atomic_store(&enough, true);
	end(3);
}

static void check_kill_while_paused(void)
{
	begin();
	guests[0] = thread_begin_in(process, 1);
	in_background(run_guest, &guests[0]);
	hf_process_pause(process, true);
	until_paused();
	CHECK(!hf_thread_claim(guests[0]));
	hf_process_end(process, HF_EXIT_KILLED, 137, NULL, 0, NULL, 0);
	end(1);
	CHECK(unwound[0]);
}

static void run_sleeper(void *context)
{
	struct hf_thread **which = context;
	unwound[which - guests] = thread_run(*which, sleep_long, NULL);
	atomic_fetch_add(&ran, 1);
}

/* A waiting thread counts as stopped already; its wait ends as usual, and then it stays in the kernel. */
static void check_waits_go_on(void)
{
	begin();
	atomic_store(&calls, 0);
	guests[0] = thread_begin_in(process, 1);
	hf_process_pause(process, true);
	in_background(run_sleeper, &guests[0]);
	until_paused();
	while (atomic_load(&calls) == 0)
		sleep_ms(1);
	until_paused();
	sleep_ms(20);
	CHECK_EQ(atomic_load(&calls), 1);
	CHECK(hf_process_is_paused(process));
	hf_process_pause(process, false);
	end(1);
	CHECK_EQ(atomic_load(&calls), 101);
}

static void compute(void *context)
{
	(void)context;
	while (!atomic_load(&enough))
		sleep_us(100);
}

/* Runs a thread other than the first: when it returns, the process continues. */
static void run_computer(void *context)
{
	struct hf_thread **which = context;
	unwound[which - guests] = thread_run_further(*which, compute, NULL);
	atomic_fetch_add(&ran, 1);
}

/* A thread in a call does not run guest code, but counts as stopped only once it sleeps. Threads that already sleep are not woken for this. */
static void wait_in_kernel(void *context)
{
	(void)context;
	hf_door_enter(hf_self);
	atomic_fetch_add(&calls, 1);
	while (!atomic_load(&enough))
		sleep_us(100);
	(void)!hf_thread_sleep(hf_self, HF_FOREVER);
	hf_door_leave(hf_self);
}

static void run_waiter(void *context)
{
	struct hf_thread **which = context;
	unwound[which - guests] = thread_run(*which, wait_in_kernel, NULL);
	atomic_fetch_add(&ran, 1);
}

static void check_rest_is_sleep(void)
{
	begin();
	atomic_store(&calls, 0);
	guests[0] = thread_begin_in(process, 1);
	in_background(run_waiter, &guests[0]);
	while (atomic_load(&calls) == 0)
		sleep_ms(1);
	hf_process_pause(process, true);
	CHECK(!hf_process_is_paused(process));
	atomic_store(&enough, true);
	until_paused();
	uint64_t wakeups = hf_counter_read(&guests[0]->wakeups), used = hf_process_cpu_time(process);
	hf_process_pause(process, false);
	while (hf_counter_read(&guests[0]->wakeups) == wakeups)
		sleep_ms(1);
	until_parked(guests[0]);
	wakeups = hf_counter_read(&guests[0]->wakeups);
	CHECK(hf_process_cpu_time(process) > used);
	used = hf_process_cpu_time(process);
	hf_process_pause(process, true);
	CHECK(hf_process_is_paused(process));
	sleep_ms(20);
	CHECK_EQ(hf_counter_read(&guests[0]->wakeups), wakeups);
	CHECK_EQ(hf_process_cpu_time(process), used);
	hf_process_end(process, HF_EXIT_KILLED, 137, NULL, 0, NULL, 0);
	end(1);
	CHECK(unwound[0]);
}

/* If the last thread in the guest returns instead of stopping, the pause is reported, too. */
static void check_end_of_the_last(void)
{
	begin();
	guests[0] = thread_begin_in(process, 1);
	guests[1] = thread_begin_in(process, 2);
	hf_process_pause(process, true);
	in_background(run_guest, &guests[0]);
	in_background(run_computer, &guests[1]);
	while (atomic_load(&told) == 0)
		(void)hf_work_drain();
	until_parked(guests[0]);
	(void)hf_work_drain();
	CHECK(!hf_process_is_paused(process));
	atomic_store(&told, 0);
	atomic_store(&enough, true);
	until_paused();
	hf_process_pause(process, false);
	end(2);
}

/* The time that a thread's worker takes to start does not count as CPU time. */
static void check_time_before(void)
{
	begin();
	guests[0] = thread_begin_in(process, 1);
	hf_thread_starts_later(guests[0]);
	sleep_ms(50);
	CHECK(hf_process_cpu_time(process) < 25 * MILLISECOND);
	hf_thread_starts_now(guests[0]);
	CHECK(hf_process_cpu_time(process) < 25 * MILLISECOND);
	atomic_store(&enough, true);
	in_background(run_guest, &guests[0]);
	end(1);
}

int main(void)
{
	check_rest_and_resume();
	check_rest_is_sleep();
	check_end_of_the_last();
	check_time_before();
	check_kill_while_paused();
	check_waits_go_on();
	return done();
}
