/* request_queue.h - requests that wait, in order, for a thread to take them: a thread of a process that serves calls, or of a service.
 *
 * The answering side owns the queue and takes from it; any number of askers add to it. It is bounded: an asker waits for room. The queue keeps track
 * of taken requests until they are answered, so that no asker waits for an answerer that has died: the owner first closes the queue (queued requests
 * are answered with the error, and no more are added), and once none of its threads runs any more it ends the queue (the requests that they had taken
 * are answered, too). An asker holds a reference to the queue's owner until its request is collected or left.
 *
 * A request leaves ASKED only under the queue's lock, so when a thread withdraws one, it is either on the list or taken. */
#ifndef HF_KERNEL_REQUEST_QUEUE_H
#define HF_KERNEL_REQUEST_QUEUE_H

#include "kernel/request.h"

struct hf_request_queue {
	struct hf_lock lock;
	/* Protected by lock. */
	struct hf_link asked, taken;
	uint32_t count, limit;    /* number of requests in `asked` */
	int closed;               /* 0, or the negated errno that askers get */
	struct hf_waitq takers;   /* threads that wait for a request */
	struct hf_waitq for_room; /* threads that wait to add one */
};

struct hf_queued_request {
	struct hf_request base;
	struct hf_request_queue *queue; /* the asker's before it is added */
	struct hf_link link;            /* protected by the queue's lock */
};

void hf_request_queue_init(struct hf_request_queue *queue, uint32_t limit);

/* Unlinks a waiter that a function below has linked. Any thread. */
void hf_request_queue_unlink(struct hf_request_queue *queue, struct hf_waiter *waiter);

/* ---- the asker ---- */

/* Adds a request; `asker` as for hf_request_ask. 0: the request is asked. On an error it is still the caller's: -HF_EAGAIN when the queue is full
 * (then `room`, if not NULL, is linked, atomically with the check), or the error that the queue was closed with. A request without a waiting thread
 * (`asker` is NULL) is never refused for lack of room, because the object that contains it has to be released. Any thread; never blocks. */
HF_MUST_CHECK int hf_request_queue_add(struct hf_request_queue *queue, struct hf_queued_request *request,
                                       struct hf_waiter *asker, struct hf_waiter *room);

/* hf_request_leave for a request that was added. */
HF_MUST_CHECK bool hf_request_queue_leave(struct hf_queued_request *request);

/* Adds the request, waiting for room, and waits for the answer. 0: it is answered, and request->base.result is the answer. -HF_ETIMEDOUT, -HF_EINTR,
 * or the error that the queue was closed with before there was room: with `release` the request is gone. Owner thread only, in the kernel; blocks. */
HF_MUST_CHECK int hf_request_queue_ask(struct hf_request_queue *queue, struct hf_queued_request *request,
                                       struct hf_thread *thread, uint64_t deadline);

/* ---- the answerer ---- */

/* Takes the oldest request. 0 and the request, which the caller now owns; -HF_EAGAIN when there is none (then `taker`, if not NULL, is linked,
 * atomically with the check); or the error that the queue was closed with. Any thread of the owner; never blocks. */
HF_MUST_CHECK int hf_request_queue_take(struct hf_request_queue *queue, struct hf_waiter *taker,
                                        struct hf_queued_request **out);

/* The same, but sleeps while there is no request. Also -HF_ETIMEDOUT, -HF_EINTR. Owner thread only, in the kernel. */
HF_MUST_CHECK int hf_request_queue_next(struct hf_request_queue *queue, struct hf_thread *thread, uint64_t deadline,
                                        struct hf_queued_request **out);

/* hf_request_answer for a request that was taken from a queue: called once after each take. Never blocks. */
void hf_request_queue_answer(struct hf_queued_request *request, int result);

/* Closes the queue with an error, a negated errno; the first one counts. Any thread; never blocks. */
void hf_request_queue_close(struct hf_request_queue *queue, int error);
/* Closes it and answers the requests that were taken. No other thread may be answering requests of this queue any more. */
void hf_request_queue_end(struct hf_request_queue *queue, int error);

#endif
