/* process.c - processes, from creation until the last thread leaves. */
#include "kernel/process.h"

#include <string.h>

#include "platform/alloc.h"

const struct hf_limits hf_default_limits = {
	.fds = HF_FILES_MAX,
	.pipe_bytes = HF_PIPE_SIZE,
	.poll_subscriptions = 4096,
	.threads = HF_THREADS_MAX,
};

static int copy_strings(struct hf_strings *to, const struct hf_strings *from)
{
	to->count = from->count;
	to->size = from->size;
	to->bytes = hf_alloc(from->size ? from->size : 1);
	if (!to->bytes)
		return -HF_ENOMEM;
	if (from->size)
		memcpy(to->bytes, from->bytes, from->size);
	return 0;
}

int hf_process_create(uint32_t pid, const struct hf_strings *args, const struct hf_strings *env,
                      const struct hf_limits *limits, void (*run_ended)(struct hf_work *), struct hf_process **out)
{
	struct hf_process *process = hf_alloc_zeroed(sizeof *process);
	if (!process)
		return -HF_ENOMEM;
	atomic_init(&process->refs, 1);
	process->pid = pid;
	process->payer = process->waits = process;
	process->limits = *limits;
	hf_lock_init(&process->lock, HF_RANK_PROCESS);
	hf_fdtable_init(&process->fds, limits->fds);
	hf_futex_init(&process->futex);
	hf_work_init(&process->ended, run_ended);
	hf_work_init(&process->held, NULL);
	hf_budget_init(&process->output, limits->output);
	hf_budget_init(&process->file_use, limits->file_bytes);
	hf_budget_init(&process->pipes, HF_GUEST_PIPES);
	hf_lock(&process->lock);
	hf_list_init(&process->threads);
	hf_unlock(&process->lock);
	if (copy_strings(&process->args, args) < 0 || copy_strings(&process->env, env) < 0) {
		hf_process_unref(process);
		return -HF_ENOMEM;
	}
	*out = process;
	return 0;
}

struct hf_process *hf_process_ref(struct hf_process *process)
{
	atomic_fetch_add_explicit(&process->refs, 1, memory_order_relaxed);
	return process;
}

void hf_process_unref(struct hf_process *process)
{
	if (atomic_fetch_sub_explicit(&process->refs, 1, memory_order_acq_rel) != 1)
		return;
	hf_fdtable_destroy(&process->fds);
	hf_free(process->args.bytes);
	hf_free(process->env.bytes);
	struct hf_process *const others[] = {process->payer, process->waits};
	for (int i = 0; i < 2; i++)
		if (others[i] != process)
			hf_process_unref(others[i]);
	hf_free(process);
}

void hf_process_share_budgets(struct hf_process *child, struct hf_process *parent)
{
	child->payer = hf_process_ref(parent->payer);
}

void hf_process_share_waits(struct hf_process *process, struct hf_process *peer)
{
	process->waits = hf_process_ref(peer->waits);
}

/* The process gets one more thread, which takes turns if the process is then a crowd; so do all others if this made it one. */
static void take_turns_locked(struct hf_process *process, struct hf_thread *thread) HF_REQUIRES(process->lock)
{
	uint32_t count = process->thread_count;
	if (!hf_turn_is_crowd(count + 1))
		return;
	hf_thread_in_turns(thread);
	if (hf_turn_is_crowd(count))
		return;
	HF_LIST_EACH(link, &process->threads)
	{
		hf_thread_in_turns(HF_CONTAINER(link, struct hf_thread, in_process));
	}
}

int hf_process_add_thread(struct hf_process *process, struct hf_thread *thread, uint32_t tid)
{
	int result = 0;
	hf_thread_init(thread, NULL, tid);
	hf_lock(&process->lock);
	if (process->ending) {
		result = -HF_ESRCH;
	} else if (process->thread_count == process->limits.threads) {
		result = -HF_EAGAIN;
	} else {
		thread->process = hf_process_ref(process);
		hf_thread_pause(thread, process->paused);
		hf_counter_set(&thread->traced, process->traced ? thread->started : 0);
		hf_list_append(&process->threads, &thread->in_process);
		take_turns_locked(process, thread);
		/* Written once, while the only thread is in the call that requests a second one, so threads can read it without a lock. */
		if (process->thread_count++ > 0 && !process->fds.shared)
			process->fds.shared = true;
		hf__thread_counted(+1);
	}
	hf_unlock(&process->lock);
	return result;
}

void hf_process_make_resident(struct hf_process *process)
{
	hf_lock(&process->lock);
	process->resident = true;
	hf_unlock(&process->lock);
}

bool hf_process_is_full(struct hf_process *process)
{
	hf_lock(&process->lock);
	bool full = process->thread_count == process->limits.threads;
	hf_unlock(&process->lock);
	return full;
}

/* Copies as much as fits, without splitting a UTF-8 character. */
static uint32_t copy_text(char *to, uint32_t capacity, const char *from, uint32_t size)
{
	if (size > capacity) {
		size = capacity;
		while (size > 0 && ((unsigned char)from[size] & 0xC0) == 0x80)
			size--;
	}
	if (size)
		memcpy(to, from, size);
	return size;
}

static void stop_threads_locked(struct hf_process *process) HF_REQUIRES(process->lock)
{
	HF_ASSERT(hf_lock_is_held(&process->lock));
	HF_LIST_EACH(link, &process->threads)
	{
		hf_thread_stop(HF_CONTAINER(link, struct hf_thread, in_process));
	}
}

