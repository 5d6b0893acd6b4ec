/* poll.c - poll_oneoff. */
#include "wasi/sys.h"

#include <string.h>

#include "kernel/poll.h"
#include "platform/alloc.h"
#include "wasi/abi.h"

/* One subscription, converted for the kernel. */
struct subscription {
	uint64_t userdata;
	uint64_t deadline; /* for clocks, on the monotonic clock */
	uint8_t type;
	bool owned; /* the call holds a reference to the entry's file */
	uint16_t error;
};

/* The subscriptions of one call: two parallel arrays, whose first `taken` elements are set. */
struct polling {
	uint32_t count, taken;
	struct subscription *subs;
	struct hf_poll_entry *entries;
	uint64_t deadline; /* the earliest deadline of the clocks */
	bool failed;       /* an event is due at once, because a subscription is invalid */
};

static uint64_t saturating_add(uint64_t a, uint64_t b)
{
	return a > HF_FOREVER - b ? HF_FOREVER : a + b;
}

/* Converts a clock's deadline to the monotonic clock. Realtime deadlines are converted once, so the call ignores later changes of the clock. */
static uint16_t clock_deadline(hf_t t, uint32_t id, uint64_t timeout, bool absolute, uint64_t *out)
{
	/* `now` is the guest's time, so that by the guest's clock no wait is too short. It is read last for the same reason: the thread may lose its core
	 * for milliseconds between the two readings, which would shorten the wait. */
	uint64_t now, clock_now;
	switch (id) {
	case HF_CLOCK_REALTIME:
		clock_now = hf_plat_realtime();
		now = hf__monotonic(t);
		break;
	case HF_CLOCK_MONOTONIC:
		now = clock_now = hf__monotonic(t);
		break;
	case HF_CLOCK_PROCESS_CPUTIME:
	case HF_CLOCK_THREAD_CPUTIME:
		return HF_ENOTSUP; /* these clocks do not advance while a thread waits */
	default:
		return HF_EINVAL;
	}
	uint64_t left = !absolute ? timeout : timeout > clock_now ? timeout - clock_now : 0;
	*out = left == 0 ? 0 : saturating_add(now, left);
	return 0;
}

static uint16_t add_fd(hf_t t, struct subscription *sub, struct hf_poll_entry *entry, uint32_t fd, bool reads)
{
	struct hf_fd_view view;
	uint64_t rights = HF_RIGHT_POLL_FD_READWRITE | (reads ? HF_RIGHT_FD_READ : HF_RIGHT_FD_WRITE);
	int result = hf_fd_get(&t->process->fds, fd, rights, &view);
	if (result < 0)
		return (uint16_t)-result;
	if (!(view.file->access & (reads ? HF_READ : HF_WRITE))) {
		hf_fd_put(&view);
		return HF_EBADF;
	}
	sub->owned = view.owned;
	entry->file = view.file;
	entry->events = reads ? HF_READY_IN : HF_READY_OUT;
	return 0;
}

/* How many subscriptions or events are copied at once. */
#define BLOCK 16

static int subscribe(hf_t t, struct polling *polling, const struct wasi_subscription *from,
                     const struct wasi_subscription_clock *clock)
{
	struct subscription *sub = &polling->subs[polling->taken];
	struct hf_poll_entry *entry = &polling->entries[polling->taken];
	*sub = (struct subscription){.userdata = from->userdata, .type = from->tag, .deadline = HF_FOREVER};
	entry->file = NULL;
	switch (from->tag) {
	case HF_EVENTTYPE_CLOCK:
		if (clock->flags & ~HF_SUBCLOCK_ABSTIME)
			return -HF_EINVAL;
		sub->error = clock_deadline(t, clock->id, clock->timeout, clock->flags & HF_SUBCLOCK_ABSTIME, &sub->deadline);
		if (sub->deadline < polling->deadline)
			polling->deadline = sub->deadline;
		break;
	case HF_EVENTTYPE_FD_READ:
	case HF_EVENTTYPE_FD_WRITE:
		sub->error = add_fd(t, sub, entry, from->u.fd, from->tag == HF_EVENTTYPE_FD_READ);
		break;
	default:
		return -HF_EINVAL;
	}
	if (sub->error)
		polling->failed = true;
	polling->taken++;
	return 0;
}

