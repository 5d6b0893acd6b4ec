/* spawn.c - asking for threads. */
#include "kernel/spawn.h"

#include "kernel/thread.h"

void hf_spawn_request_init(struct hf_spawn_request *request, void (*run)(struct hf_work *work))
{
	hf_work_init(&request->work, run);
	atomic_init(&request->state, HF_SPAWN_NONE);
}

static bool move(struct hf_spawn_request *request, uint32_t from, uint32_t to)
{
	return atomic_compare_exchange_strong(&request->state, &from, to);
}

bool hf_spawn_request_is_asked(struct hf_spawn_request *request)
{
	return atomic_load(&request->state) == HF_SPAWN_ASKED;
}

bool hf_spawn_request_take(struct hf_spawn_request *request)
{
	return move(request, HF_SPAWN_ASKED, HF_SPAWN_TAKEN);
}

void hf_spawn_request_answer(struct hf_thread *thread, int result)
{
	thread->spawn.result = result;
	atomic_store(&thread->spawn.state, HF_SPAWN_ANSWERED);
	hf_plat_wake(&thread->spawn.state, 1);
	hf_thread_wake(thread);
}

/* The coordinator is processing it and never blocks. */
static void await_answer(struct hf_spawn_request *request)
{
	while (atomic_load(&request->state) == HF_SPAWN_TAKEN)
		(void)hf_plat_wait(&request->state, HF_SPAWN_TAKEN, HF_FOREVER);
}

int hf_spawn_ask(struct hf_thread *thread, uint32_t argument)
{
	struct hf_spawn_request *request = &thread->spawn;
	if (!request->work.run)
		return -HF_ENOTSUP;
	request->argument = argument;
	atomic_store(&request->state, HF_SPAWN_ASKED);
	(void)hf_work_post(&request->work);
	for (;;) {
		uint32_t ticket = hf_park_ticket(thread);
		if (atomic_load(&request->state) == HF_SPAWN_ANSWERED)
			break;
		int result = hf_park(thread, ticket, HF_FOREVER, HF_PARK_SPIN);
		if (result == 0)
			continue;
		if (move(request, HF_SPAWN_ASKED, HF_SPAWN_NONE))
			return result;
		await_answer(request);
	}
	atomic_store(&request->state, HF_SPAWN_NONE);
	return request->result;
}
