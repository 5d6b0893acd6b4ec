/* poll.c - wasi:io/poll. A wait parks the thread once, over all objects and the earliest deadline (kernel/poll.h). */
#include "wasi/p2/door.h"
#include "wasi/p2/http.h"
#include "wasi/p2/net.h"
#include "wasi/p2/pollable.h"
#include "wasi/p2/stream.h"

struct hf_p2_pollable *hf__p2_pollable(struct hf_p2 *p2, enum hf_p2_event event, struct hf_p2_object *parent)
{
	struct hf_p2_pollable *pollable = hf__p2_object(p2, sizeof *pollable, HF_P2_POLLABLE, parent);
	if (pollable)
		pollable->event = event;
	return pollable;
}

struct hf_p2_pollable *hf__p2_pollable_fd(struct hf_p2 *p2, uint32_t fd, unsigned events, struct hf_p2_object *parent)
{
	struct hf_p2_pollable *pollable = hf__p2_pollable(p2, HF_P2_EVENT_FD, parent);
	if (pollable) {
		pollable->fd = fd;
		pollable->events = events;
	}
	return pollable;
}

/* ---- a set of pollables ---- */

struct set {
	struct hf_p2 *p2;
	uint32_t count;
	struct hf_p2_wanted *wanted;
	struct hf_poll_entry *entries;
	uint64_t deadline; /* the earliest */
	bool timed;        /* one of them has a deadline */
	bool files;        /* one of them has a description */
};

static void want_fd(struct hf_p2 *p2, struct hf_p2_wanted *wanted, uint32_t fd, unsigned events)
{
	wanted->events = events;
	if (hf_fd_get_any(&p2->thread->process->fds, fd, &wanted->view) < 0) {
		wanted->view.file = NULL;
		wanted->now = true;
	}
}

/* A file is always ready, and so is a closed stream. */
static void want_stream(struct hf_p2 *p2, struct hf_p2_wanted *wanted, const struct hf_p2_stream *stream)
{
	if (stream->closed || stream->place != HF_P2_PLACE_NONE)
		wanted->now = true;
	else
		want_fd(p2, wanted, stream->fd, stream->base.type == HF_P2_INPUT_STREAM ? HF_READY_IN : HF_READY_OUT);
}

static void want_socket(struct hf_p2 *p2, struct hf_p2_wanted *wanted, const struct hf_p2_socket *socket)
{
	if (socket->waits)
		want_fd(p2, wanted, socket->fd, HF_READY_IN);
	else
		wanted->now = true;
}

static void want_response(struct hf_p2 *p2, struct hf_p2_wanted *wanted, const struct hf_p2_object *future)
{
	uint32_t fd = hf__p2_future_fd(future);
	if (fd)
		want_fd(p2, wanted, fd, HF_READY_IN);
	else
		wanted->now = true;
}

static void want(const struct hf_p2_pollable *pollable, struct hf_p2_wanted *wanted)
{
	struct hf_p2 *p2 = pollable->base.p2;
	*wanted = (struct hf_p2_wanted){.deadline = HF_FOREVER};
	switch (pollable->event) {
	case HF_P2_EVENT_NOW:
		wanted->now = true;
		break;
	case HF_P2_EVENT_TIME:
		wanted->deadline = pollable->deadline;
		break;
	case HF_P2_EVENT_FD:
		want_fd(p2, wanted, pollable->fd, pollable->events);
		break;
	case HF_P2_EVENT_STREAM:
		want_stream(p2, wanted, (const struct hf_p2_stream *)(const void *)pollable->base.parent);
		break;
	case HF_P2_EVENT_SOCKET:
		want_socket(p2, wanted, (const struct hf_p2_socket *)(const void *)pollable->base.parent);
		break;
	case HF_P2_EVENT_RESPONSE:
		want_response(p2, wanted, pollable->base.parent);
		break;
	}
}

/* Finds out what each pollable waits for, and the earliest deadline. */
static void want_all(struct set *set, struct hf_p2_pollable *const *pollables)
{
	set->deadline = HF_FOREVER;
	set->timed = set->files = false;
	for (uint32_t i = 0; i < set->count; i++) {
		struct hf_p2_wanted *wanted = &set->wanted[i];
		want(pollables[i], wanted);
		set->entries[i] = (struct hf_poll_entry){.file = wanted->view.file, .events = wanted->events};
		set->timed |= wanted->deadline != HF_FOREVER;
		set->files |= wanted->view.file != NULL;
		if (wanted->now)
			set->deadline = 0;
		else if (wanted->deadline < set->deadline)
			set->deadline = wanted->deadline;
	}
}

static void put_all(struct set *set)
{
	for (uint32_t i = 0; i < set->count; i++) {
		if (set->wanted[i].view.file)
			hf_fd_put(&set->wanted[i].view);
	}
}

static bool is_ready(const struct set *set, uint32_t i, uint64_t now, struct hf_p2_pollable *pollable)
{
	/* It stays ready, so the next poll need not read the clock. */
	if (set->wanted[i].deadline <= now)
		pollable->event = HF_P2_EVENT_NOW;
	return set->wanted[i].now || set->entries[i].ready || set->wanted[i].deadline <= now;
}

/* Waits until one of the pollables is ready, or until the deadline (0: only looks). Sets the places of those that are ready, in order; returns how many,
 * or -HF_EINTR. */
