/* When one thread exits, all others end: one that computes, one that waits on an address, one that sleeps in a system call, and the first thread. */
#include <unistd.h>

#include "support/by_hand.h"

enum role { MAIN, COMPUTES, WAITS, READS, EXITS };

static _Atomic bool computes;
static _Atomic uint32_t ready;

static void guest(uint32_t tid, uint32_t argument)
{
	enum role role = tid == 0 ? MAIN : (enum role)argument;
	ready++;
	switch (role) {
	case MAIN:
		for (uint32_t i = COMPUTES; i <= EXITS; i++)
			CHECK((int32_t)CALL((uint32_t)hf_wt_thread_spawn(i)) > 0);
		/* fall through */
	case WAITS:
		hf_guest_busy();
		(void)hf_guest_wait(guest_bytes, 0, 4, -1);
		hf_guest_idle();
		CHECK(!"the wait returned instead of ending");
		break;
	case COMPUTES:
		compute(&computes);
	case READS:
		*(uint32_t *)(void *)(guest_bytes + 16) = 64;
		*(uint32_t *)(void *)(guest_bytes + 20) = 1;
		(void)CALL(hf_p1_fd_read(0, 16, 1, 24));
		CHECK(!"it was unwound");
		break;
	case EXITS:
		while (!computes || ready < 5)
			(void)CALL(hf_p1_sched_yield());
		hf_guest_busy();
		hf_p1_proc_exit(7);
		CHECK(!"it was unwound");
	}
}

int main(void)
{
	int in[2];
	CHECK_EQ(pipe(in), 0); /* never written, and never closed */
	CHECK_OK(hf_host_start(0));
	end_by_hand(begin_by_hand(guest, in[0], -1), HF_ENDED_EXIT, 7);
	hf_host_stop();
	return done();
}