/* For a process that has no thread, and will get none. */
static void bury(struct hf_process *process)
{
	hf_fdtable_destroy(&process->fds);
	hf_lock(&process->lock);
	struct hf_pipe *trace = atomic_exchange(&process->trace, NULL);
	/* Under the lock, so that a thread that has seen that the process is dead can cancel the work and be sure that it is not posted again. Otherwise
	 * it could be queued after its owner was freed. */
	if (!process->dead)
		(void)hf_work_post(&process->ended);
	process->dead = true;
	hf_unlock(&process->lock);
	if (trace)
		hf_pipe_drop_writer(trace);
}

void hf_process_end(struct hf_process *process, enum hf_exit_reason reason, uint32_t code, const char *message,
                    uint32_t message_size, const char *stack, uint32_t stack_size)
{
	hf_lock(&process->lock);
	bool first = !process->ending;
	if (first) {
		process->ending = true;
		process->reason = reason;
		process->code = code;
		process->message_size = copy_text(process->message, HF_EXIT_MESSAGE_MAX, message, message_size);
		process->stack_size = copy_text(process->stack, HF_EXIT_STACK_MAX, stack, stack_size);
		stop_threads_locked(process);
	}
	/* A single thread that ends its own process needs no help: it posts the work when it leaves. */
	bool alone = process->thread_count == 1 && hf_self && hf_self->process == process;
	bool empty = process->thread_count == 0;
	if (first && !alone && !empty)
		(void)hf_work_post(&process->ended);
	hf_unlock(&process->lock);
	if (first && empty)
		bury(process);
}

void hf_process_thread_gone(struct hf_thread *thread)
{
	struct hf_process *process = thread->process;
	atomic_store(&thread->gone, 1);
	hf_turn_leave(thread);
	uint64_t cpu_time = hf_thread_cpu_time(thread);
	hf_lock(&process->lock);
	/* The thread may have been here before: if its worker ended in the code below, it is off the list, and only that code runs again. */
	if (!hf_list_empty(&thread->in_process)) {
		HF_ASSERT(process->thread_count > 0);
		hf_list_remove(&thread->in_process);
		process->thread_count--;
		process->cpu_time += cpu_time;
		if (!atomic_load(&thread->resting))
			hf__thread_counted(-1);
	}
	/* A resident process that is not ending is left for hf_process_end, which checks the count under the same lock. */
	bool last = process->thread_count == 0 && (process->ending || !process->resident);
	/* The pause may have been waiting for this thread. */
	if (!last && process->paused)
		(void)hf_work_post(&process->held);
	hf_unlock(&process->lock);
	if (last)
		bury(process);
	thread->process = NULL;
	hf_process_unref(process);
}

/* Claims one thread of the process that is in the guest, or rests there. */
static struct hf_thread *claim_one(struct hf_process *process, bool at_rest)
{
	struct hf_thread *found = NULL;
	hf_lock(&process->lock);
	HF_LIST_EACH(link, &process->threads)
	{
		struct hf_thread *thread = HF_CONTAINER(link, struct hf_thread, in_process);
		if (!found && (!at_rest || atomic_load(&thread->resting)) && hf_thread_claim(thread))
			found = thread;
	}
	hf_unlock(&process->lock);
	return found;
}

static void claim_all(struct hf_process *process, bool at_rest, void (*claimed)(struct hf_thread *thread))
{
	for (struct hf_thread *thread; (thread = claim_one(process, at_rest));) {
		claimed(thread);
		hf_process_thread_gone(thread);
	}
}

void hf_process_claim_threads(struct hf_process *process, void (*claimed)(struct hf_thread *thread))
{
	claim_all(process, false, claimed);
}

void hf_process_claim_resting(struct hf_process *process, void (*claimed)(struct hf_thread *thread))
{
	claim_all(process, true, claimed);
}

uint64_t hf_process_cpu_time(struct hf_process *process)
{
	uint64_t now = hf_plat_monotonic();
	hf_lock(&process->lock);
	uint64_t total = process->cpu_time;
	HF_LIST_EACH(link, &process->threads)
	{
		total += hf_thread_cpu_time_at(HF_CONTAINER(link, struct hf_thread, in_process), now);
	}
	hf_unlock(&process->lock);
	return total;
}

void hf_process_trace(struct hf_process *process, bool traced, struct hf_pipe *pipe)
{
	uint64_t now = hf_plat_monotonic();
	hf_lock(&process->lock);
	/* The pipe never changes, because a thread may be writing to it now. A dead process gets none, because it would never be closed. */
	bool taken = pipe && !process->dead && !atomic_load(&process->trace);
	if (taken)
		atomic_store(&process->trace, pipe);
	process->traced = traced && atomic_load(&process->trace);
	uint64_t since = process->traced ? now : 0;
	HF_LIST_EACH(link, &process->threads)
	{
		hf_counter_set(&HF_CONTAINER(link, struct hf_thread, in_process)->traced, since);
	}
	hf_unlock(&process->lock);
	if (pipe && !taken)
		hf_pipe_drop_writer(pipe);
}

void hf_process_pause(struct hf_process *process, bool paused)
{
	hf_lock(&process->lock);
	process->paused = paused;
	HF_LIST_EACH(link, &process->threads)
	{
		hf_thread_pause(HF_CONTAINER(link, struct hf_thread, in_process), paused);
	}
	hf_unlock(&process->lock);
}

bool hf_process_is_paused(struct hf_process *process)
{
	hf_lock(&process->lock);
	bool paused = process->paused && !process->dead;
	HF_LIST_EACH(link, &process->threads)
	{
		if (!hf_thread_sleeps(HF_CONTAINER(link, struct hf_thread, in_process)))
			paused = false;
	}
	hf_unlock(&process->lock);
	return paused;
}

bool hf_process_is_dead(struct hf_process *process)
{
	hf_lock(&process->lock);
	bool dead = process->dead;
	hf_unlock(&process->lock);
	return dead;
}
