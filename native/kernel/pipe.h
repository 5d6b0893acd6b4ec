/* pipe.h - a bounded ring of bytes with two ends (POSIX pipe). Guests' standard streams are pipes whose other end the
 * page holds, through the coordinator.
 *
 * Each end is counted; the pipe is freed when both counts are zero. Reading an empty pipe without writers is end of
 * file; writing to one without readers is EPIPE. Writes of at most HF_PIPE_BUF bytes are atomic.
 *
 * A channel is a pipe that keeps messages apart, as a socket of the type SOCK_SEQPACKET does: each write is a message, whole or not at all, and a
 * read returns bytes of one message only. What a read has no room for stays, and is what the next read returns. A write of no bytes sends
 * nothing, because a read of no bytes is the end of file. */
#ifndef HF_KERNEL_PIPE_H
#define HF_KERNEL_PIPE_H

#include <holdfast/layouts.h>

#include "kernel/thread.h"
#include "kernel/waitq.h"
#include "platform/uio.h"

struct hf_pipe {
	struct hf_lock lock;
	/* Protected by lock. */
	uint32_t readers;
	uint32_t writers;
	uint32_t head;            /* where the next byte is read; indices run freely and wrap with the ring's mask */
	uint32_t tail;            /* where the next byte is written */
	bool ended;               /* as if there were neither readers nor writers: its bytes can be read, no more come */
	bool reset;               /* ended by force: after the last byte one read returns ECONNRESET */
	struct hf_waitq readable; /* waits for bytes or the end of file */
	struct hf_waitq writable; /* waits for room or EPIPE */
	uint32_t size;            /* a power of two */
	uint8_t *ring;
	/* Of a channel. Each message in the ring is its size, then its bytes, padded so that the next size is aligned. */
	uint32_t messages; /* that are not read to their end */
	uint32_t unread;   /* bytes of them */
	uint32_t rest; /* of these, those of a message that was begun, whose size is no longer in the ring; 0: none was */
	/* Immutable after init. */
	uint64_t ino;
	struct hf_budget *budget; /* of which it is one; NULL: none. Outlives it */
	uint32_t most_messages;   /* 0: it is no channel */
	uint32_t most_bytes;
};

/* A pipe with one hold on each end. `size` is rounded up to a power of two of at least HF_PIPE_BUF. 0 or -HF_ENOMEM. */
HF_MUST_CHECK int hf_pipe_create(uint32_t size, struct hf_pipe **out);
/* The same, as a channel for at most so many messages, at least 1, and bytes; together they need at most 1 GiB. The lock is held while a message is moved, so
 * whoever makes it limits the bytes. */
HF_MUST_CHECK int hf_pipe_create_channel(uint32_t messages, uint32_t bytes, struct hf_pipe **out);
/* The same, as one of those that a guest may have. -HF_EMFILE: it has as many. The budget must outlive the pipe. */
HF_MUST_CHECK int hf_pipe_create_counted(uint32_t size, struct hf_budget *budget, struct hf_pipe **out);
/* Another hold on an end, for a caller that already has one. */
void hf_pipe_hold_reader(struct hf_pipe *pipe);
void hf_pipe_hold_writer(struct hf_pipe *pipe);
/* Releases a hold; the last one of an end wakes the other end. */
void hf_pipe_drop_reader(struct hf_pipe *pipe);
void hf_pipe_drop_writer(struct hf_pipe *pipe);

/* Ends it for both sides while they keep their holds (a socket that is shut down): its bytes can still be read, then
 * comes the end of file; writing is EPIPE. Returns the number of unread bytes. */
uint32_t hf_pipe_end(struct hf_pipe *pipe);
/* Ends it, and the reader gets one -HF_ECONNRESET in place of the first end of file. */
void hf_pipe_reset(struct hf_pipe *pipe);
/* Frees the space that no writer will fill: once there are no writers, moves the unread bytes to a ring that just fits them. Called by a
 * reader; does nothing while there are writers, or without memory. */
