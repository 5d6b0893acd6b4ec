/* futex.h - memory.atomic.wait and notify of guests that are interruptible: the rewriter (rewrite/rewrite.h) redirects them
 * here.
 *
 * Only a notify can end a wait in the engine. Here it is a sleep like any other in the kernel: an order to stop ends it, a
 * process that must pause rests in it, and it does not count as CPU time. Either all waits and notifies of a process come
 * here or none: they find each other by address (threads proposal, "Wait and notify operators"). */
#ifndef HF_KERNEL_FUTEX_H
#define HF_KERNEL_FUTEX_H

#include "platform/list.h"
#include "platform/lock.h"
#include "platform/platform.h"

struct hf_thread;

struct hf_futex {
	struct hf_lock lock;
	/* Protected by lock: the waiting threads, the longest waiting first. */
	struct hf_link sleepers;
};

void hf_futex_init(struct hf_futex *futex);

/* What memory.atomic.wait returns: 0 woken, 1 the memory does not hold the value, 2 the timeout (nanoseconds; negative: none) has passed.
 * Negative: the address does not exist (-HF_EFAULT) or is not aligned (-HF_EINVAL), or the thread must stop (-HF_EINTR). `size` is 4 or 8. Owner
 * thread only; blocks. */
HF_MUST_CHECK int hf_futex_wait(struct hf_thread *thread, uint64_t address, uint64_t expected, uint32_t size,
                                int64_t timeout);

/* What memory.atomic.notify returns: how many were woken, at most `count`, the longest waiting first. Negative as above. Owner thread only; never
 * blocks. */
HF_MUST_CHECK int hf_futex_notify(struct hf_thread *thread, uint64_t address, uint32_t count);

#endif
