/* turn.c - turns at the cores; turn.h explains why. */
#include "kernel/turn.h"

#include "kernel/thread.h"

static struct hf_lock lock = HF_LOCK_INIT(HF_RANK_LEAF);
/* Threads in order of arrival: the first ones, as many as there are cores, have a turn, the next one watches the time, and the others wait. */
static struct hf_link line HF_GUARDED_BY(lock) = {&line, &line};
static _Atomic uint32_t length; /* changed with the lock held */

/* While no more threads than this are awake, threads that wait for each other run better without turns. */
static uint32_t awake_most(void)
{
	return 2 * hf_plat_cores();
}

bool hf_turn_is_crowd(uint32_t threads)
{
	return threads > awake_most();
}

static bool others_wait(void)
{
	return atomic_load(&length) > hf_plat_cores();
}

bool hf_turn_is_due(struct hf_thread *thread)
{
	uint32_t turn = atomic_load(&thread->turn);
	return turn != HF_TURN_HAS && (turn != HF_TURN_NONE || others_wait() || hf__threads_awake() > awake_most());
}

static void move_up_locked(void) HF_REQUIRES(lock)
{
	uint32_t place = 0, cores = hf_plat_cores();
	HF_LIST_EACH(link, &line)
	{
		struct hf_thread *thread = HF_CONTAINER(link, struct hf_thread, in_line);
		uint32_t turn = place < cores ? HF_TURN_HAS : HF_TURN_NEXT;
		if (atomic_exchange(&thread->turn, turn) != turn)
			hf_thread_wake(thread);
		if (place++ == cores)
			return;
	}
}

/* Moves the thread to the end of the line if it must wait, else out of the line. */
static void change_locked(struct hf_thread *thread, enum hf_turn turn) HF_REQUIRES(lock)
{
	if (!hf_list_empty(&thread->in_line)) {
		hf_list_remove(&thread->in_line);
		atomic_fetch_sub(&length, 1);
	}
	if (turn == HF_TURN_WAITS) {
		hf_list_append(&line, &thread->in_line);
		atomic_fetch_add(&length, 1);
	}
	if (turn != HF_TURN_OVER)
		hf_plat_flag_lower(thread->flag, HF_ORDER_TURN);
	atomic_store(&thread->turn, turn);
	move_up_locked();
}

static void change(struct hf_thread *thread, enum hf_turn turn)
{
	hf_lock(&lock);
	change_locked(thread, turn);
	hf_unlock(&lock);
}

static void end_longest(void)
{
	hf_lock(&lock);
	if (others_wait()) {
		struct hf_thread *thread = HF_CONTAINER(line.next, struct hf_thread, in_line);
		change_locked(thread, HF_TURN_OVER);
		hf_plat_flag_raise(thread->flag, HF_ORDER_TURN);
	}
	hf_unlock(&lock);
}

void hf_turn_take(struct hf_thread *thread)
{
	uint64_t deadline = HF_FOREVER;
	change(thread, HF_TURN_WAITS);
	for (;;) {
		uint32_t ticket = hf_park_ticket(thread), turn = atomic_load(&thread->turn);
		if (turn != HF_TURN_WAITS && turn != HF_TURN_NEXT)
			return;
		if (turn == HF_TURN_NEXT && deadline == HF_FOREVER)
			deadline = hf_plat_monotonic() + HF_TURN_NS;
		int result = hf_park(thread, ticket, deadline, HF_PARK_AT_ONCE);
		if (result == -HF_EINTR)
			change(thread, HF_TURN_NONE);
		if (result == -HF_ETIMEDOUT)
			end_longest();
	}
}

void hf_turn_between_pieces(void)
{
	if (hf_self && atomic_load_explicit(&hf_self->turn, memory_order_relaxed) == HF_TURN_OVER)
		hf_turn_take(hf_self);
}

void hf_turn_yield(struct hf_thread *thread)
{
	if (atomic_load(&thread->turn) == HF_TURN_HAS && others_wait())
		change(thread, HF_TURN_OVER);
}

void hf_turn_leave(struct hf_thread *thread)
{
	if (atomic_load(&thread->turn) != HF_TURN_NONE)
		change(thread, HF_TURN_NONE);
}
