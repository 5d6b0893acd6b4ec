/* link.c - the functions that the module for calls between guests (native/links) needs from the kernel. Its thread has already passed the door. */
#include <holdfast/exports.h>

#include "kernel/pipe.h"
#include "kernel/thread.h"

int32_t hf_w_park(uint32_t ticket)
{
	return hf_park(hf_self, ticket, HF_FOREVER, HF_PARK_AT_ONCE);
}

uint32_t hf_w_may_spin(uint32_t woken)
{
	return hf_thread_may_spin(woken);
}

int32_t hf_w_move(struct hf_pipe *pipe, uint32_t how, uint32_t at, uint32_t size)
{
	return hf_pipe_move(pipe, how, at, size);
}
