/* pipe.h - a bounded ring of bytes with two ends (POSIX pipe). Guests' standard streams are pipes whose other end the
 * page holds, through the coordinator.
 *
 * Each end has a count of holds; the pipe is freed when both are zero. Reading an empty pipe without writers is end of file; writing to one without
 * readers is EPIPE. Writes of at most HF_PIPE_BUF bytes are atomic.
 *
 * A channel is a pipe that preserves message boundaries, like a SOCK_SEQPACKET socket: each write is one message, written whole or not at all, and a
 * read returns bytes of one message only. If the buffer is too small for the message, the next read returns the rest. A write of no bytes sends
 * nothing, because a read of no bytes means the end of file. */
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
	bool ended;               /* treated as if it had neither readers nor writers: its bytes can still be read */
	uint8_t reset;            /* was reset: after the last byte, one read returns this error; else 0 */
	struct hf_waitq readable; /* threads that wait for bytes or the end of file */
	struct hf_waitq writable; /* waits for room or EPIPE */
	uint32_t size;            /* a power of two */
	uint8_t *ring;
	/* For a channel. A message in the ring is its size, then its bytes, padded so that the next size is aligned. */
	uint32_t messages; /* messages that were not read to their end */
	uint32_t unread;   /* their unread bytes */
	uint32_t
		rest; /* of these, the rest of a message that was read in part, whose size is no longer in the ring; 0: none */
	/* Immutable after init. */
	uint64_t ino;
	struct hf_budget *budget; /* the budget that counts this pipe, and outlives it; NULL: none */
	uint32_t most_messages;   /* 0: not a channel */
	uint32_t most_bytes;
};

/* Creates a pipe with one hold on each end. `size` is rounded up to a power of two of at least HF_PIPE_BUF. 0 or -HF_ENOMEM. */
HF_MUST_CHECK int hf_pipe_create(uint32_t size, struct hf_pipe **out);
/* Creates a channel for at most this many messages (at least 1) and bytes, which together may need 1 GiB. The lock is held while a message is moved,
 * so the caller should limit the bytes. */
HF_MUST_CHECK int hf_pipe_create_channel(uint32_t messages, uint32_t bytes, struct hf_pipe **out);
/* Creates a pipe that counts toward the guest's budget, which must outlive it. -HF_EMFILE: the budget is used up. */
HF_MUST_CHECK int hf_pipe_create_counted(uint32_t size, struct hf_budget *budget, struct hf_pipe **out);
/* Takes another hold on an end, for a caller that already has one. */
void hf_pipe_hold_reader(struct hf_pipe *pipe);
void hf_pipe_hold_writer(struct hf_pipe *pipe);
/* Releases a hold; releasing the last hold on an end wakes the other end. */
void hf_pipe_drop_reader(struct hf_pipe *pipe);
void hf_pipe_drop_writer(struct hf_pipe *pipe);

/* Ends the pipe for both sides, which keep their holds (a socket that is shut down): its bytes can still be read, followed by the end of file;
 * writing is EPIPE. Returns the number of unread bytes. */
uint32_t hf_pipe_end(struct hf_pipe *pipe);
/* Ends the pipe, and the reader gets this error (HF_E*) once, in place of the first end of file. */
void hf_pipe_fail(struct hf_pipe *pipe, uint8_t error);
static inline void hf_pipe_reset(struct hf_pipe *pipe)
{
	hf_pipe_fail(pipe, HF_ECONNRESET);
}
/* Frees space that will not be used: once there are no writers, moves the unread bytes to a ring that just fits them. Called by a reader; does
 * nothing while there are writers, or without memory. */
void hf_pipe_shrink(struct hf_pipe *pipe);

/* Reads at least one byte, or nothing at the end of file. Blocks unless `nonblock`: then -HF_EAGAIN. -HF_EINTR. */
HF_MUST_CHECK int hf_pipe_read(struct hf_pipe *pipe, struct hf_thread *thread, struct hf_uio *uio, bool nonblock);
/* Writes all bytes. Blocks unless `nonblock`: then writes as many as there is room for (all or none up to HF_PIPE_BUF), or -HF_EAGAIN. -HF_EPIPE;
 * -HF_EMSGSIZE for a message that a channel could never hold. A stop or EPIPE after some bytes were written is success; the next call returns the
 * error. */
HF_MUST_CHECK int hf_pipe_write(struct hf_pipe *pipe, struct hf_thread *thread, struct hf_uio *uio, bool nonblock);

/* Does one of the two above for the calling thread; takes bits of enum hf_move, and the memory. Returns the number of bytes moved, at most 2^31 - 1;
 * 0: the end of file; or an error. Blocks. */
HF_MUST_CHECK int32_t hf_pipe_move(struct hf_pipe *pipe, uint32_t how, uintptr_t at, uint32_t size);

/* One attempt, from any thread including the coordinator: moves what can be moved now. -HF_EAGAIN when that is nothing (then `waiter`, unless it is
 * NULL or already linked, is linked atomically with the check). Reading the end of file: 0 and nothing moved. -HF_EPIPE. */
HF_MUST_CHECK int hf_pipe_try_read(struct hf_pipe *pipe, struct hf_uio *uio, struct hf_waiter *waiter);
HF_MUST_CHECK int hf_pipe_try_write(struct hf_pipe *pipe, struct hf_uio *uio, struct hf_waiter *waiter);
/* Like try_write, but may split a small write. */
HF_MUST_CHECK int hf_pipe_try_put(struct hf_pipe *pipe, struct hf_uio *uio, struct hf_waiter *waiter);
/* Writes all or nothing, and only if nothing was written since the pipe's end was `*end`, which is updated. -HF_EAGAIN: there is not enough room;
 * -HF_ESTALE: something else was written; -HF_EPIPE. */
HF_MUST_CHECK int hf_pipe_try_put_at(struct hf_pipe *pipe, struct hf_uio *uio, uint32_t *end);
/* Returns the pipe's current end. */
uint32_t hf_pipe_end_of(struct hf_pipe *pipe);
/* Copies the last unread bytes, at most `size`, stores the pipe's end in *end, and returns how many were copied. *all: these are all unread bytes. */
uint32_t hf_pipe_copy_last(struct hf_pipe *pipe, uint8_t *to, uint32_t size, bool *all, uint32_t *end);
/* Like hf_pipe_read, but the bytes stay in the pipe; `whole`: waits until the pipe has the requested number of bytes, is full, or has ended. */
HF_MUST_CHECK int hf_pipe_peek(struct hf_pipe *pipe, struct hf_thread *thread, struct hf_uio *uio, bool nonblock,
                               bool whole);
/* Links the waiter, which is woken by room and by EPIPE, even if there is room now; true (and not linked) when there is no reader. */
bool hf_pipe_watch_reader(struct hf_pipe *pipe, struct hf_waiter *waiter);

/* The bytes in the pipe, or in a channel's first message, and whether there are writers; the room in it, and whether there are readers. If there is
 * nothing, but the other side exists, and `waiter` is not NULL, the waiter is linked. */
uint32_t hf_pipe_poll_read(struct hf_pipe *pipe, struct hf_waiter *waiter, bool *hangup);
uint32_t hf_pipe_poll_write(struct hf_pipe *pipe, struct hf_waiter *waiter, bool *hangup);
void hf_pipe_unpoll(struct hf_pipe *pipe, struct hf_waiter *waiter);

#endif
