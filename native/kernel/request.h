/* request.h - one side asks the other for something, and is answered exactly once.
 *
 * A request is embedded in the object that it concerns. The asker is a guest's thread, which parks, or the coordinator, which gets work and never
 * blocks; any thread may answer. How the request reaches the answerer is not part of this file: as an hf_work, or in a queue (request_queue.h).
 *
 *           ask          take          answer
 *      IDLE ----> ASKED ------> TAKEN --------> ANSWERING ----> ANSWERED
 *       ^           |  leave      |  leave                         |
 *       +-----------+             v                                |
 *       ^                     ABANDONED -- answer: release         |
 *       +------------------------- collect ------------------------+
 *
 * Each arrow out of ASKED and TAKEN is one compare-exchange, so exactly one of the two sides succeeds. The state also says which side owns the
 * request, and everything in the same block:
 *   IDLE, ANSWERED      the asker's.
 *   ASKED               the asker may only leave it; an answerer may only take it.
 *   TAKEN               the answerer's: it reads the request, writes the results, and answers once. The asker may only leave it.
 *   ANSWERING           the answerer's for a few more instructions: the answer is final, and the asker is being woken.
 *   ABANDONED           the answerer's for good: it releases it.
 *
 * There are two kinds, distinguished by `release`:
 *   NULL        The asker keeps the request, and can leave it only before it is taken; after that it waits, because the answer will come in moments
 *               (a thread's request for a thread, inside the thread's block).
 *   a function  The answer may take seconds, so the asker may leave at any time: the request, in a separate block, is then the answerer's, which
 *               calls `release` in place of an answer. After leaving, the asker never touches the block again. */
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
	/* The asker's before ASKED. Woken by the answer; NULL: no thread waits, and the answerer releases the request. */
	struct hf_waiter *asker;
	/* Immutable after init. The last use of the request, called by the side that owns it; any thread; never blocks. */
	void (*release)(struct hf_request *request);
};

static inline void hf_request_init(struct hf_request *request, void (*release)(struct hf_request *request))
{
	atomic_init(&request->state, HF_REQUEST_IDLE);
	request->release = release;
}

/* ---- the asker ---- */

/* Moves the request to ASKED; the caller then announces it to the answerer. `asker`, an hf_thread_waiter or the coordinator's hf_work_waiter, must
 * exist until the request is collected or left. NULL only with `release`. Never blocks. */
void hf_request_ask(struct hf_request *request, struct hf_waiter *asker);

/* True: it was answered, request->result is the answer, and the asker owns the request again, which is IDLE. Blocks at most for the instructions
 * between ANSWERING and ANSWERED. */
bool hf_request_collect(struct hf_request *request);

/* Called when the asker no longer wants the answer. True: it was answered before, and is collected as above. False: it was left; with `release` it is
 * gone, else it is IDLE. Without `release` this blocks while the request is taken, so the coordinator only leaves requests that have `release`. */
HF_MUST_CHECK bool hf_request_leave(struct hf_request *request);

/* Waits for the answer to a request that `thread` asked with its own waiter. 0: it was answered and collected. -HF_ETIMEDOUT, -HF_EINTR: it was left
 * (hf_request_leave), so with `release` it is gone. Owner thread only, in the kernel; blocks. */
HF_MUST_CHECK int hf_request_wait(struct hf_request *request, struct hf_thread *thread, uint64_t deadline);

/* Only waits: 0, -HF_ETIMEDOUT or -HF_EINTR; the request is neither collected nor left. */
HF_MUST_CHECK int hf__request_sleep(struct hf_request *request, struct hf_thread *thread, uint64_t deadline);

/* ---- the answerer: any thread; nothing here blocks ---- */

/* Whether a take would succeed now. Only for a request without `release`, or one that no asker can leave meanwhile. */
static inline bool hf_request_is_asked(struct hf_request *request)
{
	return atomic_load(&request->state) == HF_REQUEST_ASKED;
}

/* True: the caller owns the request now, and must answer it. False: its asker has left it, and the caller must not touch it again (with `release` it
 * was released here). Called at most once each time the request is announced. */
HF_MUST_CHECK bool hf_request_take(struct hf_request *request);

/* Called once after each take. Wakes the asker, or releases the request if the asker has left; the caller must not touch the request afterwards. */
void hf_request_answer(struct hf_request *request, int result);

#endif
