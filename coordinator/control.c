/* control.c - the page's queries and orders about running processes: pause, CPU time, and lists of processes and threads.
 * Coordinator thread only; nothing here blocks. */
#include <holdfast/exports.h>

#include "coordinator/session.h"
#include "kernel/process.h"

/* Orders the process to pause, or resumes it. Returns 1 if all of its threads sleep or have not begun. Returns 0 if a thread still runs;
 * js_held is then called each time a thread comes to rest. */
uint32_t hf_c_pause(struct session *session, uint32_t paused)
{
	struct hf_process *process = hf_session_process(session);
	if (!process)
		return 1; /* it has ended */
	hf_process_pause(process, paused);
	return hf_process_is_paused(process);
}

uint32_t hf_c_is_paused(struct session *session)
{
	struct hf_process *process = hf_session_process(session);
	return !process || hf_process_is_paused(process);
}

/* CPU time in milliseconds; 0 once the page knows that the process has ended. */
double hf_c_cpu_time(struct session *session)
{
	struct hf_process *process = hf_session_process(session);
	return process ? (double)hf_process_cpu_time(process) / 1e6 : 0;
}

/* Milliseconds since the first thread began; 0 before that, and once the page knows that the process has ended. */
double hf_c_run_time(struct session *session)
{
	struct hf_process *process = hf_session_process(session);
	uint64_t began = process ? atomic_load(&process->began) : 0;
	uint64_t now = hf_plat_monotonic();
	return began && now > began ? (double)(now - began) / 1e6 : 0;
}

/* Where all threads share one thread of the engine, one that can run but has to wait for others is READY.
 *
 * Under an order to pause, a thread in the kernel does not return from it, so it counts as paused, and a thread that has not begun does not begin. */
static enum hf_where where_is(struct hf_thread *thread, bool paused)
{
	switch (atomic_load(&thread->door)) {
	case HF_IN_GUEST:
		if (atomic_load(&thread->resting) && !paused)
			return HF_WHERE_IDLE;
		return paused && atomic_load(&thread->asleep_since) ? HF_WHERE_PAUSED : HF_WHERE_GUEST;
	case HF_IN_KERNEL:
		if (HF_SINGLE && !paused && atomic_load(&thread->asleep_since) && !atomic_load(&thread->parked))
			return HF_WHERE_READY;
		return paused ? HF_WHERE_PAUSED : HF_WHERE_CALL;
	default:
		return HF_WHERE_GONE;
	}
}

static void put_thread(struct hf_ps_thread *out, struct hf_thread *thread, bool paused, uint64_t now)
{
	uint64_t since = atomic_load_explicit(&thread->asleep_since, memory_order_relaxed);
	out->tid = thread->tid;
	out->where = where_is(thread, paused);
	out->call = (double)hf_counter_read(&thread->call);
	out->asleep_for = since > HF_WAKING && now > since ? (double)(now - since) / 1e6 : 0;
	out->syscalls = (double)hf_counter_read(&thread->syscalls);
	out->cpu_time = (double)hf_thread_cpu_time_at(thread, now) / 1e6;
}

/* Writes an hf_ps_process, followed by an hf_ps_thread for each thread while there is room. Returns the number of doubles written; 0 once the page knows that
 * the process has ended. */
uint32_t hf_c_ps(struct session *session, double *numbers, uint32_t room)
{
	struct hf_process *process = hf_session_process(session);
	struct hf_ps_process *out = (struct hf_ps_process *)(void *)numbers;
	struct hf_ps_thread *at = (struct hf_ps_thread *)(void *)(out + 1);
	uint64_t memory = 0, now = hf_plat_monotonic();
	if (!process)
		return 0;
	out->cpu_time = hf_c_cpu_time(session);
	out->file_bytes = (double)hf_budget_used(&process->file_use);
	out->files = hf_fd_count(&process->fds);
	hf_lock(&process->lock);
	out->threads = process->thread_count;
	HF_LIST_EACH(link, &process->threads)
	{
		struct hf_thread *thread = HF_CONTAINER(link, struct hf_thread, in_process);
		uint64_t seen = hf_counter_read(&thread->mem.known_size);
		/* All threads of a process share one memory; the largest size that any of them has seen is the latest. */
		if (seen > memory)
			memory = seen;
		if ((uint32_t)((double *)at - numbers) + sizeof *at / sizeof(double) <= room)
			put_thread(at++, thread, process->paused, now);
	}
	hf_unlock(&process->lock);
	out->memory = (double)memory;
	return (uint32_t)((double *)at - numbers);
}
