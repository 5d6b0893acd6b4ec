/* pipes.h - reads and writes pipes with kernel buffers. Each function returns the number of bytes moved, or a negated error number. */
#ifndef HF_TEST_PIPES_H
#define HF_TEST_PIPES_H

#include "kernel/pipe.h"
#include "support/threads.h"

struct hf_pipe *pipe_begin(uint32_t size);
/* Drops a hold on each end. */
void pipe_end(struct hf_pipe *pipe);

int p_try_read(struct hf_pipe *pipe, void *buffer, uint32_t size, struct hf_waiter *waiter);
int p_try_write(struct hf_pipe *pipe, const void *bytes, uint32_t size, struct hf_waiter *waiter);
int p_try_put(struct hf_pipe *pipe, const void *bytes, uint32_t size, struct hf_waiter *waiter);
/* These run as hf_self. */
int p_read(struct hf_pipe *pipe, void *buffer, uint32_t size, bool nonblock);
int p_write(struct hf_pipe *pipe, const void *bytes, uint32_t size, bool nonblock);

/* A waiter that counts its wake-ups. */
struct counting_waiter {
	struct hf_waiter waiter;
	_Atomic unsigned woken;
};
void counting_waiter_init(struct counting_waiter *waiter);

#endif
