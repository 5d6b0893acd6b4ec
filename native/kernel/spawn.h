/* spawn.h - a guest's thread requests another thread of its process (wasi-threads' thread-spawn).
 *
 * Only the coordinator has workers, so this is a request to it, embedded in the requesting thread: at most one at a time, answered exactly once. A
 * thread that must stop withdraws its request, unless the coordinator has already taken it: then the answer is moments away and the thread waits for
 * it. */
#ifndef HF_KERNEL_SPAWN_H
#define HF_KERNEL_SPAWN_H

#include "kernel/work.h"

struct hf_thread;

enum hf_spawn_state { HF_SPAWN_NONE, HF_SPAWN_ASKED, HF_SPAWN_TAKEN, HF_SPAWN_ANSWERED };

struct hf_spawn_request {
	struct hf_work work; /* run by the coordinator */
	hf_word state;       /* enum hf_spawn_state */
	/* Written by the asker before ASKED, by the coordinator before ANSWERED. */
	uint32_t argument;
	int result;
};

/* Once in the life of a thread block, by its owner. Without it every request is refused. */
void hf_spawn_request_init(struct hf_spawn_request *request, void (*run)(struct hf_work *work));

/* Owner thread only, in the kernel. Blocks until the coordinator answers: the new thread's id, -HF_EAGAIN at a limit, -HF_ENOMEM; or -HF_EINTR when
 * it must stop. -HF_ENOTSUP where there is no coordinator. */
HF_MUST_CHECK int hf_spawn_ask(struct hf_thread *thread, uint32_t argument);

/* Coordinator only. False: the request was withdrawn, and its thread may be gone. */
bool hf_spawn_request_is_asked(struct hf_spawn_request *request);
/* The same, and from now on it cannot be withdrawn. */
bool hf_spawn_request_take(struct hf_spawn_request *request);
/* Coordinator only, once, after a take. */
void hf_spawn_request_answer(struct hf_thread *thread, int result);

#endif
