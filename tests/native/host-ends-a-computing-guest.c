/* A guest that computes endlessly without system calls can still be ended: its thread is removed, and its memory freed. */
#include "support/by_hand.h"

static _Atomic bool computes;

static void guest(uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
	compute(&computes);
}

int main(void)
{
	CHECK_OK(hf_host_start(0));
	struct hf_guest *begun = begin_by_hand(guest, -1, -1);
	while (!computes)
		sleep_ms(1);
	CHECK(!hf_guest_join(begun, hf_plat_monotonic()));
	hf_guest_end(begun, HF_ENDED_KILLED, 137, "enough");
	hf_guest_end(begun, HF_ENDED_TIMEOUT, 124, "too late: the first reason counts");
	end_by_hand(begun, HF_ENDED_KILLED, 137);
	hf_host_stop();
	return done();
}
