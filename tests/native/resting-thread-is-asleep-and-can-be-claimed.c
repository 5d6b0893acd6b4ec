/* A thread whose worker waits in its event loop counts as asleep: it uses no CPU time and is paused at once. It is claimed when its process ends,
 * while a computing thread is not. A thread that gets the order to stop as it begins to rest does not rest. */

#include "support/threads.h"

static struct hf_process *process;
static struct hf_thread *resting, *computing;
static _Atomic bool wake, enough;
static _Atomic uint32_t rests, awake, ran, claimed;

static void rest(void *context)
{
	(void)context;
	hf_thread_rest(hf_self);
	atomic_fetch_add(&rests, 1);
	while (!atomic_load(&wake))
		sleep_us(100);
	hf_thread_awake(hf_self);
	atomic_fetch_add(&awake, 1);
}

static void compute(void *context)
{
	(void)context;
	while (!atomic_load(&enough))
		sleep_us(100);
}

static void run_resting(void *context)
{
	(void)context;
	(void)thread_run_further(resting, rest, NULL);
	atomic_fetch_add(&ran, 1);
}

static void run_computing(void *context)
{
	(void)context;
	(void)thread_run_further(computing, compute, NULL);
	atomic_fetch_add(&ran, 1);
}

static void ignore(struct hf_work *work)
{
	(void)work;
}

static void count_claimed(struct hf_thread *thread)
{
	CHECK(thread == resting);
	atomic_fetch_add(&claimed, 1);
}

static void begin(void)
{
	process = process_begin(ignore);
	process->held.run = ignore;
	atomic_store(&wake, false);
	atomic_store(&enough, false);
	atomic_store(&rests, 0);
	atomic_store(&awake, 0);
	atomic_store(&ran, 0);
	resting = thread_begin_in(process, 1);
	in_background(run_resting, NULL);
}

static void until_it_rests(void)
{
	while (atomic_load(&rests) == 0)
		sleep_ms(1);
}

static void end(uint32_t threads)
{
	while (atomic_load(&ran) < threads)
		sleep_ms(1);
	(void)hf_work_cancel(&process->ended);
	(void)hf_work_cancel(&process->held);
	hf_process_unref(process);
}

static void check_rest_is_sleep(void)
{
	begin();
	until_it_rests();
	uint64_t used = hf_process_cpu_time(process);
	sleep_ms(20);
	CHECK_EQ(hf_process_cpu_time(process), used);
	CHECK(!hf_process_is_paused(process));
	hf_process_pause(process, true);
	CHECK(hf_process_is_paused(process));
	atomic_store(&wake, true);
	sleep_ms(20);
	CHECK_EQ(atomic_load(&awake), 0); /* it waits at the door */
	hf_process_pause(process, false);
	end(1);
	CHECK_EQ(atomic_load(&awake), 1);
}

static void check_only_rest_is_claimed(void)
{
	begin();
	computing = thread_begin_in(process, 2);
	in_background(run_computing, NULL);
	until_it_rests();
	uint32_t awake_threads = hf__threads_awake();
	hf_process_end(process, HF_EXIT_KILLED, 137, NULL, 0, NULL, 0);
	hf_process_claim_resting(process, count_claimed);
	CHECK_EQ(atomic_load(&claimed), 1);
	CHECK_EQ(hf__threads_awake(), awake_threads); /* the claimed thread is no longer counted */
	CHECK(!hf_process_is_dead(process));
	/* Its worker is gone in a browser; here it comes to the door, and stays there. */
	atomic_store(&wake, true);
	sleep_ms(20);
	CHECK_EQ(atomic_load(&awake), 0);
	atomic_store(&enough, true);
	end(1);
}

static void check_stop_comes_before_rest(void)
{
	process = process_begin(ignore);
	atomic_store(&rests, 0);
	atomic_store(&ran, 0);
	resting = thread_begin_in(process, 1);
	hf_process_end(process, HF_EXIT_KILLED, 137, NULL, 0, NULL, 0);
	in_background(run_resting, NULL);
	while (atomic_load(&ran) == 0)
		sleep_ms(1);
	CHECK_EQ(atomic_load(&rests), 0); /* it was unwound */
	end(1);
}

int main(void)
{
	check_rest_is_sleep();
	check_stop_comes_before_rest();
	check_only_rest_is_claimed();
	return 0; /* not done(): the claimed thread, which stays at the door, keeps its block */
}
