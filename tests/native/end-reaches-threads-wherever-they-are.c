/* When a process ends, its threads in the kernel come back by themselves, and those in the guest are claimed; the coordinator is
 * notified once so that it claims them, and once when all are gone. */
#include "support/pipes.h"

#include "platform/native.h"

#include <stdlib.h>

enum { READER, SLEEPER, COMPUTER, THREADS };

static struct hf_process *process;
static struct hf_thread *threads[THREADS];
static struct hf_pipe *pipe;
static unsigned told, claimed;
static hf_word there, unwound, zombie_stops;

static void enter_kernel(void)
{
	atomic_fetch_add(&there, 1);
	hf_door_enter(hf_self);
}

static void read_for_ever(void *context)
{
	(void)context;
	char byte;
	enter_kernel();
	CHECK_ERR(p_read(pipe, &byte, 1, false), -HF_EINTR);
	hf_door_leave(hf_self);
}

static void sleep_for_ever(void *context)
{
	(void)context;
	enter_kernel();
	CHECK_ERR(hf_thread_sleep(hf_self, HF_FOREVER), -HF_EINTR);
	hf_door_leave(hf_self);
}

static void compute_for_ever(void *context)
{
	(void)context;
	atomic_fetch_add(&there, 1);
	while (!atomic_load(&zombie_stops))
		hf_plat_relax();
}

static void host(void *context)
{
	struct hf_thread **thread = context;
	void (*const guests[])(void *) = {read_for_ever, sleep_for_ever, compute_for_ever};
	if (thread_run(*thread, guests[thread - threads], NULL))
		atomic_fetch_add(&unwound, 1);
}

static void on_claimed(struct hf_thread *thread)
{
	CHECK(thread == threads[COMPUTER]);
	CHECK_EQ(atomic_load(&thread->door), HF_CLAIMED);
	claimed++;
}

static void on_ended(struct hf_work *work)
{
	CHECK(work == &process->ended);
	told++;
	hf_process_claim_threads(process, on_claimed);
}

int main(void)
{
	process = process_begin(on_ended);
	pipe = pipe_begin(0);
	for (uint32_t i = 0; i < THREADS; i++) {
		threads[i] = thread_begin_in(process, i + 1);
		in_background(host, &threads[i]);
	}
	while (atomic_load(&there) < THREADS)
		sleep_ms(1);
	until_parked(threads[READER]);
	until_parked(threads[SLEEPER]);
	CHECK_EQ(hf_work_drain(), 0);

	hf_process_end(process, HF_EXIT_KILLED, 137, "killed", 6, NULL, 0);
	while (!hf_process_is_dead(process)) {
		(void)hf_work_drain();
		sleep_ms(1);
	}
	(void)hf_work_drain();
	CHECK_EQ(claimed, 1);
	CHECK(told == 1 || told == 2);
	while (atomic_load(&unwound) < 2)
		sleep_ms(1);
	/* The zombie finishes its computation and stops at the door. */
	CHECK(!threads[COMPUTER]->process);
	atomic_store(&zombie_stops, 1);
	sleep_ms(10);
	CHECK_EQ(atomic_load(&threads[COMPUTER]->door), HF_CLAIMED);
	CHECK(hf_list_empty(&pipe->readable.waiters));
	hf_process_unref(process);
	pipe_end(pipe);
	/* The last free of thread_run may still be in progress. */
	sleep_ms(20);
	return done();
}
