/* pipe.c - bounded rings of bytes. */
#include "kernel/pipe.h"

#include <string.h>

#include "fs/budget.h"
#include "platform/alloc.h"

static _Atomic uint64_t next_ino = 1;

int hf_pipe_create(uint32_t size, struct hf_pipe **out)
{
	uint32_t rounded = HF_PIPE_BUF;
	while (rounded < size && rounded < HF_PIPE_SIZE_MAX)
		rounded *= 2;
	struct hf_pipe *pipe = hf_alloc_zeroed(sizeof *pipe);
	uint8_t *ring = hf_alloc(rounded);
	if (!pipe || !ring) {
		hf_free(pipe);
		hf_free(ring);
		return -HF_ENOMEM;
	}
	hf_lock_init(&pipe->lock, HF_RANK_PIPE);
	pipe->ino = atomic_fetch_add(&next_ino, 1);
	hf_lock(&pipe->lock);
	pipe->ring = ring;
	pipe->size = rounded;
	pipe->readers = pipe->writers = 1;
	hf_waitq_init(&pipe->readable);
	hf_waitq_init(&pipe->writable);
	hf_unlock(&pipe->lock);
	*out = pipe;
	return 0;
}

/* The overhead of a message in the ring: its size, and padding. */
#define OVERHEAD 8

static uint32_t padded(uint32_t index)
{
	return (index + 3) & ~UINT32_C(3);
}

int hf_pipe_create_channel(uint32_t messages, uint32_t bytes, struct hf_pipe **out)
{
	int result = hf_pipe_create(bytes + messages * OVERHEAD, out);
	if (result == 0) {
		(*out)->most_messages = messages;
		(*out)->most_bytes = bytes;
	}
	return result;
}

int hf_pipe_create_counted(uint32_t size, struct hf_budget *budget, struct hf_pipe **out)
{
	if (!hf_budget_take(budget, 1))
		return -HF_EMFILE;
	int result = hf_pipe_create(size, out);
	if (result < 0)
		hf_budget_give_back(budget, 1);
	else
		(*out)->budget = budget;
	return result;
}

static void hold(struct hf_pipe *pipe, bool reader)
{
	hf_lock(&pipe->lock);
	HF_ASSERT((reader ? pipe->readers++ : pipe->writers++) > 0);
	hf_unlock(&pipe->lock);
}

void hf_pipe_hold_reader(struct hf_pipe *pipe)
{
	hold(pipe, true);
}

void hf_pipe_hold_writer(struct hf_pipe *pipe)
{
	hold(pipe, false);
}

static void drop(struct hf_pipe *pipe, bool reader)
{
	hf_lock(&pipe->lock);
	HF_ASSERT((reader ? pipe->readers : pipe->writers) > 0);
	uint32_t left = reader ? --pipe->readers : --pipe->writers;
	bool dead = pipe->readers == 0 && pipe->writers == 0;
	if (left == 0 && !dead)
		hf_waitq_wake(reader ? &pipe->writable : &pipe->readable);
	hf_unlock(&pipe->lock);
	if (dead) {
		if (pipe->budget)
			hf_budget_give_back(pipe->budget, 1);
		hf_free(pipe->ring);
		hf_free(pipe);
	}
}

void hf_pipe_drop_reader(struct hf_pipe *pipe)
{
	drop(pipe, true);
}

void hf_pipe_drop_writer(struct hf_pipe *pipe)
{
	drop(pipe, false);
}

static uint32_t end(struct hf_pipe *pipe, uint8_t reset)
{
	hf_lock(&pipe->lock);
	uint32_t unread = pipe->tail - pipe->head;
	if (!pipe->ended || (reset && !pipe->reset)) {
		pipe->ended = true;
		pipe->reset = pipe->reset ? pipe->reset : reset;
		hf_waitq_wake(&pipe->readable);
		hf_waitq_wake(&pipe->writable);
	}
	hf_unlock(&pipe->lock);
	return unread;
}

uint32_t hf_pipe_end(struct hf_pipe *pipe)
{
	return end(pipe, 0);
}

