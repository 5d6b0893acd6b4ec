/* pool.h - the compute workers, which are created in advance, reused, and replaced. Coordinator thread only; nothing here blocks.
 *
 * STARTING -> IDLE -> RUNNING -> IDLE ...; any of them -> ZOMBIE (terminated, may still run for a while) -> freed. A
 * worker that is still STARTING may be given work, because its messages wait for it. A zombie's stack, thread-local
 * storage and thread block stay untouched until the browser has released the lock that the worker held for life. */
#ifndef HF_COORDINATOR_POOL_H
#define HF_COORDINATOR_POOL_H

#include <holdfast/layouts.h>

#include "kernel/thread.h"
#include "platform/list.h"

struct hf_worker {
	struct hf_link link;
	uint32_t id;
	enum hf_worker_state state;
	bool booted;      /* it has reported that it is up; it may be RUNNING before that */
	uint32_t pid;     /* the process whose thread it runs or ran last; 0: none */
	uint32_t session; /* that process's session, until the worker is free or truly dead; 0: none */
	bool session_ended;
	uint32_t runs;       /* processes it has run since it last collected its garbage: each may have left a memory */
	uint64_t idle_since; /* on the monotonic clock */
	void *stack;
	void *tls;
	struct hf_thread thread;
};

/* `min`: how many workers to keep ready. `max`: how many there may be, not counting zombies. */
void hf_pool_init(uint32_t min, uint32_t max);
/* Takes a worker for a thread of the process (0: a new process) and makes it RUNNING: an idle worker, one that is starting, or a new one. Returns -HF_EAGAIN
 * when all are busy and there are `max` of them, or -HF_ENOMEM. */
HF_MUST_CHECK int hf_pool_take(uint32_t pid, struct hf_worker **out);
/* Whether there is a worker to take, or room for one. */
bool hf_pool_may_take(void);
/* Whether as many threads of the process as there are cores have a worker but have not begun. Another one would only delay them and all other programs. */
bool hf_pool_starts_enough(uint32_t pid);
/* Whether a worker is about to be free: its thread has left its process, or has the order to stop. */
bool hf_pool_one_is_leaving(void);
/* Gives back a worker that was taken and not used. */
void hf_pool_put_back(struct hf_worker *worker);
struct hf_worker *hf_pool_of(struct hf_thread *thread);
/* Call when the session's process has ended: calls js_released once all workers that ran it are free or truly dead. */
void hf_pool_session_ended(uint32_t session);
/* Terminates the worker even while it runs a guest. Its thread must not be in the kernel. */
void hf_pool_terminate(struct hf_worker *worker);
/* Creates workers until enough are ready. */
void hf_pool_refill(void);
uint32_t hf_pool_count(enum hf_worker_state state);

/* ---- functions that the pool calls, in session.c and waiting.c ---- */

/* Called when a guest's thread requests another thread (kernel/spawn.h). `work` belongs to the request. */
void hf_pool_on_request(struct hf_work *work);
/* Called when a worker has become free, or another one may be created (waiting.c). */
void hf_pool_on_free(void);
/* Called when a RUNNING worker ended without being terminated. */
void hf_pool_on_crash(struct hf_worker *worker);

#endif
