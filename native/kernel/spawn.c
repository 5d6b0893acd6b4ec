/* spawn.c - requests for threads. */
#include "kernel/spawn.h"

#include "kernel/thread.h"

void hf_spawn_request_init(struct hf_spawn_request *request, void (*run)(struct hf_work *work))
{
	hf_request_init(&request->base, NULL);
	hf_work_init(&request->work, run);
}

int hf_spawn_ask(struct hf_thread *thread, uint32_t argument)
{
	struct hf_spawn_request *request = &thread->spawn;
	struct hf_thread_waiter waiter;
	if (!request->work.run)
		return -HF_ENOTSUP;
	hf_thread_waiter_init(&waiter, thread);
	request->argument = argument;
	hf_request_ask(&request->base, &waiter.waiter);
	(void)hf_work_post(&request->work);
	int result = hf_request_wait(&request->base, thread, HF_FOREVER);
	return result < 0 ? result : request->base.result;
}