void hf_pipe_fail(struct hf_pipe *pipe, uint8_t error)
{
	(void)end(pipe, error);
}

/* These are called in loops; their callers assert that the lock is held. */
static bool no_more_comes_locked(struct hf_pipe *pipe) HF_REQUIRES(pipe->lock)
{
	return pipe->writers == 0 || pipe->ended;
}

static bool nobody_reads_locked(struct hf_pipe *pipe) HF_REQUIRES(pipe->lock)
{
	return pipe->readers == 0 || pipe->ended;
}

static uint32_t used_locked(struct hf_pipe *pipe) HF_REQUIRES(pipe->lock)
{
	return pipe->tail - pipe->head;
}

static uint32_t room_locked(struct hf_pipe *pipe) HF_REQUIRES(pipe->lock)
{
	if (pipe->most_messages)
		return pipe->messages < pipe->most_messages ? pipe->most_bytes - pipe->unread : 0;
	return pipe->size - (pipe->tail - pipe->head);
}

/* The length of the run of bytes from the index that neither wraps nor exceeds `most`. */
static uint32_t run(const struct hf_pipe *pipe, uint32_t index, uint32_t most)
{
	uint32_t to_end = pipe->size - (index & (pipe->size - 1));
	return most < to_end ? most : to_end;
}

/* The size field of the message that begins at the index. */
static uint32_t *size_at_locked(struct hf_pipe *pipe, uint32_t index) HF_REQUIRES(pipe->lock)
{
	return (uint32_t *)(void *)(pipe->ring + (index & (pipe->size - 1)));
}

/* How much a read can return: in a channel, the rest of the first message. */
static uint32_t readable_locked(struct hf_pipe *pipe) HF_REQUIRES(pipe->lock)
{
	if (!pipe->most_messages || pipe->messages == 0)
		return used_locked(pipe);
	return pipe->rest ? pipe->rest : *size_at_locked(pipe, pipe->head);
}

/* Copies at most this many bytes from the head of the ring; returns how many. */
static uint32_t move_out_locked(struct hf_pipe *pipe, struct hf_uio *uio, uint32_t most) HF_REQUIRES(pipe->lock)
{
	uint32_t moved = 0;
	while (moved < most && uio->resid > 0) {
		uint32_t span = run(pipe, pipe->head, most - moved);
		uint32_t part = (uint32_t)hf_uio_to_user(uio, pipe->ring + (pipe->head & (pipe->size - 1)), span);
		pipe->head += part;
		moved += part;
	}
	return moved;
}

static void take_message_locked(struct hf_pipe *pipe, struct hf_uio *uio, uint32_t size) HF_REQUIRES(pipe->lock)
{
	if (!pipe->rest)
		pipe->head += sizeof size;
	uint32_t moved = move_out_locked(pipe, uio, size);
	pipe->unread -= moved;
	pipe->rest = size - moved;
	if (pipe->rest)
		return;
	pipe->head = padded(pipe->head);
	pipe->messages--;
}

/* Moves bytes from the ring to the reader, which has room: at most a message, or a slice, because the lock is held. True if anything was moved. */
static bool take_locked(struct hf_pipe *pipe, struct hf_uio *uio) HF_REQUIRES(pipe->lock)
{
	HF_ASSERT(hf_lock_is_held(&pipe->lock));
	uint32_t size = readable_locked(pipe);
	if (size == 0)
		return false;
	if (pipe->most_messages)
		take_message_locked(pipe, uio, size);
	else
		(void)move_out_locked(pipe, uio, size < HF_SLICE ? size : HF_SLICE);
	hf_waitq_wake(&pipe->writable);
	return true;
}

