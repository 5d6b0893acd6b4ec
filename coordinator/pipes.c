/* pipes.c - pipes between programs. The page makes them and holds both ends until it lets go of them; no byte of them passes through it. From
 * JavaScript, coordinator thread only; nothing here blocks. */
#include <holdfast/exports.h>

#include "kernel/file.h"

/* `messages`: it is a channel for so many; 0: bytes. 0: there is no memory for it. */
struct hf_pipe *hf_c_pipe(uint32_t size, uint32_t messages)
{
	struct hf_pipe *pipe;
	int result = messages ? hf_pipe_create_channel(messages, size, &pipe) : hf_pipe_create(size, &pipe);
	return result < 0 ? NULL : pipe;
}

/* The page lets go of an end that it holds: enum hf_access. 0: of none, but the pipe is ended for both sides. */
void hf_c_pipe_close(struct hf_pipe *pipe, uint32_t end)
{
	if (end)
		hf_pipe_drop_end(pipe, end);
	else
		(void)hf_pipe_end(pipe);
}
