/* Files are always ready and report how much can be read; stdout has room; stdin is ready when it has data, with a count, and at its
 * end, with the hang-up flag.
 *
 * guest:
 *   dir: /
 *   stdin: after "send\n"
 *   stdin: "12345"
 *   stdin: after "over\n"
 *   stdin: wait 100ms
 *   expect-stdout: "send\nover\n"
 */
#include "poll.h"

static __wasi_event_t one(__wasi_subscription_t sub)
{
	__wasi_event_t event;
	CHECK_EQ(poll_subs(&sub, &event, 1), 1);
	CHECK_EQ(event.userdata, sub.userdata);
	CHECK_EQ(event.type, sub.u.tag);
	CHECK_EQ(event.error, 0);
	return event;
}

int main(void)
{
	char got[16];
	int file = open_file("file", O_CREATE);

	write_all(file, "0123456789", 10);
	seek_to(file, 4, __WASI_WHENCE_SET);
	CHECK(one(read_sub(1, file)).fd_readwrite.nbytes >= 1);
	CHECK(one(write_sub(2, file)).fd_readwrite.nbytes >= 1);
	CHECK_EQ(one(write_sub(3, file)).fd_readwrite.flags, 0);
	/* At its end it is ready, without the hang-up flag (as in Wasmtime), because more may be written. */
	seek_to(file, 0, __WASI_WHENCE_END);
	CHECK_EQ(one(read_sub(3, file)).fd_readwrite.nbytes, 0);
	CHECK_EQ(one(read_sub(3, file)).fd_readwrite.flags, 0);
	CHECK_EQ(one(write_sub(4, 1)).fd_readwrite.flags, 0);
	CHECK(one(write_sub(4, 1)).fd_readwrite.nbytes >= 1);
	CHECK_EQ(one(write_sub(5, 2)).fd_readwrite.flags, 0);

	/* Both sides of one file at once. */
	__wasi_subscription_t both[] = {read_sub(6, file), write_sub(7, file)};
	__wasi_event_t events[2];
	CHECK_EQ(poll_subs(both, events, 2), 2);
	CHECK_EQ(events[0].userdata, 6);
	CHECK_EQ(events[1].userdata, 7);

	/* stdin: first nothing, then data, then less data, then the end. */
	__wasi_subscription_t nothing[] = {read_sub(8, 0), clock_sub(9, __WASI_CLOCKID_MONOTONIC, 50 * MS, 0)};
	CHECK_EQ(poll_subs(nothing, events, 2), 1);
	CHECK_EQ(events[0].userdata, 9);
	write_all(1, "send\n", 5);
	__wasi_event_t event = one(read_sub(10, 0));
	CHECK_EQ(event.fd_readwrite.nbytes, 5);
	CHECK_EQ(event.fd_readwrite.flags, 0);
	event = one(read_sub(11, 0)); /* polling consumes nothing */
	CHECK_EQ(event.fd_readwrite.nbytes, 5);
	CHECK_EQ(read_some(0, got, 3), 3);
	CHECK_EQ(one(read_sub(12, 0)).fd_readwrite.nbytes, 2);
	CHECK_EQ(read_some(0, got, sizeof got), 2);
	write_all(1, "over\n", 5);
	event = one(read_sub(13, 0));
	CHECK_EQ(event.fd_readwrite.nbytes, 0);
	CHECK_EQ(event.fd_readwrite.flags, __WASI_EVENTRWFLAGS_FD_READWRITE_HANGUP);
	CHECK_EQ(read_some(0, got, sizeof got), 0);
	event = one(read_sub(14, 0)); /* and it stays ready */
	CHECK_EQ(event.fd_readwrite.flags, __WASI_EVENTRWFLAGS_FD_READWRITE_HANGUP);
	return 0;
}
