/* poll.h - helpers for subscriptions and events. */
#ifndef GUEST_POLL_H
#define GUEST_POLL_H

#include "fs.h"

#define MS UINT64_C(1000000)
#define ABSOLUTE __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME

static inline __wasi_subscription_t clock_sub(uint64_t userdata, __wasi_clockid_t id, uint64_t timeout, unsigned flags)
{
	__wasi_subscription_t sub;
	memset(&sub, 0, sizeof sub);
	sub.userdata = userdata;
	sub.u.tag = __WASI_EVENTTYPE_CLOCK;
	sub.u.u.clock.id = id;
	sub.u.u.clock.timeout = timeout;
	sub.u.u.clock.flags = (__wasi_subclockflags_t)flags;
	return sub;
}

static inline __wasi_subscription_t fd_sub(uint64_t userdata, uint8_t type, int fd)
{
	__wasi_subscription_t sub;
	memset(&sub, 0, sizeof sub);
	sub.userdata = userdata;
	sub.u.tag = type;
	sub.u.u.fd_read.file_descriptor = fd;
	return sub;
}

static inline __wasi_subscription_t read_sub(uint64_t userdata, int fd)
{
	return fd_sub(userdata, __WASI_EVENTTYPE_FD_READ, fd);
}

static inline __wasi_subscription_t write_sub(uint64_t userdata, int fd)
{
	return fd_sub(userdata, __WASI_EVENTTYPE_FD_WRITE, fd);
}

/* Polls. Returns the number of events. */
static inline size_t poll_subs(const __wasi_subscription_t *subs, __wasi_event_t *events, size_t count)
{
	__wasi_size_t got = 12345;
	memset(events, 0xa5, count * sizeof *events);
	CHECK_OK(__wasi_poll_oneoff(subs, events, count, &got));
	CHECK_BETWEEN(got, 1, count);
	return got;
}

static inline uint64_t monotonic(void)
{
	return now_of(__WASI_CLOCKID_MONOTONIC);
}

#endif
