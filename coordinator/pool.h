/* pool.h - the compute workers: created ahead, reused, replaced. Coordinator thread only; nothing here blocks.
 *
 * STARTING -> IDLE -> RUNNING -> IDLE ...; any of them -> ZOMBIE (terminated, may still run for a while) -> freed. A
 * zombie's stack, thread-local storage and thread block stay untouched until the browser has released the lock that the
 * worker held for life. */
#ifndef HF_COORDINATOR_POOL_H
#define HF_COORDINATOR_POOL_H

#include "kernel/thread.h"
#include "platform/list.h"

enum hf_worker_state { HF_WORKER_STARTING, HF_WORKER_IDLE, HF_WORKER_RUNNING, HF_WORKER_ZOMBIE, HF_WORKER_STATES };

struct hf_worker {
	struct hf_link link;
	uint32_t id;
	enum hf_worker_state state;
	void *stack;
	void *tls;
	struct hf_thread thread;
};

/* How many to keep ready, and how many there may be, zombies not counted. */
void hf_pool_init(uint32_t min, uint32_t max);
/* An idle worker, now RUNNING, or NULL. */
struct hf_worker *hf_pool_take(void);
/* True if the limit leaves a worker for one more than `waiting` who wait already. */
bool hf_pool_may_serve(uint32_t waiting);
/* Starts workers until one is there, or on its way, for each of the `waiting`; false if there is no memory for that. */
bool hf_pool_want(uint32_t waiting);
struct hf_worker *hf_pool_of(struct hf_thread *thread);
/* Terminates the worker whatever it does. Its thread must not be in the kernel. */
void hf_pool_terminate(struct hf_worker *worker);
/* Makes up the number of workers that are kept ready. */
void hf_pool_refill(void);
uint32_t hf_pool_count(enum hf_worker_state state);

#endif
