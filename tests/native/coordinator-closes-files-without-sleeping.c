/* The coordinator claims the last thread of a process, which has a file open whose operations sleep: it closes the file without waiting for the file
 * system, which sees this when it next checks its queue. The same holds when a thread that must stop closes the file. */
#include "support/sleepy.h"

#include <stdlib.h>

static void open_in(struct hf_process *process)
{
	struct hf_file *file;
	CHECK_OK(hf_file_open(sleepy_begin(), HF_READ, 0, &file));
	CHECK_EQ(hf_fd_insert(&process->fds, file, HF_RIGHTS_ALL, 0), 0);
}

static void serve_closing(void)
{
	struct hf_thread *service = thread_begin();
	CHECK_EQ(sleepy_service.count, 1);
	sleepy_answer(sleepy_next(service, SLEEPY_CLOSE), 0);
	CHECK_EQ(atomic_exchange(&parcels_released, 0), 1);
	thread_end(service);
}

static void ended(struct hf_work *work)
{
	(void)work;
}

static void claimed(struct hf_thread *thread)
{
	CHECK_EQ(atomic_load(&thread->door), HF_CLAIMED);
}

static void closed_by_the_coordinator(void)
{
	struct hf_process *process = process_begin(ended);
	struct hf_thread *thread = thread_begin_in(process, 1);
	open_in(process);
	hf_process_end(process, HF_EXIT_KILLED, 0, NULL, 0, NULL, 0);
	CHECK(!hf_self); /* we are the coordinator */
	hf_process_claim_threads(process, claimed);
	CHECK(hf_process_is_dead(process));
	free(thread);
	(void)hf_work_drain();
	hf_process_unref(process);
	serve_closing();
}

static void guest(void *context)
{
	(void)context;
	hf_door_enter(hf_self);
	hf_thread_stop(hf_self);
	hf_door_leave(hf_self);
}

static void closed_by_a_thread_that_must_stop(void)
{
	struct hf_process *process = process_begin(ended);
	struct hf_thread *thread = thread_begin_in(process, 1);
	open_in(process);
	CHECK(thread_run(thread, guest, NULL));
	CHECK(hf_process_is_dead(process));
	(void)hf_work_drain();
	hf_process_unref(process);
	serve_closing();
}

/* A process that never ran. */
static void closed_with_its_process(void)
{
	struct hf_process *process = process_begin(ended);
	open_in(process);
	hf_process_unref(process);
	serve_closing();
}

int main(void)
{
	hf_request_queue_init(&sleepy_service, 4);
	closed_by_the_coordinator();
	closed_by_a_thread_that_must_stop();
	closed_with_its_process();
	return done();
}
