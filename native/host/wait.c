/* wait.c - memory.atomic.wait and notify: a list of waiting threads, under one lock. (A futex of the OS compares 4 bytes, and guests
 * also wait on 8.) */
#include "host/internal.h"

#include <errno.h>
#include <time.h>

struct address_waiter {
	struct hf_link link;
	const void *address;
	pthread_cond_t changed;
	bool woken;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
/* Protected by mutex: the waiting threads, the longest waiting first. */
static struct hf_link sleepers = {&sleepers, &sleepers};

static bool claimed(void)
{
	return atomic_load(&hf__guest_thread_self()->kernel.door) == HF_CLAIMED;
}

static bool holds(const void *address, uint64_t expected, uint32_t size)
{
	if (size == 4)
		return __atomic_load_n((const uint32_t *)address, __ATOMIC_SEQ_CST) == (uint32_t)expected;
	return __atomic_load_n((const uint64_t *)address, __ATOMIC_SEQ_CST) == expected;
}

static struct timespec after(int64_t timeout)
{
	uint64_t when = hf_plat_monotonic() + (uint64_t)timeout; /* both under 2^63 */
	return (struct timespec){.tv_sec = (time_t)(when / 1000000000), .tv_nsec = (long)(when % 1000000000)};
}

static void init_changed(pthread_cond_t *changed)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(changed, &attr);
	pthread_condattr_destroy(&attr);
}

uint32_t hf_guest_wait(const void *address, uint64_t expected, uint32_t size, int64_t timeout)
{
	struct address_waiter sleeper = {.address = address};
	struct timespec deadline = timeout < 0 ? (struct timespec){0} : after(timeout);
	int result = 0;
	pthread_mutex_lock(&mutex);
	if (!holds(address, expected, size)) {
		pthread_mutex_unlock(&mutex);
		return 1;
	}
	init_changed(&sleeper.changed);
	hf_list_append(&sleepers, &sleeper.link);
	while (!sleeper.woken && !claimed() && result != ETIMEDOUT) {
		if (timeout < 0)
			pthread_cond_wait(&sleeper.changed, &mutex);
		else
			result = pthread_cond_timedwait(&sleeper.changed, &mutex, &deadline);
	}
	hf_list_remove(&sleeper.link);
	pthread_mutex_unlock(&mutex);
	pthread_cond_destroy(&sleeper.changed);
	return sleeper.woken ? 0 : 2; /* a claimed thread does not return this, because hf_guest_idle leaves the guest */
}

uint32_t hf_guest_notify(const void *address, uint32_t count)
{
	uint32_t woken = 0;
	pthread_mutex_lock(&mutex);
	HF_LIST_EACH(link, &sleepers)
	{
		struct address_waiter *sleeper = HF_CONTAINER(link, struct address_waiter, link);
		if (sleeper->address != address || sleeper->woken || woken == count)
			continue;
		sleeper->woken = true;
		pthread_cond_signal(&sleeper->changed);
		woken++;
	}
	pthread_mutex_unlock(&mutex);
	return woken;
}

void hf__guest_wait_interrupt(void)
{
	pthread_mutex_lock(&mutex);
	HF_LIST_EACH(link, &sleepers)
	{
		pthread_cond_signal(&HF_CONTAINER(link, struct address_waiter, link)->changed);
	}
	pthread_mutex_unlock(&mutex);
}