/* `size` is that of a subscription in the guest's memory. */
static int subscribe_all(hf_t t, struct polling *polling, uint32_t in, uint32_t size)
{
	/* Both layouts begin with the same members, and end with the same clock. */
	struct wasi_unstable_subscription block[BLOCK];
	int result = 0;
	while (result == 0 && polling->taken < polling->count) {
		uint32_t left = polling->count - polling->taken, n = left < BLOCK ? left : BLOCK;
		result = hf_copy_in(&t->mem, block, in + polling->taken * size, n * size);
		const char *at = (const char *)block, *clock = at + size - sizeof(struct wasi_subscription_clock);
		for (; n > 0 && result == 0; n--, at += size, clock += size)
			result = subscribe(t, polling, (const void *)at, (const void *)clock);
	}
	return result;
}

/* Returns whether the subscription has an event to report, and fills it in. */
static bool make_event(const struct polling *polling, uint32_t index, uint64_t now, struct wasi_event *event)
{
	const struct subscription *sub = &polling->subs[index];
	const struct hf_poll_entry *entry = &polling->entries[index];
	*event = (struct wasi_event){.userdata = sub->userdata, .type = sub->type, .error = sub->error};
	if (sub->error)
		return true;
	if (sub->type == HF_EVENTTYPE_CLOCK)
		return sub->deadline <= now;
	event->bytes = entry->bytes;
	event->flags = entry->ready & HF_READY_HANGUP ? HF_EVENT_HANGUP : 0;
	return entry->ready != 0;
}

static int tell_events(hf_t t, const struct polling *polling, uint32_t out, uint32_t events)
{
	/* Only if the call has a clock: reading it takes longer than all else in a poll of one file. */
	uint64_t now = polling->deadline == HF_FOREVER ? 0 : hf_plat_monotonic();
	uint32_t count = 0, filled = 0;
	struct wasi_event block[BLOCK];
	for (uint32_t i = 0; i < polling->count; i++) {
		filled += make_event(polling, i, now, &block[filled]);
		if (filled < BLOCK && i + 1 < polling->count)
			continue;
		int result = hf_copy_out(&t->mem, out + count * (uint32_t)sizeof *block, block, filled * sizeof *block);
		if (result < 0)
			return result;
		count += filled;
		filled = 0;
	}
	return hf_copy_out(&t->mem, events, &count, 4);
}

static void release(struct polling *polling)
{
	for (uint32_t i = 0; i < polling->taken; i++) {
		if (polling->subs[i].owned)
			hf_file_unref(polling->entries[i].file);
	}
}

static int poll_all(hf_t t, struct polling *polling, uint32_t in, uint32_t size, uint32_t out, uint32_t events)
{
	int result = subscribe_all(t, polling, in, size);
	if (result == 0)
		result = hf_poll(t, polling->entries, polling->count, polling->failed ? 0 : polling->deadline);
	if (result >= 0)
		result = tell_events(t, polling, out, events);
	release(polling);
	return result;
}

#define FEW 8

int hf__sys_poll_oneoff(hf_t t, enum hf_wasi_abi abi, uint32_t in, uint32_t out, uint32_t count, uint32_t events)
{
	uint32_t size =
		abi == HF_WASI_PREVIEW1 ? sizeof(struct wasi_subscription) : sizeof(struct wasi_unstable_subscription);
	if (count == 0)
		return -HF_EINVAL;
	if (count > t->process->limits.poll_subscriptions)
		return -HF_ENOMEM;
	int result = hf_user_check(&t->mem, in, (uint64_t)count * size);
	if (result == 0)
		result = hf_user_check(&t->mem, out, (uint64_t)count * sizeof(struct wasi_event));
	if (result == 0)
		result = hf_user_check(&t->mem, events, 4);
	if (result < 0)
		return result;

	struct subscription subs[FEW];
	struct hf_poll_entry entries[FEW];
	struct polling polling = {.count = count, .subs = subs, .entries = entries, .deadline = HF_FOREVER};
	void *many = NULL;
	if (count > FEW) {
		many = hf_alloc(count * (sizeof *entries + sizeof *subs));
		if (!many)
			return -HF_ENOMEM;
		polling.entries = many;
		polling.subs = (void *)(polling.entries + count);
	}
	result = poll_all(t, &polling, in, size, out, events);
	hf_free(many);
	return result;
}
