/* The kernel's memory.atomic.wait, which interruptible guests use: a wait ends by a notify, a timeout or an order to stop, and does not begin if the
 * memory holds another value. A notify finds waiters by address, the longest waiting first. Waiting does not count as the guest's CPU time. */
#include <holdfast/exports.h>

#include "support/doors.h"
#include "support/threads.h"

#include <stdlib.h>
#include <string.h>

enum { PAGES = 1, WAITERS = 3 };

static _Atomic uint64_t words[PAGES * 65536 / 8];

static void copy_in(void *to, uint32_t from, uint32_t size)
{
	uint64_t word = atomic_load(&words[from / 8]);
	memcpy(to, (const char *)&word + from % 8, size);
}

static uint32_t pages(void)
{
	return PAGES;
}

static struct hf_process *process;
static struct hf_thread *threads[WAITERS];
static _Atomic int32_t results[WAITERS];
static bool unwound[WAITERS];
static _Atomic uint32_t over;

static void ignore(struct hf_work *work)
{
	(void)work;
}

static struct hf_thread *begin_in(uint32_t tid)
{
	struct hf_thread *thread = thread_begin_in(process, tid);
	hf_user_bind(&thread->mem, copy_in, NULL, pages);
	return thread;
}

static void begin(void)
{
	process = process_begin(ignore);
	process->held.run = ignore;
	atomic_store(&over, 0);
	for (int i = 0; i < WAITERS; i++) {
		threads[i] = begin_in((uint32_t)i + 1);
		atomic_store(&results[i], 99);
	}
}

static void end(void)
{
	while (atomic_load(&over) < WAITERS || !hf_process_is_dead(process)) {
		(void)hf_work_drain();
		sleep_ms(1);
	}
	(void)hf_work_cancel(&process->held);
	(void)hf_work_cancel(&process->ended);
	hf_process_unref(process);
}

static void wait_at_16(void *context)
{
	atomic_store(&results[(struct hf_thread **)context - threads], hf_w_wait32(8, 8, 0, -1));
}

static void run(void *context)
{
	struct hf_thread **which = context;
	unwound[which - threads] = thread_run_further(*which, wait_at_16, context);
	atomic_fetch_add(&over, 1);
}

static void begin_waiting(void)
{
	for (int i = 0; i < WAITERS; i++) {
		in_background(run, &threads[i]);
		until_parked(threads[i]);
	}
}

static void check_what_needs_no_waiting(void)
{
	process = process_begin(ignore);
	struct hf_thread *self = begin_in(1);
	hf_thread_become(self);
	atomic_store(&words[2], UINT64_C(0x200000001));
	CHECK_EQ(hf_w_wait32(16, 0, 2, -1), 1);
	CHECK_EQ(hf_w_wait32(16, 4, 1, -1), 1);
	CHECK_EQ(hf_w_wait64(0, 16, 1, -1), 1);
	CHECK_EQ(hf_w_wait32(16, 0, 1, 0), 2);
	CHECK_EQ(hf_w_wait32(0, 20, 2, 1000), 2);
	CHECK_EQ(hf_w_wait64(16, 0, UINT64_C(0x200000001), 1000000), 2);
	CHECK_EQ(hf_w_notify(16, 0, UINT32_MAX), 0);
	/* The instruction must trap: nothing at the address, not aligned, or a sum that wraps. */
	CHECK(hf_w_wait32(PAGES * 65536, 0, 0, 0) < 0);
	CHECK(hf_w_wait64(PAGES * 65536 - 8, 8, 0, 0) < 0);
	CHECK(hf_w_wait32(16, 2, 0, 0) < 0);
	CHECK(hf_w_wait64(20, 0, 0, 0) < 0);
	CHECK(hf_w_wait32(16, UINT32_MAX - 15, 1, 0) < 0);
	CHECK(hf_w_notify(UINT32_MAX, 1, 1) < 0);
	CHECK(hf_w_notify(2, 0, 1) < 0);
	/* Slightly more than the clock can express. */
	atomic_store(&words[2], 5);
	CHECK_EQ(hf_w_wait32(16, 0, 4, INT64_MAX), 1);
	hf_process_thread_gone(self);
	free(self);
	hf_thread_become(NULL);
	(void)hf_work_cancel(&process->ended);
	hf_process_unref(process);
	atomic_store(&words[2], 0);
}

