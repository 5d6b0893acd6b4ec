/* work.h - work for the coordinator: one queue, many producers, one consumer, no allocation.
 *
 * A piece of work is embedded in the object that it concerns, and is queued at most once: posting it again before the coordinator takes it changes
 * nothing (it is a level, not an event; the coordinator checks the object). The object must stay alive while it is queued: its owner holds a
 * reference for the queue, or cancels before freeing. */
#ifndef HF_KERNEL_WORK_H
#define HF_KERNEL_WORK_H

#include "kernel/waitq.h"

struct hf_work {
	struct hf_link link;
	_Atomic bool queued;
	void (*run)(struct hf_work *work); /* called on the coordinator with no lock held; never blocks */
};

/* A waiter that posts its work: the coordinator waits for objects like a guest's thread, but never sleeps. */
struct hf_work_waiter {
	struct hf_waiter waiter;
	struct hf_work work;
};

void hf_work_init(struct hf_work *work, void (*run)(struct hf_work *work));
void hf_work_waiter_init(struct hf_work_waiter *waiter, void (*run)(struct hf_work *work));
/* Any thread; never blocks beyond the queue's lock. True if this call queued it. */
bool hf_work_post(struct hf_work *work);
/* Removes it from the queue if it is there; after that it can be freed. True if it was queued. Coordinator only. */
bool hf_work_cancel(struct hf_work *work);
/* Runs the work that is queued now (work queued meanwhile waits for the next call), and returns how many pieces ran. Coordinator only. */
uint32_t hf_work_drain(void);
/* Returns how often hf_work_drain was called; used to limit how much is done before the event loop turns. Coordinator only. */
uint32_t hf_work_turn(void);

#endif
