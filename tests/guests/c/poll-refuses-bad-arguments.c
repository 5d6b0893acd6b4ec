/* No subscriptions, pointers outside memory, enormous counts, and unknown kinds are errors; a bad descriptor causes an event with EBADF.
 *
 * guest:
 *   dir: /
 */
#include "poll.h"
#include "raw.h"

int main(void)
{
	uint32_t end = memory_end(), got = 99;
	__wasi_event_t events[4];
	__wasi_subscription_t subs[4] = {clock_sub(1, __WASI_CLOCKID_MONOTONIC, 0, 0),
	                                 clock_sub(2, __WASI_CLOCKID_MONOTONIC, 0, 0)};

	CHECK_ERRNO(raw_poll_oneoff(P(subs), P(events), 0, P(&got)), EINVAL);
	CHECK_ERRNO(raw_poll_oneoff(end, P(events), 1, P(&got)), EFAULT);
	CHECK_ERRNO(raw_poll_oneoff(end - 47, P(events), 1, P(&got)), EFAULT);
	CHECK_ERRNO(raw_poll_oneoff(P(subs), end, 1, P(&got)), EFAULT);
	CHECK_ERRNO(raw_poll_oneoff(P(subs), end - 63, 2, P(&got)), EFAULT);
	CHECK_ERRNO(raw_poll_oneoff(P(subs), P(events), 1, end), EFAULT);
	CHECK_ERRNO(raw_poll_oneoff(P(subs), P(events), 0xffffffff, P(&got)), EFAULT, EINVAL, ENOMEM);
	CHECK_ERRNO(raw_poll_oneoff(P(subs), P(events), 0x05555556, P(&got)), EFAULT, EINVAL,
	            ENOMEM); /* wraps when multiplied by 48 */
	CHECK_EQ(got, 99);

	subs[0].u.tag = 3;
	CHECK_ERRNO(raw_poll_oneoff(P(subs), P(events), 2, P(&got)), EINVAL);
	subs[0].u.tag = 255;
	CHECK_ERRNO(raw_poll_oneoff(P(subs), P(events), 1, P(&got)), EINVAL);

	/* An unknown clock or flag: the call or its event returns an error. */
	subs[0] = clock_sub(7, 17, 0, 0);
	unsigned error = raw_poll_oneoff(P(subs), P(events), 1, P(&got));
	CHECK_ERRNO(error, 0, EINVAL);
	if (!error) {
		CHECK_EQ(got, 1);
		CHECK_EQ(events[0].userdata, 7);
		CHECK_ERRNO(events[0].error, EINVAL, ENOTSUP);
	}
	subs[0] = clock_sub(7, __WASI_CLOCKID_MONOTONIC, 0, 2);
	error = raw_poll_oneoff(P(subs), P(events), 1, P(&got));
	CHECK_ERRNO(error, 0, EINVAL);
	CHECK(error || events[0].error == EINVAL);

	/* Bad descriptors are reported at once, each as its own event, although the clock would take an hour. */
	subs[0] = clock_sub(1, __WASI_CLOCKID_MONOTONIC, 3600 * 1000 * MS, 0);
	subs[1] = read_sub(2, 99);
	subs[2] = write_sub(3, -1);
	CHECK_EQ(poll_subs(subs, events, 3), 2);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(events[i].userdata, 2 + i);
		CHECK_EQ(events[i].error, EBADF);
		CHECK_EQ(events[i].type, i ? __WASI_EVENTTYPE_FD_WRITE : __WASI_EVENTTYPE_FD_READ);
	}

	/* Waiting for an operation that a descriptor does not support ends at once, too. */
	subs[0] = clock_sub(1, __WASI_CLOCKID_MONOTONIC, 20000 * MS, 0);
	subs[1] = write_sub(2, 0);
	subs[2] = read_sub(3, 1);
	uint64_t start = monotonic();
	size_t count = poll_subs(subs, events, 3);
	CHECK(monotonic() - start < 10000 * MS);
	for (size_t i = 0; i < count; i++) {
		CHECK(events[i].userdata == 2 || events[i].userdata == 3);
		CHECK_ERRNO(events[i].error, EBADF, ENOTCAPABLE);
	}
	return 0;
}
