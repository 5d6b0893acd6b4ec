/* pipes.c - pipes between programs. The page creates them and holds both ends until it releases them; their bytes do not pass through the page. Called
 * from JavaScript on the coordinator's thread only; nothing here blocks. */
#include <holdfast/exports.h>

#include "kernel/file.h"

/* `messages`: the capacity of a channel, or 0 for a byte pipe. Returns NULL if there is no memory. */
struct hf_pipe *hf_c_pipe(uint32_t size, uint32_t messages)
{
	struct hf_pipe *pipe;
	int result = messages ? hf_pipe_create_channel(messages, size, &pipe) : hf_pipe_create(size, &pipe);
	return result < 0 ? NULL : pipe;
}

/* Releases the page's hold on an end (enum hf_access). With `end` 0 it releases nothing, but ends the pipe for both sides. */
void hf_c_pipe_close(struct hf_pipe *pipe, uint32_t end)
{
	if (end)
		hf_pipe_drop_end(pipe, end);
	else
		(void)hf_pipe_end(pipe);
}
