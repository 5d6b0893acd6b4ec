/* poll.c - link a waiter to every object, look, park; when something has changed, look at all of them again. */
#include "kernel/poll.h"

static void link_all(struct hf_thread *thread, struct hf_poll_entry *entries, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		hf_thread_waiter_init(&entries[i].waiter, thread);
}

/* Checks each entry; while none is ready, this also links the waiters. */
static int look(struct hf_poll_entry *entries, uint32_t count)
{
	int ready = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct hf_poll_entry *entry = &entries[i];
		if (!entry->file)
			continue;
		struct hf_waiter *waiter = ready ? NULL : &entry->waiter.waiter;
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

static bool any_file(const struct hf_poll_entry *entries, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (entries[i].file)
			return true;
	}
	return false;
}

int hf_poll(struct hf_thread *thread, struct hf_poll_entry *entries, uint32_t count, uint64_t deadline)
{
	enum hf_park_spin spin = any_file(entries, count) ? HF_PARK_SPIN : HF_PARK_AT_ONCE;
	int result;
	link_all(thread, entries, count);
	for (;;) {
		uint32_t ticket = hf_park_ticket(thread);
		result = look(entries, count);
		if (result > 0)
			break;
		result = hf_park(thread, ticket, deadline, spin);
		if (result < 0)
			break;
	}
	unlink_all(entries, count);
	return result == -HF_ETIMEDOUT ? 0 : result;
}
