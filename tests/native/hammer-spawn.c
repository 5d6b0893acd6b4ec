/* Threads request threads while they get the order to stop and the order is withdrawn; the coordinator answers each request that it
 * takes with its argument, and no answer goes to another request. */
#include "support/threads.h"

#define ASKERS 3

static struct budget budget = {.milliseconds = 1000};
/* At least this many, even on a slow machine. */
#define ANSWERED_LEAST 100
#define WITHDRAWN_LEAST 10
static struct hf_thread *askers[ASKERS];
static hf_word there, askers_left = ASKERS;
static _Atomic uint64_t answered, withdrawn, late;

static bool enough(void)
{
	return !time_left(&budget) && atomic_load(&answered) >= ANSWERED_LEAST &&
	       atomic_load(&withdrawn) >= WITHDRAWN_LEAST;
}

static void run(struct hf_work *work)
{
	struct hf_spawn_request *request = HF_CONTAINER(work, struct hf_spawn_request, work);
	if (hf_request_take(&request->base))
		hf_request_answer(&request->base, (int)request->argument);
	else
		atomic_fetch_add(&late, 1);
}

static void ask(unsigned number)
{
	uint64_t seed = number + 1;
	struct hf_thread *self = thread_begin();
	hf_spawn_request_init(&self->spawn, run);
	askers[number] = self;
	atomic_fetch_add(&there, 1);
	while (!enough()) {
		uint32_t argument = random_below(&seed, 1000000);
		int result = hf_spawn_ask(self, argument);
		if (result == -HF_EINTR) {
			atomic_fetch_add(&withdrawn, 1);
			atomic_store(&self->orders, 0); /* another life */
		} else {
			CHECK_EQ(result, argument);
			atomic_fetch_add(&answered, 1);
		}
	}
	atomic_fetch_sub(&askers_left, 1);
}

static void coordinate(void)
{
	uint64_t seed = 99;
	while (atomic_load(&there) < ASKERS)
		hf_plat_yield();
	while (atomic_load(&askers_left) > 0) {
		if (random_below(&seed, 3) == 0)
			hf_thread_stop(askers[random_below(&seed, ASKERS)]);
		(void)hf_work_drain();
		if (random_below(&seed, 20) == 0)
			sleep_ms(1);
	}
	(void)hf_work_drain();
}

static void hammer(void *context, unsigned number)
{
	(void)context;
	if (number < ASKERS)
		ask(number);
	else
		coordinate();
}

int main(void)
{
	in_threads(ASKERS + 1, hammer, NULL);
	for (int i = 0; i < ASKERS; i++)
		thread_end(askers[i]);
	return done();
}