void hf_pipe_shrink(struct hf_pipe *pipe);

/* At least one byte, or the end of file (nothing moved). Blocks unless `nonblock`: then -HF_EAGAIN. -HF_EINTR. */
HF_MUST_CHECK int hf_pipe_read(struct hf_pipe *pipe, struct hf_thread *thread, struct hf_uio *uio, bool nonblock);
/* All bytes. Blocks unless `nonblock`: then as many as there is room for (all or none up to HF_PIPE_BUF), or
 * -HF_EAGAIN. -HF_EPIPE; -HF_EMSGSIZE for a message that a channel could never hold. A stop or EPIPE after some bytes were written is success; the next call returns the error. */
HF_MUST_CHECK int hf_pipe_write(struct hf_pipe *pipe, struct hf_thread *thread, struct hf_uio *uio, bool nonblock);

/* One of the two above, by the calling thread: bits of enum hf_move, and the memory. How many bytes passed, at most 2^31 - 1; 0: the end of file; or an
 * error. Blocks. */
HF_MUST_CHECK int32_t hf_pipe_move(struct hf_pipe *pipe, uint32_t how, uintptr_t at, uint32_t size);

/* One try, from any thread, the coordinator too: moves what can be moved now. -HF_EAGAIN when that is nothing (then, if
 * `waiter` is not NULL, it is linked, atomically with the look, unless it is linked already). Reading the end of file:
 * 0 and nothing moved. -HF_EPIPE. */
HF_MUST_CHECK int hf_pipe_try_read(struct hf_pipe *pipe, struct hf_uio *uio, struct hf_waiter *waiter);
HF_MUST_CHECK int hf_pipe_try_write(struct hf_pipe *pipe, struct hf_uio *uio, struct hf_waiter *waiter);
/* As try_write, but may split a small write. */
HF_MUST_CHECK int hf_pipe_try_put(struct hf_pipe *pipe, struct hf_uio *uio, struct hf_waiter *waiter);
/* Writes all or nothing, and only if no other write came since the pipe's end was `*end`, which is updated. -HF_EAGAIN: there is no room
 * for all; -HF_ESTALE: another write came first; -HF_EPIPE. */
HF_MUST_CHECK int hf_pipe_try_put_at(struct hf_pipe *pipe, struct hf_uio *uio, uint32_t *end);
/* The pipe's end now. */
uint32_t hf_pipe_end_of(struct hf_pipe *pipe);
/* Copies the last unread bytes, at most `size`, stores the pipe's end in *end, and returns how many. *all: no others are
 * unread. */
uint32_t hf_pipe_copy_last(struct hf_pipe *pipe, uint8_t *to, uint32_t size, bool *all, uint32_t *end);
/* As hf_pipe_read, but the bytes stay in the pipe; `whole`: waits until as many bytes are there as requested, or as fit
 * into a pipe, or until the end. */
HF_MUST_CHECK int hf_pipe_peek(struct hf_pipe *pipe, struct hf_thread *thread, struct hf_uio *uio, bool nonblock,
                               bool whole);
/* Links the waiter so that it learns of room and of EPIPE, whether there is room or not; true (and not linked) when
 * there is no reader. */
bool hf_pipe_watch_reader(struct hf_pipe *pipe, struct hf_waiter *waiter);

/* Bytes in the pipe, or of a channel's first message, and whether it has writers; room in it and whether it has readers. If the answer is "nothing, and
 * the other side is there" and `waiter` is not NULL, it is linked. */
uint32_t hf_pipe_poll_read(struct hf_pipe *pipe, struct hf_waiter *waiter, bool *hangup);
uint32_t hf_pipe_poll_write(struct hf_pipe *pipe, struct hf_waiter *waiter, bool *hangup);
void hf_pipe_unpoll(struct hf_pipe *pipe, struct hf_waiter *waiter);

#endif
