/* uio.h - moving bytes between the kernel and a caller's memory: a guest's memory or a kernel buffer (after BSD's uio).
 *
 * Guests may be hostile: their pointers and lengths are checked against the memory's size once, before anything is copied. The memory may change
 * during the copy (threads) but never shrinks, so a checked range stays valid. No other code in the kernel uses a guest pointer. */
#ifndef HF_PLATFORM_UIO_H
#define HF_PLATFORM_UIO_H

#include "platform/lock.h"
#include "platform/platform.h"

/* Access to one guest's memory. In the browser the functions are the bridge module's, natively they are memcpy. They are called with checked ranges
 * only. Owned by the thread that runs the guest. */
struct hf_usermem {
	void (*copy_in)(void *to, uint32_t from, uint32_t size);
	void (*copy_out)(uint32_t to, const void *from, uint32_t size);
	/* The memory's size in 64 KiB pages. */
	uint32_t (*pages)(void);
	/* The bytes known to exist: a lower bound, refreshed when a range exceeds it. Other threads may read it. */
	hf_counter known_size;
};

/* Sets the functions that access the memory. Called by the thread that runs the guest, while others may read known_size. */
void hf_user_bind(struct hf_usermem *mem, void (*copy_in)(void *, uint32_t, uint32_t),
                  void (*copy_out)(uint32_t, const void *, uint32_t), uint32_t (*pages)(void));
/* Returns the memory's current size, and stores it in known_size. */
uint64_t hf_user_size(struct hf_usermem *mem);
/* Returns 0 if [address, address + size) is in the memory, else -HF_EFAULT. */
HF_MUST_CHECK int hf_user_check(struct hf_usermem *mem, uint32_t address, uint64_t size);
/* Check the range, then copy once. 0 or -HF_EFAULT. */
HF_MUST_CHECK int hf_copy_in(struct hf_usermem *mem, void *to, uint32_t from, size_t size);
HF_MUST_CHECK int hf_copy_out(struct hf_usermem *mem, uint32_t to, const void *from, size_t size);

/* One piece of a transfer: a kernel pointer, or a guest's address. */
struct hf_iov {
	uintptr_t base;
	uint32_t size;
};

/* A transfer in progress. `mem` is NULL for kernel memory. */
struct hf_uio {
	struct hf_usermem *mem;
	const struct hf_iov *iov; /* the current piece */
	uint32_t iov_left;        /* pieces left, the current one included */
	uint32_t done_in_iov;     /* bytes of the current piece that were moved */
	uint64_t resid;           /* total bytes left */
	union {
		uint64_t now; /* for a file: the current time, in case it is needed (vnode.h); 0: the clock has not been read */
		bool
			nonblock; /* for a pipe, a socket or a terminal: do not wait for bytes to read, even if the description is blocking */
	};
};

/* Makes a transfer from or to one kernel buffer; the caller owns *iov, which must live as long as the uio. */
void hf_uio_kernel(struct hf_uio *uio, struct hf_iov *iov, void *buffer, uint32_t size);

/* Copies min(size, resid) bytes between `buffer` and the transfer's pieces and advances it; returns how many. Cannot
 * fail (the ranges were checked when the uio was made) and never blocks, so it may be called with a lock held. */
size_t hf_uio_to_user(struct hf_uio *uio, const void *buffer, size_t size);
size_t hf_uio_from_user(struct hf_uio *uio, void *buffer, size_t size);
/* Fills the pieces with zeros (for holes of sparse files). */
size_t hf_uio_zero_user(struct hf_uio *uio, size_t size);

#endif
