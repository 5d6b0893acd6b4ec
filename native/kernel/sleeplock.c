/* sleeplock.c - handing a lock from one sleeping thread to the next. */
#include "kernel/sleeplock.h"

struct sleeplock_waiter {
	struct hf_link link; /* protected by the lock; on no list once the lock was handed to it */
	struct hf_thread *thread;
};

/* True: the caller has the lock. Else it is in line. */
static bool take_or_queue(struct hf_sleeplock *sleeplock, struct sleeplock_waiter *sleeper)
{
	hf_lock(&sleeplock->lock);
	bool taken = !sleeplock->held;
	sleeplock->held = true;
	if (!taken)
		hf_list_append(&sleeplock->sleepers, &sleeper->link);
	hf_unlock(&sleeplock->lock);
	return taken;
}

static bool was_handed_over(struct hf_sleeplock *sleeplock, struct sleeplock_waiter *sleeper)
{
	hf_lock(&sleeplock->lock);
	bool handed = hf_list_empty(&sleeper->link);
	hf_unlock(&sleeplock->lock);
	return handed;
}

/* True: it has left the line. False: it was already handed the lock. */
static bool leave_line(struct hf_sleeplock *sleeplock, struct sleeplock_waiter *sleeper)
{
	hf_lock(&sleeplock->lock);
	bool in_line = !hf_list_empty(&sleeper->link);
	hf_list_remove(&sleeper->link);
	hf_unlock(&sleeplock->lock);
	return in_line;
}

int hf_sleeplock_take(struct hf_sleeplock *sleeplock, struct hf_thread *thread)
{
	struct sleeplock_waiter sleeper = {.thread = thread};
	hf_list_init(&sleeper.link);
	HF_ASSERT(thread); /* NULL on the coordinator */
	hf_lock_order_none("taking a sleeplock");
	if (take_or_queue(sleeplock, &sleeper))
		return 0;
	for (;;) {
		uint32_t ticket = hf_park_ticket(thread);
		if (was_handed_over(sleeplock, &sleeper))
			return 0;
		int result = hf_park(thread, ticket, HF_FOREVER, HF_PARK_AT_ONCE);
		if (result < 0 && leave_line(sleeplock, &sleeper))
			return result;
	}
}

void hf_sleeplock_release(struct hf_sleeplock *sleeplock)
{
	hf_lock(&sleeplock->lock);
	HF_ASSERT(sleeplock->held);
	if (hf_list_empty(&sleeplock->sleepers)) {
		sleeplock->held = false;
	} else {
		struct sleeplock_waiter *next = HF_CONTAINER(sleeplock->sleepers.next, struct sleeplock_waiter, link);
		hf_list_remove(&next->link);
		/* Under the lock, which the thread takes before it returns, so it still exists when it is woken. */
		hf_thread_wake(next->thread);
	}
	hf_unlock(&sleeplock->lock);
}
