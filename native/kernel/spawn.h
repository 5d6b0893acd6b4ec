/* spawn.h - a guest's thread requests another thread of its process (wasi-threads' thread-spawn).
 *
 * Only the coordinator has workers, so this is a request to it (request.h), embedded in the requesting thread: at most one at a time. It has no
 * `release`: a thread that must stop withdraws it, unless the coordinator has already taken it. */
#ifndef HF_KERNEL_SPAWN_H
#define HF_KERNEL_SPAWN_H

#include "kernel/request.h"
#include "kernel/work.h"

struct hf_thread;

struct hf_spawn_request {
	struct hf_request base; /* the answer is the new thread's id, or an error */
	struct hf_work
		work; /* run by the coordinator, which takes and answers the request; may still be queued after the request is withdrawn */
	uint32_t argument; /* the asker's before ASKED */
};

/* Called once in the life of a thread block, by its owner. Without it every request is refused. */
void hf_spawn_request_init(struct hf_spawn_request *request, void (*run)(struct hf_work *work));

/* Blocks until the coordinator answers: the new thread's id, -HF_EAGAIN at a limit, -HF_ENOMEM; or -HF_EINTR when the thread must stop. -HF_ENOTSUP
 * if there is no coordinator. Owner thread only, in the kernel. */
HF_MUST_CHECK int hf_spawn_ask(struct hf_thread *thread, uint32_t argument);

#endif
