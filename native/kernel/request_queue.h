/* request_queue.h - requests that wait, in order, for a thread that takes them: the threads of a process that serves calls, or a service's.
 *
 * One side owns the queue and takes from it, the answering one; any number of others add. It is bounded: an asker waits for room. What was
 * taken stays known to the queue until it is answered, so that no asker waits for one that has died: the owner first closes the queue (what is
 * queued is answered with the error, nothing more is added), and once none of its threads runs any more it ends the queue (what they had taken is
 * answered, too). An asker holds a reference to the queue's owner until its request was collected or left.
 *
 * A request leaves ASKED only under the queue's lock, so a thread that withdraws one knows that it is on the list, or taken. */
#ifndef HF_KERNEL_REQUEST_QUEUE_H
#define HF_KERNEL_REQUEST_QUEUE_H

#include "kernel/request.h"

struct hf_request_queue {
	struct hf_lock lock;
	/* Protected by lock. */
	struct hf_link asked, taken;
	uint32_t count, limit;    /* of those in `asked` */
	int closed;               /* 0, or the negated errno that askers get */
	struct hf_waitq takers;   /* wait for a request */
	struct hf_waitq for_room; /* wait to add one */
};

struct hf_queued_request {
	struct hf_request base;
	struct hf_request_queue *queue; /* the asker's before it is added */
	struct hf_link link;            /* protected by the queue's lock */
};

void hf_request_queue_init(struct hf_request_queue *queue, uint32_t limit);

/* Takes a waiter off the queue that a call below linked. Any thread. */
void hf_request_queue_unlink(struct hf_request_queue *queue, struct hf_waiter *waiter);

/* ---- the asker ---- */

/* Any thread; never blocks. `asker` as hf_request_ask has it. 0: the request is asked. Else it is still the caller's: -HF_EAGAIN when the queue is
 * full (then `room`, if not NULL, is linked, in one step with the look), or what the queue was closed with. A request that nobody waits
 * for (`asker` is NULL) is never refused for lack of room: it is embedded in an object that must be let go. */
HF_MUST_CHECK int hf_request_queue_add(struct hf_request_queue *queue, struct hf_queued_request *request,
                                       struct hf_waiter *asker, struct hf_waiter *room);

/* hf_request_leave, for a request that was added. */
HF_MUST_CHECK bool hf_request_queue_leave(struct hf_queued_request *request);

/* Owner thread only, in the kernel: adds the request, waiting for room, and waits for the answer. 0: it is answered, request->base.result is the
 * answer. -HF_ETIMEDOUT, -HF_EINTR, or what the queue was closed with before there was room: with `release` the request is gone. */
HF_MUST_CHECK int hf_request_queue_ask(struct hf_request_queue *queue, struct hf_queued_request *request,
                                       struct hf_thread *thread, uint64_t deadline);

/* ---- the answerer ---- */

/* Any thread of the owner's; never blocks. 0 and the oldest request, which is the caller's now; -HF_EAGAIN when there is none (then `taker`, if
 * not NULL, is linked, in one step with the look); or what the queue was closed with. */
HF_MUST_CHECK int hf_request_queue_take(struct hf_request_queue *queue, struct hf_waiter *taker,
                                        struct hf_queued_request **out);

/* The same, but sleeps while there is none. Owner thread only, in the kernel. Also -HF_ETIMEDOUT, -HF_EINTR. */
HF_MUST_CHECK int hf_request_queue_next(struct hf_request_queue *queue, struct hf_thread *thread, uint64_t deadline,
                                        struct hf_queued_request **out);

/* Once after each take: hf_request_answer, for a request that was taken from a queue. Never blocks. */
void hf_request_queue_answer(struct hf_queued_request *request, int result);

/* Any thread; never blocks. Idempotent: the first error, a negated errno, counts. */
void hf_request_queue_close(struct hf_request_queue *queue, int error);
/* Closes it and answers what was taken. No thread answers a request of this queue any more. */
void hf_request_queue_end(struct hf_request_queue *queue, int error);

#endif
