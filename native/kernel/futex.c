/* futex.c - guests' threads that wait for a word of their memory. */
#include "kernel/futex.h"

#include "kernel/process.h"

struct futex_waiter {
	struct hf_link link;
	struct hf_thread *thread;
	uint64_t address;
	bool woken; /* protected by the futex's lock */
};

void hf_futex_init(struct hf_futex *futex)
{
	hf_lock_init(&futex->lock, HF_RANK_LEAF);
	hf_lock(&futex->lock);
	hf_list_init(&futex->sleepers);
	hf_unlock(&futex->lock);
}

static int check(struct hf_thread *thread, uint64_t address, uint32_t size)
{
	if (address % size != 0)
		return -HF_EINVAL;
	return address > UINT32_MAX ? -HF_EFAULT : hf_user_check(&thread->mem, (uint32_t)address, size);
}

/* The address has been checked. The bridge copies eight aligned bytes with one load. Even if it copies byte by byte (as a fallback in
 * worker/bridge.ts does), a torn value is one that another thread is changing, and that thread notifies afterwards: it needs the lock, so it does so
 * after us. */
static bool holds(struct hf_thread *thread, uint64_t address, uint64_t expected, uint32_t size)
{
	uint64_t word;
	thread->mem.copy_in(&word, (uint32_t)address & ~UINT32_C(7), sizeof word);
	return size == 8 ? word == expected : (uint32_t)(word >> (address & 4 ? 32 : 0)) == (uint32_t)expected;
}

static uint64_t deadline_of(int64_t timeout)
{
	uint64_t now = hf_plat_monotonic();
	return timeout < 0 || (uint64_t)timeout > HF_FOREVER - now ? HF_FOREVER : now + (uint64_t)timeout;
}

static bool take_wake(struct hf_futex *futex, struct futex_waiter *sleeper)
{
	hf_lock(&futex->lock);
	bool woken = sleeper->woken;
	hf_unlock(&futex->lock);
	return woken;
}

/* Returns 0 once it was woken, else the reason why the sleep ended. */
static int sleep_until_woken(struct hf_futex *futex, struct futex_waiter *sleeper, uint64_t deadline)
{
	for (;;) {
		uint32_t ticket = hf_park_ticket(sleeper->thread);
		if (take_wake(futex, sleeper))
			return 0;
		int result = hf_park(sleeper->thread, ticket, deadline, HF_PARK_AT_ONCE);
		if (result < 0)
			return result;
	}
}

int hf_futex_wait(struct hf_thread *thread, uint64_t address, uint64_t expected, uint32_t size, int64_t timeout)
{
	struct hf_futex *futex = &thread->process->waits->futex;
	struct futex_waiter sleeper = {.thread = thread, .address = address};
	int result = check(thread, address, size);
	if (result < 0)
		return result;
	uint64_t deadline = deadline_of(timeout);
	/* A thread that changes the word notifies afterwards, under the lock: either it finds us in the list, or we see the change. */
	hf_lock(&futex->lock);
	bool unchanged = holds(thread, address, expected, size);
	if (unchanged)
		hf_list_append(&futex->sleepers, &sleeper.link);
	hf_unlock(&futex->lock);
	if (!unchanged)
		return 1;
	result = sleep_until_woken(futex, &sleeper, deadline);
	hf_lock(&futex->lock);
	hf_list_remove(&sleeper.link);
	bool woken = sleeper.woken;
	hf_unlock(&futex->lock);
	/* If a notify has counted us, we were woken, whatever the sleep returned. */
	if (woken)
		return 0;
	return result == -HF_ETIMEDOUT ? 2 : result;
}

int hf_futex_notify(struct hf_thread *thread, uint64_t address, uint32_t count)
{
	struct hf_futex *futex = &thread->process->waits->futex;
	int result = check(thread, address, 4);
	if (result < 0)
		return result;
	uint32_t woken = 0;
	hf_lock(&futex->lock);
	HF_LIST_EACH(link, &futex->sleepers)
	{
		struct futex_waiter *sleeper = HF_CONTAINER(link, struct futex_waiter, link);
		if (sleeper->address != address || sleeper->woken || woken == count)
			continue;
		sleeper->woken = true;
		woken++;
		hf_thread_wake(sleeper->thread);
	}
	hf_unlock(&futex->lock);
	return (int)woken;
}