static int32_t notify_as(struct hf_thread *thread, uint32_t address, uint32_t count)
{
	hf_thread_become(thread);
	int32_t woken = hf_w_notify(address, 0, count);
	hf_thread_become(NULL);
	return woken;
}

static void check_notify(void)
{
	begin();
	struct hf_thread *notifier = begin_in(9);
	begin_waiting();
	uint64_t used = hf_thread_cpu_time(threads[0]);
	sleep_ms(20);
	CHECK_EQ(hf_thread_cpu_time(threads[0]), used);
	CHECK_EQ(notify_as(notifier, 20, 9), 0);
	CHECK_EQ(notify_as(notifier, 16, 0), 0);
	CHECK_EQ(notify_as(notifier, 16, 2), 2);
	while (atomic_load(&over) < 2)
		sleep_ms(1);
	CHECK_EQ(results[0], 0);
	CHECK_EQ(results[1], 0);
	CHECK_EQ(results[2], 99);
	CHECK_EQ(notify_as(notifier, 16, 9), 1);
	while (atomic_load(&over) < 3)
		sleep_ms(1);
	CHECK_EQ(results[2], 0);
	hf_process_thread_gone(notifier);
	free(notifier);
	end();
}

static void check_stop(void)
{
	begin();
	begin_waiting();
	hf_process_end(process, HF_EXIT_KILLED, 137, NULL, 0, NULL, 0);
	end();
	for (int i = 0; i < WAITERS; i++) {
		CHECK(unwound[i]);
		CHECK_EQ(results[i], 99);
	}
}

/* During such a wait a process counts as stopped, as in any other; a notify that comes then is not lost. */
static void check_pause(void)
{
	begin();
	struct hf_thread *notifier = begin_in(9);
	begin_waiting();
	hf_thread_starts_later(notifier); /* not counted as running */
	hf_process_pause(process, true);
	CHECK(hf_process_is_paused(process));
	hf_thread_pause(notifier, false); /* or it would rest at the door here */
	CHECK_EQ(notify_as(notifier, 16, 1), 1);
	while (!hf_process_is_paused(process))
		sleep_ms(1);
	CHECK_EQ(results[0], 99);
	hf_process_pause(process, false);
	while (atomic_load(&over) < 1)
		sleep_ms(1);
	CHECK_EQ(results[0], 0);
	CHECK_EQ(notify_as(notifier, 16, 9), 2);
	hf_process_thread_gone(notifier);
	free(notifier);
	end();
}

/* Another process with the same memory wakes them, also after the first one has ended; one with another memory does not. */
static void check_another_process(void)
{
	struct hf_process *peers[3], *owner;
	struct hf_thread *notifiers[3];
	owner = process_begin(ignore);
	begin();
	hf_process_share_waits(process, owner);
	(void)hf_work_cancel(&owner->ended);
	hf_process_unref(owner);
	for (int i = 0; i < 3; i++) {
		peers[i] = process_begin(ignore);
		if (i > 0)
			hf_process_share_waits(peers[i], process);
		notifiers[i] = thread_begin_in(peers[i], 9);
		hf_user_bind(&notifiers[i]->mem, copy_in, NULL, pages);
	}
	begin_waiting();
	CHECK_EQ(notify_as(notifiers[0], 16, 9), 0);
	CHECK_EQ(notify_as(notifiers[1], 16, 1), 1);
	CHECK_EQ(notify_as(notifiers[2], 16, 9), 2);
	end();
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(results[i], 0);
		hf_process_thread_gone(notifiers[i]);
		free(notifiers[i]);
		(void)hf_work_cancel(&peers[i]->ended);
		hf_process_unref(peers[i]);
	}
}

int main(void)
{
	check_another_process();
	check_what_needs_no_waiting();
	check_notify();
	check_stop();
	check_pause();
	return done();
}
