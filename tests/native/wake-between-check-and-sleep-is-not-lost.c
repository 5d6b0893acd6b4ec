/* A change after a thread's check and before its sleep ends the sleep at once. */
#include "support/threads.h"

/* Step by step: each point between the check and the sleep at which the change may come. */
static void check_each_point(void)
{
	struct hf_thread *thread = thread_begin();
	uint32_t ticket = hf_park_ticket(thread);
	hf_thread_wake(thread);
	CHECK_OK(hf_park(thread, ticket, HF_FOREVER, HF_PARK_AT_ONCE));
	CHECK_OK(hf_park(thread, ticket, HF_FOREVER, HF_PARK_SPIN));
	CHECK_EQ(hf_counter_read(&thread->parks), 0);
	/* Several changes count as one, and a used ticket stays used. */
	hf_thread_wake(thread);
	hf_thread_wake(thread);
	CHECK_OK(hf_park(thread, ticket, HF_FOREVER, HF_PARK_AT_ONCE));
	ticket = hf_park_ticket(thread);
	CHECK_ERR(hf_park(thread, ticket, hf_plat_monotonic() + MILLISECOND, HF_PARK_AT_ONCE), -HF_ETIMEDOUT);
	thread_end(thread);
}

/* At full speed: two threads hand a turn back and forth; a lost wake-up would hang them. */
#define TURNS 6000
static struct hf_thread *players[2];
static hf_word turn;

static void play(void *context, unsigned number)
{
	enum hf_park_spin spin = *(enum hf_park_spin *)context;
	struct hf_thread *self = thread_begin();
	/* The other's block has to be there before the first wake. */
	static hf_word ready;
	players[number] = self;
	atomic_fetch_add(&ready, 1);
	while (atomic_load(&ready) % 2 != 0)
		hf_plat_yield();
	for (uint32_t i = number; i < TURNS; i += 2) {
		for (;;) {
			uint32_t ticket = hf_park_ticket(self);
			if (atomic_load(&turn) == i)
				break;
			CHECK_OK(hf_park(self, ticket, HF_FOREVER, spin));
		}
		atomic_store(&turn, i + 1);
		hf_thread_wake(players[!number]);
	}
	/* No block is freed while its thread may be woken. */
	atomic_fetch_add(&ready, 1);
	while (atomic_load(&ready) % 4 != 0)
		hf_plat_yield();
	thread_end(self);
}

int main(void)
{
	check_each_point();
	for (enum hf_park_spin spin = HF_PARK_AT_ONCE; spin <= HF_PARK_SPIN; spin++) {
		atomic_store(&turn, 0);
		in_threads(2, play, &spin);
		CHECK_EQ(turn, TURNS);
	}
	return done();
}
