/* host_call.c - a guest's thread calls a function of the page's, and waits for the answer.
 *
 * The call itself travels from worker to page as a message, past the kernel; here the thread waits, and the coordinator brings the answer. */
#include <holdfast/exports.h>

#include "coordinator/session.h"
#include "kernel/process.h"
#include "wasi/calls.h"
#include "wasi/trace.h"

/* ---- the guest's worker ---- */

/* The thread is about to call a host function, which has this place in GuestMessage.host. Returns the call's number, for the message. */
uint32_t hf_w_ask(uint32_t place)
{
	hf_plat_check_stack();
	hf_door_enter(hf_self);
	hf_counter_set(&hf_self->call, HF_CALL_host_call);
	if (hf_counter_own(&hf_self->traced))
		hf__trace_begin(hf_self);
	hf_self->host.function = place;
	/* A stack that ran over may have unwound the thread before it waited, or kept JavaScript from fetching the answer. */
	if (atomic_load(&hf_self->host.base.state) != HF_REQUEST_IDLE)
		(void)hf_request_leave(&hf_self->host.base);
	hf_thread_drop_answer(hf_self); /* that came before the call was left, too */
	/* What is asked may open descriptors (children.c), and a guest that catches what unwinds the thread here does not wait for that. */
	if (!hf_self->process->fds.shared)
		hf_self->process->fds.shared = true;
	hf_thread_waiter_init(&hf_self->host.waiter, hf_self);
	uint32_t number = ++hf_self->host.number;
	hf_request_ask(&hf_self->host.base, &hf_self->host.waiter.waiter);
	hf_door_leave(hf_self);
	return number;
}

/* The thread's number, which the answer names too. */
uint32_t hf_w_tid(void)
{
	return hf_self->tid;
}

/* Blocks until the page has answered, or unwinds. The answer, whose size only JavaScript knows
 * (common/values.ts), stands until w_fetched; NULL: there was no memory for it. */
uint8_t *hf_w_await(void)
{
	hf_door_enter(hf_self);
	(void)hf_request_wait(&hf_self->host.base, hf_self,
	                      HF_FOREVER); /* else the thread must stop, and leaving unwinds it */
	hf_door_leave(hf_self);
	return hf_self->host.answer;
}

/* The guest may now compute, or stay, for as long as it likes: its answer must not take room meanwhile. */
void hf_w_fetched(void)
{
	hf_door_enter(hf_self);
	hf_thread_drop_answer(hf_self);
	if (hf_counter_own(&hf_self->traced))
		hf__trace(hf_self, HF_CALL_host_call, 0, hf_self->host.function, 0, 0, 0, 0, 0, 0, 0, 0);
	hf_door_leave(hf_self);
}

/* The call failed, and the guest has not said what it would do then: it traps. Does not return. */
void hf_w_fail(const char *message, uint32_t size)
{
	hf_door_enter(hf_self); /* first: a thread that was claimed has no process any more */
	hf_process_end(hf_self->process, HF_EXIT_TRAP, HF_CODE_TRAP, message, size, NULL, 0);
	hf_door_leave(hf_self);
}

/* ---- the coordinator ---- */

static struct hf_thread *thread_with(struct hf_process *process, uint32_t tid)
{
	HF_LIST_EACH(link, &process->threads)
	{
		struct hf_thread *thread = HF_CONTAINER(link, struct hf_thread, in_process);
		if (thread->tid == tid)
			return thread;
	}
	return NULL;
}

/* The page's answer to the thread's call of this number. 1: the block, which c_alloc gave, is the thread's now. 0: nobody waits for it any more. */
uint32_t hf_c_host_answer(struct session *session, uint32_t tid, uint32_t number, void *block)
{
	struct hf_process *process = hf_session_process(session);
	if (!process)
		return 0;
	hf_lock(&process->lock);
	struct hf_thread *thread = thread_with(process, tid);
	bool taken = thread && thread->host.number == number && hf_request_take(&thread->host.base);
	hf_unlock(&process->lock);
	if (!taken)
		return 0;
	/* While the request is ours the thread waits, so it is there. */
	thread->host.answer = block;
	hf_request_answer(&thread->host.base, 0);
	return 1;
}
