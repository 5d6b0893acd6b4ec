/* waitq.h - queues of waiters that are woken when an object changes.
 *
 * An object that can be waited for has a wait queue, protected by the object's lock. A waiting thread links a waiter to each object that it waits for
 * (one for a read, many for poll), and is woken by every change that might matter: data, room, close. A waiter is woken with the object's lock held,
 * so `wake` only sets words and rings doorbells. */
#ifndef HF_KERNEL_WAITQ_H
#define HF_KERNEL_WAITQ_H

#include "platform/list.h"
#include "platform/lock.h"

struct hf_waiter {
	struct hf_link link;
	void (*wake)(struct hf_waiter *waiter); /* never blocks, and takes no lock except the coordinator queue's */
};

struct hf_waitq {
	struct hf_link waiters;
};

static inline void hf_waitq_init(struct hf_waitq *queue)
{
	hf_list_init(&queue->waiters);
}

static inline void hf_waiter_init(struct hf_waiter *waiter, void (*wake)(struct hf_waiter *))
{
	hf_list_init(&waiter->link);
	waiter->wake = wake;
}

/* Call all four with the object's lock held. Removing a waiter that is on no queue does nothing. */
static inline void hf_waitq_add(struct hf_waitq *queue, struct hf_waiter *waiter)
{
	hf_list_append(&queue->waiters, &waiter->link);
}

/* Does nothing for NULL, or for a waiter that is already on a queue. */
static inline void hf_waitq_add_once(struct hf_waitq *queue, struct hf_waiter *waiter)
{
	if (waiter && hf_list_empty(&waiter->link))
		hf_waitq_add(queue, waiter);
}

static inline void hf_waitq_remove(struct hf_waiter *waiter)
{
	hf_list_remove(&waiter->link);
}

static inline void hf_waitq_wake(struct hf_waitq *queue)
{
	HF_LIST_EACH(link, &queue->waiters)
	{
		struct hf_waiter *waiter = HF_CONTAINER(link, struct hf_waiter, link);
		waiter->wake(waiter);
	}
}

#endif
