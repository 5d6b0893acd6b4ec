/* sleeplock.h - a lock for threads that sleep while they hold it (xv6's).
 *
 * It is for long operations: its holder may wait for an answer from elsewhere, and threads that want the lock sleep meanwhile. It is handed on in
 * order of arrival. Only guests' threads take it, never the coordinator. A holder is in the kernel, so it is never terminated; when it must stop, its
 * waits end, and it releases the lock on its way out.
 *
 * It is taken with no lock held, and locks of any rank may be taken while it is held. A thread holds one at most. */
#ifndef HF_KERNEL_SLEEPLOCK_H
#define HF_KERNEL_SLEEPLOCK_H

#include "kernel/thread.h"

struct hf_sleeplock {
	struct hf_lock lock;
	/* Protected by lock. */
	bool held;
	struct hf_link sleepers;
};

static inline void hf_sleeplock_init(struct hf_sleeplock *sleeplock)
{
	hf_lock_init(&sleeplock->lock, HF_RANK_LEAF);
	sleeplock->held = false;
	hf_list_init(&sleeplock->sleepers);
}

/* Owner thread only, in the kernel. 0, or -HF_EINTR when the thread must stop while it waits. */
HF_MUST_CHECK int hf_sleeplock_take(struct hf_sleeplock *sleeplock, struct hf_thread *thread);
void hf_sleeplock_release(struct hf_sleeplock *sleeplock);

#endif
