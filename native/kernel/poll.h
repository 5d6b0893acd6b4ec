/* poll.h - waiting for several descriptions and a deadline at once. */
#ifndef HF_KERNEL_POLL_H
#define HF_KERNEL_POLL_H

#include "kernel/file.h"

struct hf_poll_entry {
	/* In: a description that the caller holds a reference to, or NULL (never ready), and the events to wait for. */
	struct hf_file *file;
	unsigned events; /* enum hf_ready */
	/* Out: */
	unsigned ready;
	uint64_t bytes;
	/* poll.c's own. */
	struct hf_thread_waiter waiter;
};

/* Waits until one of the entries is ready or the deadline has passed; with the deadline 0 it only checks. Blocks without using CPU. Returns the number
 * of ready entries (0: the deadline has passed), or -HF_EINTR if none is ready and the thread, which would wait, must stop. */
HF_MUST_CHECK int hf_poll(struct hf_thread *thread, struct hf_poll_entry *entries, uint32_t count, uint64_t deadline);

#endif
