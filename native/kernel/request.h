/* request.h - one side asks the other for something, and is answered exactly once.
 *
 * A request is embedded in what it is about. The asker is a guest's thread, which parks, or the coordinator, which gets work and never blocks;
 * whoever answers may be any thread. The request says nothing about how it reaches the answerer: as an hf_work, or in a queue
 * (request_queue.h).
 *
 *           ask          take          answer
 *      IDLE ----> ASKED ------> TAKEN --------> ANSWERING ----> ANSWERED
 *       ^           |  leave      |  leave                         |
 *       +-----------+             v                                |
 *       ^                     ABANDONED -- answer: release         |
 *       +------------------------- collect ------------------------+
 *
 * Each arrow out of ASKED and TAKEN is one compare-exchange, so exactly one of the two sides takes it. The state also says whose the request is,
 * with all that is in the same block:
 *   IDLE, ANSWERED      the asker's.
 *   ASKED               the asker may only leave it; an answerer may only take it.
 *   TAKEN               the answerer's: it reads what is asked, writes the results, and answers once. The asker may only leave it.
 *   ANSWERING           the answer is final, and the asker is being woken. The answerer's for some instructions more.
 *   ABANDONED           the answerer's for good: it releases it.
 *
 * There are two kinds, and `release` tells them apart:
 *   NULL      The request stays the asker's, who leaves an answer only before it was taken; after that it waits, because the answer is moments
 *             away (a thread's request for a thread, inside the thread's block).
 *   a function  The answer may take seconds, so the asker may leave at any time: the request, in a block of its own, is then the answerer's, who
 *             calls `release` in place of an answer. After a leave the asker never touches the block again. */
#ifndef HF_KERNEL_REQUEST_H
#define HF_KERNEL_REQUEST_H

#include "kernel/waitq.h"

struct hf_thread;

enum hf_request_state {
	HF_REQUEST_IDLE,
	HF_REQUEST_ASKED,
	HF_REQUEST_TAKEN,
	HF_REQUEST_ANSWERING,
	HF_REQUEST_ANSWERED,
	HF_REQUEST_ABANDONED,
};

struct hf_request {
	hf_word state; /* enum hf_request_state */
	/* The answerer's before ANSWERING, then the asker's. */
	int result;
	/* The asker's before ASKED. Woken by the answer; NULL: nobody waits, and the answerer releases the request. */
	struct hf_waiter *asker;
	/* Immutable after init. The last use of the request, by the side that it belongs to; any thread; never blocks. */
	void (*release)(struct hf_request *request);
};

static inline void hf_request_init(struct hf_request *request, void (*release)(struct hf_request *request))
{
	atomic_init(&request->state, HF_REQUEST_IDLE);
	request->release = release;
}

/* ---- the asker ---- */

/* Then the caller makes the request known to the answerer. `asker` must stay until the request was collected or left: an hf_thread_waiter, or the
 * coordinator's hf_work_waiter. NULL only with `release`. Never blocks. */
void hf_request_ask(struct hf_request *request, struct hf_waiter *asker);

/* True: it was answered, request->result is the answer, and the request is the asker's again, IDLE. Blocks at most for the instructions between
 * ANSWERING and ANSWERED. */
bool hf_request_collect(struct hf_request *request);

/* The asker does not want the answer any more. True: it was answered before, and is collected as above. False: it was left; with `release` it
 * is gone, else it is IDLE. Without `release` it blocks while the request is taken, so the coordinator leaves only requests with one. */
HF_MUST_CHECK bool hf_request_leave(struct hf_request *request);

/* Owner thread only, in the kernel: waits for the answer of a request that `thread` asked with a waiter of its own. 0: it was answered and collected.
 * -HF_ETIMEDOUT, -HF_EINTR: it was left (hf_request_leave), so with `release` it is gone. */
HF_MUST_CHECK int hf_request_wait(struct hf_request *request, struct hf_thread *thread, uint64_t deadline);

/* The first half of it: 0, -HF_ETIMEDOUT or -HF_EINTR, and nothing was left yet. */
HF_MUST_CHECK int hf__request_sleep(struct hf_request *request, struct hf_thread *thread, uint64_t deadline);

/* ---- the answerer: any thread; nothing here blocks ---- */

/* Whether a take would succeed now. Only for a request without `release`, or one that no asker can leave meanwhile. */
static inline bool hf_request_is_asked(struct hf_request *request)
{
	return atomic_load(&request->state) == HF_REQUEST_ASKED;
}

/* True: it is the caller's now, who must answer it. False: its asker has left it, and it is not to be touched again (one with `release` was released
 * here). Called at most once for each time that the request was made known. */
HF_MUST_CHECK bool hf_request_take(struct hf_request *request);

/* Once after each take. Wakes the asker, or releases the request if there is none any more; after it the request is not to be touched. */
void hf_request_answer(struct hf_request *request, int result);

#endif
