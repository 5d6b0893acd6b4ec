/* host_call.c - lets a guest's thread wait for the answer of a host function.
 *
 * The call itself is a message from the worker to the page and bypasses the kernel. The thread waits here until the coordinator delivers the answer. */
#include <holdfast/exports.h>

#include "coordinator/session.h"
#include "kernel/process.h"
#include "wasi/calls.h"
#include "wasi/trace.h"

/* ---- the guest's worker ---- */

/* Prepares to call the host function with the index `place` in GuestMessage.host. Returns the call's number, for the message. */
uint32_t hf_w_ask(uint32_t place)
{
	hf_plat_check_stack();
	hf_door_enter(hf_self);
	hf_counter_set(&hf_self->call, HF_CALL_host_call);
	if (hf_counter_own(&hf_self->traced))
		hf__trace_begin(hf_self);
	hf_self->host.function = place;
	/* In an earlier call, a stack overflow may have unwound the thread before it waited, or kept JavaScript from fetching the answer. */
	if (atomic_load(&hf_self->host.base.state) != HF_REQUEST_IDLE)
		(void)hf_request_leave(&hf_self->host.base);
	hf_thread_drop_answer(hf_self); /* it may have come before the earlier call was left */
	/* The host function may open descriptors (children.c) while the guest runs: it may have caught the exception that unwound its thread here. */
	if (!hf_self->process->fds.shared)
		hf_self->process->fds.shared = true;
	hf_thread_waiter_init(&hf_self->host.waiter, hf_self);
	uint32_t number = ++hf_self->host.number;
	hf_request_ask(&hf_self->host.base, &hf_self->host.waiter.waiter);
	hf_door_leave(hf_self);
	return number;
}

/* The thread's number, which identifies the thread in the call and in the answer. */
uint32_t hf_w_tid(void)
{
	return hf_self->tid;
}

/* Blocks until the page has answered, or unwinds. Returns the answer, whose size only JavaScript knows
 * (common/values.ts) and which is valid until w_fetched; or NULL if there was no memory for it. */
uint8_t *hf_w_await(void)
{
	hf_door_enter(hf_self);
	(void)hf_request_wait(&hf_self->host.base, hf_self,
	                      HF_FOREVER); /* without an answer the thread must stop, and leaving unwinds it */
	hf_door_leave(hf_self);
	return hf_self->host.answer;
}

/* Frees the answer, because the guest may now run or wait for a long time. */
void hf_w_fetched(void)
{
	hf_door_enter(hf_self);
	hf_thread_drop_answer(hf_self);
	if (hf_counter_own(&hf_self->traced))
		hf__trace(hf_self, HF_CALL_host_call, 0, hf_self->host.function, 0, 0, 0, 0, 0, 0, 0, 0);
	hf_door_leave(hf_self);
}

/* Ends the guest with a trap after a call failed for which it has declared no error value. Does not return. */
void hf_w_fail(const char *message, uint32_t size)
{
	hf_door_enter(hf_self); /* must come first: a claimed thread no longer has a process */
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

/* Delivers the page's answer to a call. Returns 1 if the thread now owns the block (from c_alloc), and 0 if it no longer waits for this answer. */
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
	/* The thread waits while we hold the request, so it exists. */
	thread->host.answer = block;
	hf_request_answer(&thread->host.base, 0);
	return 1;
}
