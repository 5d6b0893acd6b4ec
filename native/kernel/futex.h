/* futex.h - memory.atomic.wait and notify of guests that are interruptible: the rewriter (rewrite/rewrite.h) redirects them
 * here.
 *
 * In the engine, only a notify ends a wait. Here a wait is a sleep like any other in the kernel: an order to stop ends it, a paused process stays in
 * it, and it does not count as CPU time. All waits and notifies of the processes that share a memory must come here, or none, because they are matched by
 * address (threads proposal, "Wait and notify operators"); such processes share one hf_futex (hf_process_share_waits). */
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

/* Returns the result of memory.atomic.wait: 0 if woken, 1 if the memory does not hold the value, 2 if the timeout (nanoseconds; negative: none) has
 * passed. Or an error: the address does not exist (-HF_EFAULT) or is not aligned (-HF_EINVAL), or the thread must stop (-HF_EINTR). `size` is 4 or 8.
 * Owner thread only; blocks. */
HF_MUST_CHECK int hf_futex_wait(struct hf_thread *thread, uint64_t address, uint64_t expected, uint32_t size,
                                int64_t timeout);

/* Returns the result of memory.atomic.notify: the number of threads woken, at most `count`, longest waiting first. Errors as above. Owner thread
 * only; never blocks. */
HF_MUST_CHECK int hf_futex_notify(struct hf_thread *thread, uint64_t address, uint32_t count);

#endif
