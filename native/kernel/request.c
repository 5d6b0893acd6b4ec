/* request.c - asking and answering; request.h says which side owns a request in each state. */
#include "kernel/request.h"

#include "kernel/thread.h"

static bool move(struct hf_request *request, uint32_t from, uint32_t to)
{
	return atomic_compare_exchange_strong(&request->state, &from, to);
}

void hf_request_ask(struct hf_request *request, struct hf_waiter *asker)
{
	HF_ASSERT(atomic_load(&request->state) == HF_REQUEST_IDLE);
	request->asker = asker;
	atomic_store(&request->state, HF_REQUEST_ASKED);
}

/* Waits until the state changes, which the answerer is about to do. */
static void wait_while(struct hf_request *request, uint32_t state)
{
	while (atomic_load(&request->state) == state)
		(void)hf_plat_wait(&request->state, state, HF_FOREVER);
}

bool hf_request_collect(struct hf_request *request)
{
	wait_while(request, HF_REQUEST_ANSWERING);
	return move(request, HF_REQUEST_ANSWERED, HF_REQUEST_IDLE);
}

bool hf_request_leave(struct hf_request *request)
{
	uint32_t left = request->release ? HF_REQUEST_ABANDONED : HF_REQUEST_IDLE;
	while (!hf_request_collect(request)) {
		if (move(request, HF_REQUEST_ASKED, left))
			return false;
		if (!request->release)
			wait_while(request, HF_REQUEST_TAKEN);
		else if (move(request, HF_REQUEST_TAKEN, HF_REQUEST_ABANDONED))
			return false;
	}
	return true;
}

int hf__request_sleep(struct hf_request *request, struct hf_thread *thread, uint64_t deadline)
{
	for (;;) {
		uint32_t ticket = hf_park_ticket(thread);
		if (hf_request_collect(request))
			return 0;
		int result = hf_park(thread, ticket, deadline, HF_PARK_SPIN);
		if (result < 0)
			return result;
	}
}

int hf_request_wait(struct hf_request *request, struct hf_thread *thread, uint64_t deadline)
{
	int result = hf__request_sleep(request, thread, deadline);
	return result < 0 && hf_request_leave(request) ? 0 : result;
}

bool hf_request_take(struct hf_request *request)
{
	if (move(request, HF_REQUEST_ASKED, HF_REQUEST_TAKEN))
		return true;
	/* It was left for good. A request without `release` is IDLE now, or has been asked again, and will be announced again. */
	if (atomic_load(&request->state) == HF_REQUEST_ABANDONED)
		request->release(request);
	return false;
}

void hf_request_answer(struct hf_request *request, int result)
{
	request->result = result;
	if (!request->asker || !move(request, HF_REQUEST_TAKEN, HF_REQUEST_ANSWERING)) {
		request->release(request);
		return;
	}
	request->asker->wake(request->asker);
	/* Only now may the asker continue, and free the request. The wake-up only needs the word's address. */
	atomic_store(&request->state, HF_REQUEST_ANSWERED);
	hf_plat_wake(&request->state, 1);
}