/* Replaces the ring by one of `size` bytes that holds the unread bytes; returns the old ring. */
static uint8_t *change_ring_locked(struct hf_pipe *pipe, uint8_t *ring, uint32_t size) HF_REQUIRES(pipe->lock)
{
	HF_ASSERT(hf_lock_is_held(&pipe->lock));
	uint32_t used = used_locked(pipe);
	if (pipe->writers > 0 || used > size || size >= pipe->size)
		return ring;
	for (uint32_t done = 0; done < used;) {
		uint32_t span = run(pipe, pipe->head + done, used - done);
		memcpy(ring + done, pipe->ring + ((pipe->head + done) & (pipe->size - 1)), span);
		done += span;
	}
	uint8_t *old = pipe->ring;
	pipe->ring = ring;
	pipe->size = size;
	pipe->head = 0;
	pipe->tail = used;
	return old;
}

void hf_pipe_shrink(struct hf_pipe *pipe)
{
	uint32_t size = 16;
	hf_lock(&pipe->lock);
	while (size < used_locked(pipe))
		size *= 2;
	bool worth_it = pipe->writers == 0 && size < pipe->size;
	hf_unlock(&pipe->lock);
	uint8_t *ring = worth_it ? hf_alloc(size) : NULL;
	if (!ring)
		return;
	/* In the meantime bytes can only have been read. */
	hf_lock(&pipe->lock);
	ring = change_ring_locked(pipe, ring, size);
	hf_unlock(&pipe->lock);
	hf_free(ring);
}

/* Moves bytes from the writer to the ring: a slice; or a message, if all of it fits. True if anything was moved. */
static bool put_locked(struct hf_pipe *pipe, struct hf_uio *uio) HF_REQUIRES(pipe->lock)
{
	HF_ASSERT(hf_lock_is_held(&pipe->lock));
	uint32_t room = room_locked(pipe);
	if (room == 0 || uio->resid == 0)
		return false;
	if (pipe->most_messages) {
		pipe->messages++;
		pipe->unread += (uint32_t)uio->resid;
		*size_at_locked(pipe, pipe->tail) = (uint32_t)uio->resid;
		pipe->tail += sizeof(uint32_t);
	} else if (room > HF_SLICE) {
		room = HF_SLICE;
	}
	while (room > 0 && uio->resid > 0) {
		uint32_t span = run(pipe, pipe->tail, room);
		uint32_t part = (uint32_t)hf_uio_from_user(uio, pipe->ring + (pipe->tail & (pipe->size - 1)), span);
		pipe->tail += part;
		room -= part;
	}
	if (pipe->most_messages)
		pipe->tail = padded(pipe->tail);
	hf_waitq_wake(&pipe->readable);
	return true;
}

static int nothing_to_read_locked(struct hf_pipe *pipe, struct hf_waiter *waiter) HF_REQUIRES(pipe->lock)
{
	HF_ASSERT(hf_lock_is_held(&pipe->lock));
	if (!no_more_comes_locked(pipe)) {
		hf_waitq_add_once(&pipe->readable, waiter);
		return -HF_EAGAIN;
	}
	int result = -pipe->reset;
	pipe->reset = 0; /* reported once, as on Linux: the next read is the end of file */
	return result;
}

int hf_pipe_try_read(struct hf_pipe *pipe, struct hf_uio *uio, struct hf_waiter *waiter)
{
	int result = 0;
	hf_lock_near(&pipe->lock);
	if (uio->resid > 0 && !take_locked(pipe, uio))
		result = nothing_to_read_locked(pipe, waiter);
	hf_unlock_near(&pipe->lock);
	return result;
}

/* Copies from the head without removing anything. */
static void copy_locked(struct hf_pipe *pipe, struct hf_uio *uio) HF_REQUIRES(pipe->lock)
{
	HF_ASSERT(hf_lock_is_held(&pipe->lock));
	uint32_t at = pipe->head;
	while (at != pipe->tail && uio->resid > 0)
		at += (uint32_t)hf_uio_to_user(uio, pipe->ring + (at & (pipe->size - 1)), run(pipe, at, pipe->tail - at));
}

