/* Several threads may wait for one guest: each returns when it has ended, and its resources are freed once. */
#include <unistd.h>

#include "support/by_hand.h"

enum { WAITERS = 4 };

static void ends_at_once(uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
}

static void join(void *context, unsigned number)
{
	(void)number;
	CHECK(hf_guest_join(context, HF_FOREVER));
}

int main(void)
{
	int in[2], out[2];
	char byte;
	CHECK_OK(hf_host_start(0));
	for (int i = 0; i < 100; i++) {
		CHECK_EQ(pipe(in), 0);
		CHECK_EQ(pipe(out), 0);
		struct hf_guest *guest = begin_by_hand(ends_at_once, in[0], out[1]);
		in_threads(WAITERS, join, guest);
		end_by_hand(guest, HF_ENDED_EXIT, 0);
		/* No descriptor was closed twice: these calls would fail if one had been. */
		CHECK_EQ(close(out[1]), 0);
		CHECK_EQ(read(out[0], &byte, 1), 0);
		CHECK_EQ(close(out[0]), 0);
		CHECK_EQ(close(in[0]), 0);
		CHECK_EQ(close(in[1]), 0);
	}
	hf_host_stop();
	return done();
}
