/* poll.c - look at every object; if none is ready, link a waiter to each, look again, park; when something has changed, look at all of them again. */
#include "kernel/poll.h"

enum look { ONLY_LOOK, LINK };

/* Checks each entry; LINK: while none is ready, this also links the waiters. */
static int look(struct hf_poll_entry *entries, uint32_t count, enum look how)
{
	int ready = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct hf_poll_entry *entry = &entries[i];
		if (!entry->file)
			continue;
		struct hf_waiter *waiter = ready || how == ONLY_LOOK ? NULL : &entry->waiter.waiter;
		entry->ready = entry->file->ops->poll(entry->file, entry->events, waiter, &entry->bytes);
		if (entry->ready)
			ready++;
	}
	return ready;
}

static void unlink_all(struct hf_poll_entry *entries, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (entries[i].file)
			entries[i].file->ops->unpoll(entries[i].file, entries[i].events, &entries[i].waiter.waiter);
	}
}

/* None was ready, so this is about to sleep; what has become ready in the meantime shows in the first look with linked waiters. */
static int wait_for_one(struct hf_thread *thread, struct hf_poll_entry *entries, uint32_t count, uint64_t deadline)
{
	enum hf_park_spin spin = HF_PARK_AT_ONCE;
	int result;
	for (uint32_t i = 0; i < count; i++) {
		if (!entries[i].file)
			continue;
		hf_thread_waiter_init(&entries[i].waiter, thread);
		spin = HF_PARK_SPIN;
	}
	for (;;) {
		uint32_t ticket = hf_park_ticket(thread);
		result = look(entries, count, LINK);
		if (result > 0)
			break;
		result = hf_park(thread, ticket, deadline, spin);
		if (result < 0)
			break;
	}
	unlink_all(entries, count);
	return result == -HF_ETIMEDOUT ? 0 : result;
}

int hf_poll(struct hf_thread *thread, struct hf_poll_entry *entries, uint32_t count, uint64_t deadline)
{
	/* Linking and unlinking a waiter takes longer than a look. */
	int ready = look(entries, count, ONLY_LOOK);
	return ready > 0 || deadline == 0 ? ready : wait_for_one(thread, entries, count, deadline);
}
