/* Guests are ended at random instants while their threads compute, start others, wait on addresses, sleep and come and go through doors: every
 * guest is joined, and leaves nothing behind. */
#include "support/by_hand.h"

static _Atomic bool computes;

static void guest(uint32_t tid, uint32_t argument)
{
	uint32_t seed = tid * 2654435761u + argument;
	for (int i = 0;; i++) {
		seed = seed * 1664525u + 1013904223u;
		switch (seed >> 28) {
		case 0:
			(void)CALL((uint32_t)hf_wt_thread_spawn(seed));
			break;
		case 1:
			(void)CALL(hf_guest_wait(guest_bytes, 0, 4, 20000));
			break;
		case 2:
			(void)CALL(hf_guest_notify(guest_bytes, 1));
			break;
		case 3:
			if (i > 200)
				compute(&computes);
			break;
		case 4:
			if (tid != 0 && i > 100)
				return;
			break;
		default:
			(void)CALL(hf_p1_random_get(1024, 64));
		}
	}
}

int main(void)
{
	struct budget budget = {.milliseconds = 1000};
	uint64_t seed = random_seed();
	CHECK_OK(hf_host_start(0));
	while (time_left(&budget)) {
		struct hf_guest *one = begin_by_hand(guest, -1, -1), *two = begin_by_hand(guest, -1, -1);
		sleep_us(random_below(&seed, 4000));
		hf_guest_end(one, HF_ENDED_KILLED, 137, "");
		sleep_us(random_below(&seed, 4000));
		hf_guest_end(two, HF_ENDED_KILLED, 137, "");
		end_by_hand(one, HF_ENDED_KILLED, 137);
		end_by_hand(two, HF_ENDED_KILLED, 137);
	}
	hf_host_stop();
	return done();
}
