/* hf_pipe_peek: the bytes stay, also across the ring's end; it returns as many as are there, or, with `whole`, as many
 * as are requested and fit. */
#include <string.h>

#include "support/pipes.h"

static struct hf_pipe *pipe;
static char buffer[8192];
static hf_word there;

static int peek(uint32_t size, bool nonblock, bool whole)
{
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, buffer, size);
	int result = hf_pipe_peek(pipe, hf_self, &uio, nonblock, whole);
	return result < 0 ? result : (int)(size - uio.resid);
}

static void peek_or_write(void *context, unsigned number)
{
	struct hf_thread **peeker = context;
	if (number == 0) {
		*peeker = thread_begin();
		atomic_store(&there, 1);
		/* More than the ring holds: waits only until it is full. */
		CHECK_EQ(peek(sizeof buffer, false, true), 4096);
		return;
	}
	while (!atomic_load(&there))
		hf_plat_yield();
	for (int i = 0; i < 4; i++) {
		until_parked(*peeker);
		CHECK_EQ(p_try_put(pipe, buffer, 1024, NULL), 1024);
	}
}

int main(void)
{
	struct hf_thread *self = thread_begin(), *peeker;
	pipe = pipe_begin(4096);
	CHECK_ERR(peek(1, true, false), -HF_EAGAIN);
	CHECK_EQ(peek(0, false, false), 0);
	CHECK_EQ(p_try_put(pipe, buffer, 4000, NULL), 4000);
	CHECK_EQ(p_try_read(pipe, buffer, 4000, NULL), 4000);
	char text[200];
	for (int i = 0; i < 200; i++)
		text[i] = (char)i;
	CHECK_EQ(p_try_put(pipe, text, 200, NULL), 200); /* 96 before the ring's end, the rest at its start */
	for (int i = 0; i < 2; i++) {
		memset(buffer, 0, sizeof buffer);
		CHECK_EQ(peek(sizeof buffer, false, false), 200);
		CHECK_BYTES(buffer, text, 200);
	}
	CHECK_EQ(peek(50, false, true), 50);
	CHECK_EQ(peek(sizeof buffer, true, true), 200); /* without blocking: what is there */
	CHECK_EQ(p_try_read(pipe, buffer, sizeof buffer, NULL), 200);
	CHECK_BYTES(buffer, text, 200);
	thread_end(self);

	in_threads(2, peek_or_write, &peeker);
	thread_end(peeker);

	/* At the end of the file there is nothing to wait for. */
	self = thread_begin();
	(void)hf_pipe_end(pipe);
	CHECK_EQ(peek(sizeof buffer, false, true), 4096);
	CHECK_EQ(p_try_read(pipe, buffer, 4095, NULL), 4095);
	CHECK_EQ(peek(100, false, true), 1);
	CHECK_EQ(p_try_read(pipe, buffer, 100, NULL), 1);
	CHECK_EQ(peek(100, false, true), 0);
	pipe_end(pipe);
	thread_end(self);
	return done();
}
