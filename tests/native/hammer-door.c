/* A guest that calls the kernel all the time is stopped and claimed at random moments: each time it either unwinds or is claimed, never both, and
 * after a claim it never enters the kernel again. */
#include "support/threads.h"

#include "platform/native.h"

#include <pthread.h>
#include <stdlib.h>

/* Claimed threads sleep forever, so their number is limited. */
#define CLAIMED_MOST 100

struct run {
	struct hf_thread thread;
	hf_word begun; /* calls that the guest was about to make */
	hf_word calls; /* one more on the way in, one more on the way out */
	hf_word over;  /* the host has the thread back */
};

static struct budget budget = {.milliseconds = 1500};
static struct run *claimed[CLAIMED_MOST];
static unsigned claimed_count, unwound_count;

static void guest(void *context)
{
	struct run *run = context;
	for (;;) {
		atomic_fetch_add(&run->begun, 1);
		hf_door_enter(&run->thread);
		atomic_fetch_add(&run->calls, 1);
		atomic_fetch_add(&run->calls, 1);
		hf_door_leave(&run->thread);
	}
}

static void *host(void *argument)
{
	struct run *run = argument;
	CHECK_EQ(hf_native_enter(guest, run), 1);
	hf_door_return(&run->thread);
	atomic_store(&run->over, 1);
	return NULL;
}

static void once(uint64_t *seed)
{
	struct run *run = calloc(1, sizeof *run);
	pthread_t thread;
	CHECK(run);
	hf_thread_init(&run->thread, NULL, 1);
	CHECK_EQ(pthread_create(&thread, NULL, host, run), 0);
	/* Let it call a few times. */
	uint32_t wanted = random_below(seed, 500);
	while (atomic_load(&run->calls) < wanted)
		hf_plat_yield();
	hf_thread_stop(&run->thread);
	if (hf_thread_claim(&run->thread)) {
		CHECK_EQ(atomic_load(&run->calls) % 2, 0);
		CHECK_EQ(pthread_detach(thread), 0);
		claimed[claimed_count++] = run;
		return;
	}
	/* It was in the kernel at that moment and makes no further call. */
	uint32_t begun = atomic_load(&run->begun);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(atomic_load(&run->begun), begun);
	CHECK_EQ(atomic_load(&run->over), 1);
	CHECK_EQ(atomic_load(&run->calls) % 2, 0);
	CHECK(!hf_thread_claim(&run->thread));
	free(run);
	unwound_count++;
}

int main(void)
{
	uint64_t seed = random_seed();
	while (time_left(&budget) && claimed_count < CLAIMED_MOST)
		once(&seed);
	sleep_ms(20);
	for (unsigned i = 0; i < claimed_count; i++) {
		CHECK_EQ(atomic_load(&claimed[i]->over), 0);
		CHECK_EQ(atomic_load(&claimed[i]->calls) % 2, 0);
		CHECK_EQ(atomic_load(&claimed[i]->thread.door), HF_CLAIMED);
	}
	CHECK(claimed_count + unwound_count > 0);
	return done();
}