static int try_peek(struct hf_pipe *pipe, struct hf_uio *uio, bool whole, struct hf_waiter *waiter)
{
	int result = 0;
	hf_lock(&pipe->lock);
	uint64_t wanted = !whole ? 1 : uio->resid < pipe->size ? uio->resid : pipe->size;
	if (uio->resid == 0) {
		/* Moves nothing; returns what a read would. */
	} else if (used_locked(pipe) >= wanted || (used_locked(pipe) > 0 && no_more_comes_locked(pipe))) {
		copy_locked(pipe, uio);
	} else if (used_locked(pipe) > 0) {
		hf_waitq_add_once(&pipe->readable, waiter);
		result = -HF_EAGAIN;
	} else {
		result = nothing_to_read_locked(pipe, waiter);
	}
	hf_unlock(&pipe->lock);
	return result;
}

/* `whole`: nothing is written unless this much fits. */
static int try_write(struct hf_pipe *pipe, struct hf_uio *uio, uint64_t whole, struct hf_waiter *waiter)
{
	int result = 0;
	if (pipe->most_messages && uio->resid > pipe->most_bytes)
		return -HF_EMSGSIZE;
	hf_lock_near(&pipe->lock);
	if (uio->resid == 0) {
		/* Writes nothing and succeeds, as on Linux, even if there is no reader. */
	} else if (nobody_reads_locked(pipe)) {
		result = -HF_EPIPE;
	} else if (room_locked(pipe) < whole || !put_locked(pipe, uio)) {
		hf_waitq_add_once(&pipe->writable, waiter);
		result = -HF_EAGAIN;
	}
	hf_unlock_near(&pipe->lock);
	return result;
}

int hf_pipe_try_write(struct hf_pipe *pipe, struct hf_uio *uio, struct hf_waiter *waiter)
{
	/* A message and a small write are written whole or not at all. */
	bool whole = pipe->most_messages || uio->resid <= HF_PIPE_BUF;
	return try_write(pipe, uio, whole ? uio->resid : 1, waiter);
}

int hf_pipe_try_put(struct hf_pipe *pipe, struct hf_uio *uio, struct hf_waiter *waiter)
{
	return try_write(pipe, uio, 1, waiter);
}

int hf_pipe_try_put_at(struct hf_pipe *pipe, struct hf_uio *uio, uint32_t *end)
{
	int result = 0;
	hf_lock(&pipe->lock);
	if (nobody_reads_locked(pipe))
		result = -HF_EPIPE;
	else if (pipe->tail != *end)
		result = -HF_ESTALE;
	else if (room_locked(pipe) < uio->resid)
		result = -HF_EAGAIN;
	else
		(void)put_locked(pipe, uio);
	*end = result == -HF_ESTALE ? *end : pipe->tail;
	hf_unlock(&pipe->lock);
	return result;
}

uint32_t hf_pipe_end_of(struct hf_pipe *pipe)
{
	hf_lock(&pipe->lock);
	uint32_t end = pipe->tail;
	hf_unlock(&pipe->lock);
	return end;
}

uint32_t hf_pipe_copy_last(struct hf_pipe *pipe, uint8_t *to, uint32_t size, bool *all, uint32_t *end)
{
	hf_lock(&pipe->lock);
	uint32_t used = used_locked(pipe), count = used < size ? used : size;
	for (uint32_t i = 0; i < count; i++)
		to[i] = pipe->ring[(pipe->tail - count + i) & (pipe->size - 1)];
	*all = count == used;
	*end = pipe->tail;
	hf_unlock(&pipe->lock);
	return count;
}

void hf_pipe_unpoll(struct hf_pipe *pipe, struct hf_waiter *waiter)
{
	hf_lock(&pipe->lock);
	hf_waitq_remove(waiter);
	hf_unlock(&pipe->lock);
}

enum look { TAKE, PEEK, PEEK_WHOLE };

