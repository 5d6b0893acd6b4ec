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
	uint16_t error;
};

/* The subscriptions of one call: two parallel arrays. */
struct polling {
	uint32_t count;
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

static uint16_t add_fd(hf_t t, struct hf_poll_entry *entry, uint32_t fd, bool reads)
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
	entry->file = view.owned ? view.file : hf_file_ref(view.file);
	entry->events = reads ? HF_READY_IN : HF_READY_OUT;
	return 0;
}

/* Converts both layouts to the newer one. */
static int read_subscription(hf_t t, enum hf_wasi_abi abi, uint32_t in, uint32_t index, struct wasi_subscription *out)
{
	if (abi == HF_WASI_PREVIEW1)
		return hf_copy_in(&t->mem, out, in + index * (uint32_t)sizeof *out, sizeof *out);
	struct wasi_unstable_subscription old;
	int result = hf_copy_in(&t->mem, &old, in + index * (uint32_t)sizeof old, sizeof old);
	*out = (struct wasi_subscription){.userdata = old.userdata, .tag = old.tag};
	if (old.tag == HF_EVENTTYPE_CLOCK) {
		out->u.clock.id = old.u.clock.id;
		out->u.clock.timeout = old.u.clock.timeout;
		out->u.clock.flags = old.u.clock.flags;
	} else {
		out->u.fd = old.u.fd;
	}
	return result;
}

static int subscribe(hf_t t, struct polling *polling, uint32_t index, const struct wasi_subscription *from)
{
	struct subscription *sub = &polling->subs[index];
	*sub = (struct subscription){.userdata = from->userdata, .type = from->tag, .deadline = HF_FOREVER};
	switch (from->tag) {
	case HF_EVENTTYPE_CLOCK:
		if (from->u.clock.flags & ~HF_SUBCLOCK_ABSTIME)
			return -HF_EINVAL;
		sub->error = clock_deadline(t, from->u.clock.id, from->u.clock.timeout,
		                            from->u.clock.flags & HF_SUBCLOCK_ABSTIME, &sub->deadline);
		if (sub->deadline < polling->deadline)
			polling->deadline = sub->deadline;
		break;
	case HF_EVENTTYPE_FD_READ:
	case HF_EVENTTYPE_FD_WRITE:
		sub->error = add_fd(t, &polling->entries[index], from->u.fd, from->tag == HF_EVENTTYPE_FD_READ);
		break;
	default:
		return -HF_EINVAL;
	}
	if (sub->error)
		polling->failed = true;
	return 0;
}

static int subscribe_all(hf_t t, enum hf_wasi_abi abi, struct polling *polling, uint32_t in)
{
	struct wasi_subscription sub;
	int result = 0;
	for (uint32_t i = 0; i < polling->count && result == 0; i++) {
		result = read_subscription(t, abi, in, i, &sub);
		if (result == 0)
			result = subscribe(t, polling, i, &sub);
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
	uint64_t now = hf_plat_monotonic();
	uint32_t count = 0;
	struct wasi_event event;
	for (uint32_t i = 0; i < polling->count; i++) {
		if (!make_event(polling, i, now, &event))
			continue;
		int result = hf_copy_out(&t->mem, out + count * (uint32_t)sizeof event, &event, sizeof event);
		if (result < 0)
			return result;
		count++;
	}
	return hf_copy_out(&t->mem, events, &count, 4);
}

static void release(struct polling *polling)
{
	for (uint32_t i = 0; i < polling->count; i++)
		hf_file_unref(polling->entries[i].file);
}

static int poll_all(hf_t t, enum hf_wasi_abi abi, struct polling *polling, uint32_t in, uint32_t out, uint32_t events)
{
	int result = subscribe_all(t, abi, polling, in);
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
	uint64_t sub_size =
		abi == HF_WASI_PREVIEW1 ? sizeof(struct wasi_subscription) : sizeof(struct wasi_unstable_subscription);
	if (count == 0)
		return -HF_EINVAL;
	if (count > t->process->limits.poll_subscriptions)
		return -HF_ENOMEM;
	int result = hf_user_check(&t->mem, in, count * sub_size);
	if (result == 0)
		result = hf_user_check(&t->mem, out, (uint64_t)count * sizeof(struct wasi_event));
	if (result == 0)
		result = hf_user_check(&t->mem, events, 4);
	if (result < 0)
		return result;

	struct polling polling = {.count = count, .deadline = HF_FOREVER};
	if (count <= FEW) {
		struct subscription subs[FEW];
		struct hf_poll_entry entries[FEW] = {0};
		polling.subs = subs;
		polling.entries = entries;
		return poll_all(t, abi, &polling, in, out, events);
	}
	polling.subs = hf_alloc_zeroed(count * sizeof *polling.subs);
	polling.entries = hf_alloc_zeroed(count * sizeof *polling.entries);
	if (polling.subs && polling.entries)
		result = poll_all(t, abi, &polling, in, out, events);
	else
		result = -HF_ENOMEM;
	hf_free(polling.subs);
	hf_free(polling.entries);
	return result;
}
