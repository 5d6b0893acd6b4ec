/* control.c - what the page asks about running processes, and tells them: pause, CPU time, who runs and what it does.
 * Coordinator thread only; nothing here blocks. */
#include "coordinator/browser.h"
#include "coordinator/session.h"
#include "kernel/process.h"

/* Tells the process to pause, or lets it go on. 1: all of its threads sleep, or have yet to begin. 0: some thread does not;
 * js_held follows each time that one of them has come to rest. */
HF_EXPORT_C("c_pause") uint32_t hf_c_pause(struct session *session, uint32_t paused)
{
	struct hf_process *process = hf_session_process(session);
	if (!process)
		return 1; /* it has ended */
	hf_process_pause(process, paused);
	return hf_process_is_paused(process);
}

HF_EXPORT_C("c_is_paused") uint32_t hf_c_is_paused(struct session *session)
{
	struct hf_process *process = hf_session_process(session);
	return !process || hf_process_is_paused(process);
}

/* Milliseconds; 0 once the page knows of its end. */
HF_EXPORT_C("c_cpu_time") double hf_c_cpu_time(struct session *session)
{
	struct hf_process *process = hf_session_process(session);
	return process ? (double)hf_process_cpu_time(process) / 1e6 : 0;
}

/* Milliseconds since its first thread began; 0 before that, and once the page knows of its end. */
HF_EXPORT_C("c_run_time") double hf_c_run_time(struct session *session)
{
	struct hf_process *process = hf_session_process(session);
	uint64_t began = process ? atomic_load(&process->began) : 0;
	uint64_t now = hf_plat_monotonic();
	return began && now > began ? (double)(now - began) / 1e6 : 0;
}

enum where { IN_GUEST, IN_CALL, PAUSED, GONE };

/* In the kernel it does not come back while it is to pause, so it is paused; and one that has yet to begin will not. */
static enum where where_is(struct hf_thread *thread, bool paused)
{
	switch (atomic_load(&thread->door)) {
	case HF_IN_GUEST:
		return paused && atomic_load(&thread->asleep_since) ? PAUSED : IN_GUEST;
	case HF_IN_KERNEL:
		return paused ? PAUSED : IN_CALL;
	default:
		return GONE;
	}
}

static double *put_thread(double *out, struct hf_thread *thread, bool paused, uint64_t now)
{
	uint64_t since = atomic_load_explicit(&thread->asleep_since, memory_order_relaxed);
	*out++ = thread->tid;
	*out++ = where_is(thread, paused);
	*out++ = (double)hf_counter_read(&thread->call);
	*out++ = since > HF_WAKING && now > since ? (double)(now - since) / 1e6 : 0;
	*out++ = (double)hf_counter_read(&thread->syscalls);
	*out++ = (double)hf_thread_cpu_time_at(thread, now) / 1e6;
	return out;
}

#define PROCESS_NUMBERS 5
#define THREAD_NUMBERS 6

/* As numbers: CPU time (ms), the guest's memory and what it has added to files (bytes), descriptors, threads; then for each thread that there is room
 * for its id, enum where, the system call (enum hf_call), how long it has slept there (ms; 0: it is awake), system calls so far, CPU time (ms). Returns
 * how many numbers; 0 once the page knows of its end. */
HF_EXPORT_C("c_ps") uint32_t hf_c_ps(struct session *session, double *out, uint32_t room)
{
	struct hf_process *process = hf_session_process(session);
	double *at = out + PROCESS_NUMBERS;
	uint64_t memory = 0, now = hf_plat_monotonic();
	if (!process)
		return 0;
	out[0] = hf_c_cpu_time(session);
	out[2] = (double)hf_budget_used(&process->file_use);
	out[3] = hf_fd_count(&process->fds);
	hf_lock(&process->lock);
	out[4] = process->thread_count;
	HF_LIST_EACH(link, &process->threads)
	{
		struct hf_thread *thread = HF_CONTAINER(link, struct hf_thread, in_process);
		uint64_t seen = hf_counter_read(&thread->mem.known_size);
		/* All threads of a process have the same memory, and some have seen it when it was larger. */
		if (seen > memory)
			memory = seen;
		if ((uint32_t)(at - out) + THREAD_NUMBERS <= room)
			at = put_thread(at, thread, process->paused, now);
	}
	hf_unlock(&process->lock);
	out[1] = (double)memory;
	return (uint32_t)(at - out);
}