static int poll_set(struct set *set, struct hf_p2_pollable *const *pollables, uint64_t deadline, uint32_t *places)
{
	struct hf_thread *thread = set->p2->thread;
	uint32_t ready = 0;
	int result = 0;
	want_all(set, pollables);
	deadline = deadline < set->deadline ? deadline : set->deadline;
	if (deadline > 0 || set->files)
		result = hf_poll(thread, set->entries, set->count, deadline);
	uint64_t now = set->timed ? hf__monotonic(thread) : 0;
	for (uint32_t i = 0; result >= 0 && i < set->count; i++) {
		if (is_ready(set, i, now, pollables[i]))
			places[ready++] = i;
	}
	put_all(set);
	return result < 0 ? result : (int)ready;
}

/* With the deadline HF_FOREVER, returns at least 1. */
static int poll_one(struct hf_p2_pollable *pollable, uint64_t deadline)
{
	struct hf_p2_wanted wanted;
	struct hf_poll_entry entry;
	struct set set = {.p2 = pollable->base.p2, .count = 1, .wanted = &wanted, .entries = &entry};
	uint32_t place;
	int result;
	do {
		result = poll_set(&set, &pollable, deadline, &place);
	} while (result == 0 && deadline == HF_FOREVER);
	return result;
}

int hf__p2_wait_fd(struct hf_p2 *p2, uint32_t fd, unsigned events, uint64_t deadline)
{
	struct hf_p2_pollable pollable = {.base.p2 = p2, .event = HF_P2_EVENT_FD, .fd = fd, .events = events};
	return poll_one(&pollable, deadline);
}

/* ---- the functions ---- */

static uint32_t sys_pollable_ready(hf_b b, uint32_t self)
{
	struct hf_p2_pollable *pollable = hf__p2_borrow(b, HF_P2_POLLABLE, self);
	return pollable && poll_one(pollable, 0) > 0;
}

P2_DOOR(uint32_t, pollable_ready, (uint32_t self), self)

static void sys_pollable_block(hf_b b, uint32_t self)
{
	struct hf_p2_pollable *pollable = hf__p2_borrow(b, HF_P2_POLLABLE, self);
	if (pollable)
		(void)poll_one(pollable, HF_FOREVER);
}

P2_VOID_DOOR(pollable_block, (uint32_t self), self)

/* The variables of one call. */
struct polling {
	struct set set;
	const uint32_t *handles;
	struct hf_p2_pollable **pollables;
	uint32_t *places;
};

static int find_all(hf_b b, const struct polling *polling)
{
	for (uint32_t i = 0; i < polling->set.count; i++) {
		polling->pollables[i] = hf__p2_borrow(b, HF_P2_POLLABLE, polling->handles[i]);
		if (!polling->pollables[i])
			return -HF_EINTR;
	}
	return 0;
}

static void poll_handles(hf_b b, struct polling *polling, uint32_t out)
{
	int result = find_all(b, polling);
	while (result == 0)
		result = poll_set(&polling->set, polling->pollables, HF_FOREVER, polling->places);
	struct hf_p2_list list = {.count = (uint32_t)result};
	if (result > 0 && hf__p2_put_new(b, polling->places, (uint64_t)list.count * 4, 4, &list.at) == 0)
		hf__p2_store(b, out, &list, sizeof list);
}

#define FEW 4

/* This many fit on the stack. */
static void poll_few(hf_b b, uint32_t in, uint32_t count, uint32_t out)
{
	struct hf_p2_wanted wanted[FEW];
	struct hf_poll_entry entries[FEW];
	struct hf_p2_pollable *pollables[FEW];
	uint32_t handles[FEW], places[FEW];
	struct polling polling = {.set = {.p2 = b->p2, .count = count, .wanted = wanted, .entries = entries},
	                          .handles = handles,
	                          .pollables = pollables,
	                          .places = places};
	if (hf__p2_get(b, handles, in, count * sizeof *handles, 4) == 0)
		poll_handles(b, &polling, out);
}

static void poll_many(hf_b b, const uint32_t *handles, uint32_t count, uint32_t out)
{
	struct polling polling = {.set = {.p2 = b->p2, .count = count}, .handles = handles};
	size_t each =
		sizeof *polling.set.wanted + sizeof *polling.set.entries + sizeof *polling.pollables + sizeof *polling.places;
	void *memory = hf__p2_alloc(b->p2, count * each);
	if (!memory) {
		(void)hf__p2_no_memory(b->p2);
		return;
	}
	polling.set.wanted = memory;
	polling.set.entries = (void *)(polling.set.wanted + count);
	polling.pollables = (void *)(polling.set.entries + count);
	polling.places = (void *)(polling.pollables + count);
	poll_handles(b, &polling, out);
	hf__p2_give_back(memory);
}

static void sys_poll(hf_b b, uint32_t in, uint32_t count, uint32_t out)
{
	void *handles;
	if (count == 0)
		(void)hf__p2_trap(b->p2, "the list is empty");
	else if (hf__p2_check(b, out, sizeof(struct hf_p2_list), 4) < 0)
		return;
	else if (count <= FEW)
		poll_few(b, in, count, out);
	else if (hf__p2_get_list(b, in, count, 4, 4, b->p2->thread->process->limits.poll_subscriptions, &handles) == 0) {
		poll_many(b, handles, count, out);
		hf__p2_give_back(handles);
	}
}

P2_VOID_DOOR(poll, (uint32_t in, uint32_t count, uint32_t out), in, count, out)
