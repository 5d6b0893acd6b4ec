/* A thread that requests another one from the coordinator gets exactly one answer, or withdraws the request when it must
 * stop; the coordinator answers every request that it has taken. */
#include "support/threads.h"

static struct hf_thread *asker;
static hf_word there, taken, proceed;
static int expected;
static bool answers; /* otherwise the coordinator comes too late */

static void run(struct hf_work *work)
{
	struct hf_spawn_request *request = HF_CONTAINER(work, struct hf_spawn_request, work);
	if (!hf_request_take(&request->base)) {
		atomic_fetch_add(&taken, 100);
		return;
	}
	CHECK_EQ(request->argument, 42);
	atomic_fetch_add(&taken, 1);
	while (!atomic_load(&proceed))
		hf_plat_yield();
	hf_request_answer(&request->base, 7);
}

static void check_nobody_to_ask(void)
{
	struct hf_thread *thread = thread_begin();
	CHECK_ERR(hf_spawn_ask(thread, 42), -HF_ENOTSUP);
	thread_end(thread);
}

static void ask_or_answer(void *context, unsigned number)
{
	(void)context;
	if (number == 0) {
		asker = thread_begin();
		hf_spawn_request_init(&asker->spawn, run);
		atomic_store(&there, 1);
		CHECK_ERR(hf_spawn_ask(asker, 42), expected);
		/* Each request has an answer of its own. */
		if (!atomic_load(&asker->orders))
			CHECK_ERR(hf_spawn_ask(asker, 42), expected);
		atomic_store(&there, 2);
		return;
	}
	while (!atomic_load(&there))
		hf_plat_yield();
	until_parked(asker);
	if (!answers)
		hf_thread_stop(asker);
	while (atomic_load(&there) != 2) {
		if (answers)
			(void)hf_work_drain();
		hf_plat_yield();
	}
	(void)hf_work_drain();
}

static void scene(bool is_answered, int result)
{
	answers = is_answered;
	expected = result;
	atomic_store(&there, 0);
	atomic_store(&taken, 0);
	atomic_store(&proceed, 1);
	in_threads(2, ask_or_answer, NULL);
	CHECK_EQ(atomic_load(&taken), is_answered ? 2 : 100);
	(void)hf_work_cancel(&asker->spawn.work);
	thread_end(asker);
}

/* Ordered to stop after the coordinator has taken the request: it waits for the answer. */
static void stop_when_taken(void *context, unsigned number)
{
	(void)context;
	if (number == 0) {
		asker = thread_begin();
		hf_spawn_request_init(&asker->spawn, run);
		atomic_store(&there, 1);
		CHECK_EQ(hf_spawn_ask(asker, 42), 7);
		CHECK_EQ(atomic_load(&asker->orders), 1);
		atomic_store(&there, 2);
	} else if (number == 1) {
		while (!atomic_load(&there))
			hf_plat_yield();
		while (!atomic_load(&taken))
			(void)hf_work_drain();
	} else {
		while (!atomic_load(&taken))
			hf_plat_yield();
		hf_thread_stop(asker);
		sleep_ms(10);
		CHECK_EQ(atomic_load(&there), 1);
		atomic_store(&proceed, 1);
	}
}

static void check_stop_when_taken(void)
{
	atomic_store(&there, 0);
	atomic_store(&taken, 0);
	atomic_store(&proceed, 0);
	in_threads(3, stop_when_taken, NULL);
	thread_end(asker);
}

int main(void)
{
	check_nobody_to_ask();
	scene(true, 7);
	scene(false, -HF_EINTR);
	check_stop_when_taken();
	return done();
}
