/* A nonblocking call moves as much as possible, and returns EAGAIN if that is nothing. A small write is written whole or not at all. */
#include "support/pipes.h"

static char big[20000];

int main(void)
{
	struct hf_thread *thread = thread_begin();
	struct hf_pipe *pipe = pipe_begin(8192);
	CHECK_ERR(p_read(pipe, big, 1, true), -HF_EAGAIN);
	/* If more is written than fits, a part is written. */
	CHECK_EQ(p_write(pipe, big, sizeof big, true), 8192);
	CHECK_ERR(p_write(pipe, big, 1, true), -HF_EAGAIN);
	CHECK_ERR(p_write(pipe, big, sizeof big, true), -HF_EAGAIN);
	CHECK_EQ(p_read(pipe, big, 100, true), 100);
	/* Up to HF_PIPE_BUF bytes, a write is all or nothing. Beyond that, a part is written. The coordinator may always write a part. */
	CHECK_ERR(p_write(pipe, big, 101, true), -HF_EAGAIN);
	CHECK_ERR(p_write(pipe, big, HF_PIPE_BUF, true), -HF_EAGAIN);
	CHECK_EQ(p_write(pipe, big, 60, true), 60);
	CHECK_EQ(p_write(pipe, big, HF_PIPE_BUF + 1, true), 40);
	CHECK_EQ(p_read(pipe, big, 10, true), 10);
	CHECK_EQ(p_try_put(pipe, big, 4000, NULL), 10);
	CHECK_ERR(p_try_put(pipe, big, 4000, NULL), -HF_EAGAIN);
	CHECK_EQ(p_read(pipe, big, sizeof big, true), 8192);
	CHECK_ERR(p_read(pipe, big, 1, true), -HF_EAGAIN);
	CHECK_EQ(hf_counter_read(&thread->parks), 0);
	pipe_end(pipe);
	thread_end(thread);
	return done();
}
