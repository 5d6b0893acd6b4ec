/* A resident process stays alive, with its files open, when its last thread has left. It can get further threads, and ends only on request, with
 * or without threads; its end is reported once. */
#include "support/pipes.h"

#include <stdlib.h>

static unsigned reports, held;

static void count_end(struct hf_work *work)
{
	reports += hf_process_is_dead(HF_CONTAINER(work, struct hf_process, ended));
}

static void count_held(struct hf_work *work)
{
	(void)work;
	held++;
}

static struct hf_pipe *pipe;

static struct hf_process *begin(void)
{
	struct hf_file *file;
	struct hf_process *process = process_begin(count_end);
	process->held.run = count_held;
	pipe = pipe_begin(0);
	CHECK_OK(hf_file_open_pipe(pipe, HF_WRITE, HF_FILETYPE_UNKNOWN, &file));
	CHECK_EQ(hf_fd_insert(&process->fds, file, HF_RIGHTS_ALL, 0), 0);
	hf_process_make_resident(process);
	reports = held = 0;
	return process;
}

static void check_alive(struct hf_process *process)
{
	bool hangup;
	(void)hf_work_drain();
	CHECK(!hf_process_is_dead(process));
	CHECK_EQ(hf_fd_count(&process->fds), 1);
	CHECK_EQ(hf_pipe_poll_read(pipe, NULL, &hangup), 0);
	CHECK(!hangup);
	CHECK_EQ(reports, 0);
}

static void check_dead(struct hf_process *process, enum hf_exit_reason reason)
{
	bool hangup;
	struct hf_thread late;
	(void)hf_work_drain();
	CHECK(hf_process_is_dead(process));
	CHECK_EQ(process->reason, reason);
	CHECK_EQ(hf_pipe_poll_read(pipe, NULL, &hangup), 0);
	CHECK(hangup);
	CHECK_EQ(reports, 1);
	late.flag = 0;
	CHECK_ERR(hf_process_add_thread(process, &late, 9), -HF_ESRCH);
	hf_process_end(process, HF_EXIT_EXIT, 0, NULL, 0, NULL, 0);
	CHECK_EQ(hf_work_drain(), 0);
	CHECK_EQ(reports, 1);
	hf_process_unref(process);
	hf_pipe_drop_reader(pipe);
}

static void end(struct hf_process *process)
{
	hf_process_end(process, HF_EXIT_KILLED, 0, NULL, 0, NULL, 0);
}

static void guest(void *context)
{
	hf_door_enter(hf_self);
	if (context)
		end(context);
	hf_door_leave(hf_self);
}

static void leaves_twice_and_ends_without_a_thread(void)
{
	struct hf_process *process = begin();
	for (uint32_t tid = 1; tid <= 2; tid++) {
		CHECK(!thread_run_further(thread_begin_in(process, tid), guest, NULL));
		check_alive(process);
	}
	CHECK(hf_process_cpu_time(process) > 0);
	end(process);
	check_dead(process, HF_EXIT_KILLED);
}

static void never_has_a_thread(void)
{
	struct hf_process *process = begin();
	check_alive(process);
	end(process);
	check_dead(process, HF_EXIT_KILLED);
}

static void ends_by_its_own_thread(void)
{
	struct hf_process *process = begin();
	CHECK(thread_run_further(thread_begin_in(process, 1), guest, process));
	check_dead(process, HF_EXIT_KILLED);
}

static void claimed(struct hf_thread *thread)
{
	CHECK_EQ(atomic_load(&thread->door), HF_CLAIMED);
}

static void ends_while_a_thread_computes(void)
{
	struct hf_process *process = begin();
	struct hf_thread *thread = thread_begin_in(process, 1);
	end(process);
	CHECK(!hf_process_is_dead(process));
	hf_process_claim_threads(process, claimed);
	check_dead(process, HF_EXIT_KILLED);
	free(thread);
}

/* It is paused after its last thread has left; a thread that it gets later begins with the order to pause. */
static void is_paused_without_a_thread(void)
{
	struct hf_process *process = begin();
	struct hf_thread *thread = thread_begin_in(process, 1);
	hf_process_pause(process, true);
	CHECK(!hf_process_is_paused(process));
	hf_process_thread_gone(thread);
	(void)hf_work_drain();
	CHECK_EQ(held, 1);
	CHECK(hf_process_is_paused(process));
	CHECK_OK(hf_process_add_thread(process, thread, 2));
	CHECK(atomic_load(&thread->orders) & HF_ORDER_PAUSE);
	hf_process_pause(process, false);
	hf_process_thread_gone(thread);
	free(thread);
	check_alive(process);
	end(process);
	check_dead(process, HF_EXIT_KILLED);
}

/* The last thread leaves while another one ends the process: one of the two reports it. */
static struct hf_process *raced;
static hf_word start;

static void race(void *context, unsigned number)
{
	struct hf_thread *thread = context;
	atomic_fetch_add(&start, 1);
	while (atomic_load(&start) < 2)
		hf_plat_relax();
	if (number == 0)
		end(raced);
	else
		hf_process_thread_gone(thread);
}

static void ends_while_its_last_thread_leaves(void)
{
	for (int round = 0; round < 200; round++) {
		raced = begin();
		struct hf_thread *thread = thread_begin_in(raced, 1);
		atomic_store(&start, 0);
		in_threads(2, race, thread);
		check_dead(raced, HF_EXIT_KILLED);
		free(thread);
	}
}

int main(void)
{
	leaves_twice_and_ends_without_a_thread();
	never_has_a_thread();
	ends_by_its_own_thread();
	ends_while_a_thread_computes();
	is_paused_without_a_thread();
	ends_while_its_last_thread_leaves();
	return done();
}