static int look_and_wait(struct hf_pipe *pipe, struct hf_thread *thread, struct hf_uio *uio, bool nonblock,
                         enum look look)
{
	struct hf_thread_waiter waiter;
	struct hf_waiter *link = nonblock ? NULL : &waiter.waiter;
	hf_thread_waiter_init(&waiter, thread);
	for (;;) {
		uint32_t ticket = hf_park_ticket(thread);
		int result = look == TAKE ? hf_pipe_try_read(pipe, uio, link) : try_peek(pipe, uio, look == PEEK_WHOLE, link);
		if (result == -HF_EAGAIN && !nonblock) {
			result = hf_park(thread, ticket, HF_FOREVER, HF_PARK_SPIN);
			hf_pipe_unpoll(pipe, &waiter.waiter);
			if (result == 0)
				continue;
		}
		return result;
	}
}

int hf_pipe_read(struct hf_pipe *pipe, struct hf_thread *thread, struct hf_uio *uio, bool nonblock)
{
	return look_and_wait(pipe, thread, uio, nonblock, TAKE);
}

int hf_pipe_peek(struct hf_pipe *pipe, struct hf_thread *thread, struct hf_uio *uio, bool nonblock, bool whole)
{
	return look_and_wait(pipe, thread, uio, nonblock, whole && !nonblock ? PEEK_WHOLE : PEEK);
}

bool hf_pipe_watch_reader(struct hf_pipe *pipe, struct hf_waiter *waiter)
{
	hf_lock(&pipe->lock);
	bool gone = nobody_reads_locked(pipe);
	if (!gone)
		hf_waitq_add_once(&pipe->writable, waiter);
	hf_unlock(&pipe->lock);
	return gone;
}

int hf_pipe_write(struct hf_pipe *pipe, struct hf_thread *thread, struct hf_uio *uio, bool nonblock)
{
	struct hf_thread_waiter waiter;
	uint64_t whole = uio->resid;
	hf_thread_waiter_init(&waiter, thread);
	for (;;) {
		uint32_t ticket = hf_park_ticket(thread);
		int result = hf_pipe_try_write(pipe, uio, nonblock ? NULL : &waiter.waiter);
		/* With a fast reader, gigabytes can pass without a wait. */
		if (result == 0 && uio->resid > 0 && !nonblock && !hf_told_to_stop())
			continue;
		if (result == -HF_EAGAIN && !nonblock) {
			result = hf_park(thread, ticket, HF_FOREVER, HF_PARK_SPIN);
			hf_pipe_unpoll(pipe, &waiter.waiter);
			if (result == 0)
				continue;
		}
		return uio->resid < whole ? 0 : result;
	}
}

int32_t hf_pipe_move(struct hf_pipe *pipe, uint32_t how, uintptr_t at, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, (void *)at, size);
	if (!(how & HF_MOVE_KERNEL) && hf_user_check(uio.mem = &hf_self->mem, (uint32_t)at, size) < 0)
		return -HF_EFAULT;
	int result = (how & HF_MOVE_WRITE ? hf_pipe_write : hf_pipe_read)(pipe, hf_self, &uio, false);
	return result < 0 ? result : (int32_t)(size - uio.resid);
}

uint32_t hf_pipe_poll_read(struct hf_pipe *pipe, struct hf_waiter *waiter, bool *hangup)
{
	hf_lock(&pipe->lock);
	uint32_t bytes = readable_locked(pipe);
	*hangup = no_more_comes_locked(pipe);
	if (bytes == 0 && !*hangup)
		hf_waitq_add_once(&pipe->readable, waiter);
	hf_unlock(&pipe->lock);
	return bytes;
}

uint32_t hf_pipe_poll_write(struct hf_pipe *pipe, struct hf_waiter *waiter, bool *hangup)
{
	hf_lock(&pipe->lock);
	/* Writable means that a write of HF_PIPE_BUF bytes would not block (POSIX); for a channel with smaller messages, a write of its largest message. */
	uint32_t room = room_locked(pipe), least = HF_PIPE_BUF;
	if (pipe->most_messages && pipe->most_bytes < least)
		least = pipe->most_bytes;
	*hangup = nobody_reads_locked(pipe);
	if (room < least || *hangup)
		room = 0;
	if (room == 0 && !*hangup)
		hf_waitq_add_once(&pipe->writable, waiter);
	hf_unlock(&pipe->lock);
	return room;
}
