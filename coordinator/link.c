/* link.c - a guest's thread calls an export of another guest, or serves such calls: what JavaScript (worker/links.ts) needs for it of the kernel.
 *
 * A call is a record in a pipe, and so is its answer; the page made the pipes and holds them as long as either side may use them. So a thread waits here
 * as it does for any pipe: it spins first, it can be stopped and paused, and it is woken when the other side is gone. */
#include <holdfast/exports.h>

#include "kernel/file.h"

static int32_t move(struct hf_pipe *pipe, bool write, void *buffer, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, buffer, size);
	int result = (write ? hf_pipe_write : hf_pipe_read)(pipe, hf_self, &uio, false);
	return result < 0 ? result : (int32_t)(size - uio.resid);
}

/* Writes the bytes to `out`, then reads up to `room` bytes from `in_pipe`; either may be NULL. How many were read, 0 at the end of the file; without
 * `in_pipe`, how many were written; -HF_EPIPE, and nothing was read. Blocks, or unwinds. The buffer is the kernel's. */
int32_t hf_w_exchange(struct hf_pipe *out, uint32_t size, struct hf_pipe *in_pipe, uint32_t room, void *buffer)
{
	int32_t result = 0;
	hf_plat_check_stack();
	hf_door_enter(hf_self);
	if (out)
		result = move(out, true, buffer, size);
	if (in_pipe && result >= 0)
		result = move(in_pipe, false, buffer, room);
	hf_door_leave(hf_self);
	return result;
}
