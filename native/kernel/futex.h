/* futex.h - memory.atomic.wait and notify of guests that are interruptible: the rewriter (rewrite/rewrite.h) has them made here.
 *
 * A wait of the engine's own can be ended by nobody but a notify. Here it is a sleep like any other in the kernel: an
 * order to stop ends it, a process that is to pause rests in it, and its time is not the guest's own. All waits and
 * notifies of a process come here, or none: they find each other by address (threads proposal, "Wait and notify
 * operators"). */
#ifndef HF_KERNEL_FUTEX_H
#define HF_KERNEL_FUTEX_H

#include "platform/list.h"
#include "platform/lock.h"
#include "platform/platform.h"

struct hf_thread;

struct hf_futex {
	struct hf_lock lock;
	/* Protected by lock: who waits, the longest first. */
	struct hf_link sleepers;
};

void hf_futex_init(struct hf_futex *futex);

/* What memory.atomic.wait gives: 0 woken, 1 the memory does not hold the value, 2 the timeout (nanoseconds; negative: for ever) has passed. Negative: there is
 * no such address (-HF_EFAULT) or it is not aligned (-HF_EINVAL), or the thread is to stop (-HF_EINTR). `size` is 4 or 8. Owner thread only; blocks. */
HF_MUST_CHECK int hf_futex_wait(struct hf_thread *thread, uint64_t address, uint64_t expected, uint32_t size,
                                int64_t timeout);

/* What memory.atomic.notify gives: how many were woken, at most `count`, the longest waiting first. Negative as above. Owner thread only; never blocks. */
HF_MUST_CHECK int hf_futex_notify(struct hf_thread *thread, uint64_t address, uint32_t count);

#endif
