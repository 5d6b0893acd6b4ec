/* request_queue.c - requests in order, and their handling when a side ends. */
#include "kernel/request_queue.h"

#include "kernel/thread.h"

void hf_request_queue_init(struct hf_request_queue *queue, uint32_t limit)
{
	hf_lock_init(&queue->lock, HF_RANK_PIPE);
	hf_list_init(&queue->asked);
	hf_list_init(&queue->taken);
	hf_waitq_init(&queue->takers);
	hf_waitq_init(&queue->for_room);
	queue->count = 0;
	queue->limit = limit;
	queue->closed = 0;
}

void hf_request_queue_unlink(struct hf_request_queue *queue, struct hf_waiter *waiter)
{
	hf_lock(&queue->lock);
	hf_waitq_remove(waiter);
	hf_unlock(&queue->lock);
}

/* ---- the asker ---- */

int hf_request_queue_add(struct hf_request_queue *queue, struct hf_queued_request *request, struct hf_waiter *asker,
                         struct hf_waiter *room)
{
	hf_lock(&queue->lock);
	int result = queue->closed;
	if (result == 0 && asker && queue->count >= queue->limit) {
		result = -HF_EAGAIN;
		hf_waitq_add_once(&queue->for_room, room);
	}
	if (result == 0) {
		request->queue = queue;
		hf_request_ask(&request->base, asker);
		hf_list_append(&queue->asked, &request->link);
		queue->count++;
		hf_waitq_wake(&queue->takers);
	}
	hf_unlock(&queue->lock);
	return result;
}

static void leave_asked_locked(struct hf_request_queue *queue, struct hf_queued_request *request)
	HF_REQUIRES(queue->lock)
{
	HF_ASSERT(hf_lock_is_held(&queue->lock));
	hf_list_remove(&request->link);
	queue->count--;
	hf_waitq_wake(&queue->for_room);
}

static void release(struct hf_queued_request *request)
{
	if (request->base.release)
		request->base.release(&request->base);
}

bool hf_request_queue_leave(struct hf_queued_request *request)
{
	struct hf_request_queue *queue = request->queue;
	hf_lock(&queue->lock);
	bool asked = hf_request_is_asked(&request->base);
	if (asked)
		leave_asked_locked(queue, request);
	hf_unlock(&queue->lock);
	bool answered = hf_request_leave(&request->base);
	/* No other thread refers to it any more, so we release it. */
	if (asked)
		release(request);
	return answered;
}

static int add_when_there_is_room(struct hf_request_queue *queue, struct hf_queued_request *request,
                                  struct hf_thread_waiter *waiter, uint64_t deadline)
{
	int result;
	for (;;) {
		uint32_t ticket = hf_park_ticket(waiter->thread);
		result = hf_request_queue_add(queue, request, &waiter->waiter, &waiter->waiter);
		if (result != -HF_EAGAIN)
			break;
		result = hf_park(waiter->thread, ticket, deadline, HF_PARK_AT_ONCE);
		if (result < 0)
			break;
	}
	hf_request_queue_unlink(queue, &waiter->waiter);
	return result;
}

int hf_request_queue_ask(struct hf_request_queue *queue, struct hf_queued_request *request, struct hf_thread *thread,
                         uint64_t deadline)
{
	struct hf_thread_waiter waiter;
	hf_thread_waiter_init(&waiter, thread);
	int result = add_when_there_is_room(queue, request, &waiter, deadline);
	if (result < 0) {
		release(request);
		return result;
	}
	result = hf__request_sleep(&request->base, thread, deadline);
	return result < 0 && hf_request_queue_leave(request) ? 0 : result;
}

/* ---- the answerer ---- */

static struct hf_queued_request *first(struct hf_link *list)
{
	return hf_list_empty(list) ? NULL : HF_CONTAINER(list->next, struct hf_queued_request, link);
}

/* Takes the oldest request; NULL: there is none. */
static struct hf_queued_request *take_locked(struct hf_request_queue *queue) HF_REQUIRES(queue->lock)
{
	struct hf_queued_request *request = first(&queue->asked);
	if (!request)
		return NULL;
	leave_asked_locked(queue, request);
	hf_list_append(&queue->taken, &request->link);
	bool taken = hf_request_take(&request->base);
	HF_ASSERT(taken); /* askers leave under the lock */
	return request;
}

int hf_request_queue_take(struct hf_request_queue *queue, struct hf_waiter *taker, struct hf_queued_request **out)
{
	int result = 0;
	hf_lock(&queue->lock);
	*out = take_locked(queue);
	if (!*out) {
		result = queue->closed ? queue->closed : -HF_EAGAIN;
		if (!queue->closed)
			hf_waitq_add_once(&queue->takers, taker);
	}
	hf_unlock(&queue->lock);
	return result;
}

int hf_request_queue_next(struct hf_request_queue *queue, struct hf_thread *thread, uint64_t deadline,
                          struct hf_queued_request **out)
{
	struct hf_thread_waiter waiter;
	int result;
	hf_thread_waiter_init(&waiter, thread);
	for (;;) {
		uint32_t ticket = hf_park_ticket(thread);
		result = hf_request_queue_take(queue, &waiter.waiter, out);
		if (result != -HF_EAGAIN)
			break;
		result = hf_park(thread, ticket, deadline, HF_PARK_SPIN);
		if (result < 0)
			break;
	}
	hf_request_queue_unlink(queue, &waiter.waiter);
	return result;
}

void hf_request_queue_answer(struct hf_queued_request *request, int result)
{
	struct hf_request_queue *queue = request->queue;
	hf_lock(&queue->lock);
	hf_list_remove(&request->link);
	hf_unlock(&queue->lock);
	hf_request_answer(&request->base, result);
}

void hf_request_queue_close(struct hf_request_queue *queue, int error)
{
	struct hf_queued_request *request;
	do {
		hf_lock(&queue->lock);
		if (!queue->closed)
			queue->closed = error;
		request = take_locked(queue);
		hf_waitq_wake(&queue->takers);
		hf_waitq_wake(&queue->for_room);
		hf_unlock(&queue->lock);
		if (request)
			hf_request_queue_answer(request, error);
	} while (request);
}

void hf_request_queue_end(struct hf_request_queue *queue, int error)
{
	struct hf_queued_request *request;
	hf_request_queue_close(queue, error);
	do {
		hf_lock(&queue->lock);
		request = first(&queue->taken);
		hf_unlock(&queue->lock);
		if (request)
			hf_request_queue_answer(request, error);
	} while (request);
}
