/* A reader gets every byte that was written, then the end of file on each further read; a writer without readers gets EPIPE. */
#include "support/pipes.h"

static void check_end(void)
{
	struct hf_pipe *pipe = pipe_begin(0);
	char buffer[8];
	CHECK_ERR(p_try_read(pipe, buffer, 8, NULL), -HF_EAGAIN);
	hf_pipe_hold_writer(pipe);
	CHECK_EQ(p_try_write(pipe, "last", 4, NULL), 4);
	hf_pipe_drop_writer(pipe);
	CHECK_EQ(p_try_read(pipe, buffer, 2, NULL), 2);
	hf_pipe_drop_writer(pipe); /* the last one */
	CHECK_EQ(p_try_read(pipe, buffer + 2, 8, NULL), 2);
	CHECK_BYTES(buffer, "last", 4);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(p_try_read(pipe, buffer, 8, NULL), 0);
		CHECK_EQ(p_read(pipe, buffer, 8, false), 0);
		CHECK_EQ(p_read(pipe, buffer, 8, true), 0);
	}
	hf_pipe_drop_reader(pipe);
}

static void check_broken(void)
{
	struct hf_pipe *pipe = pipe_begin(0);
	CHECK_EQ(p_try_write(pipe, "lost", 4, NULL), 4);
	hf_pipe_drop_reader(pipe);
	CHECK_ERR(p_try_write(pipe, "x", 1, NULL), -HF_EPIPE);
	CHECK_ERR(p_try_put(pipe, "x", 1, NULL), -HF_EPIPE);
	CHECK_ERR(p_write(pipe, "x", 1, false), -HF_EPIPE);
	CHECK_ERR(p_write(pipe, "x", 1, true), -HF_EPIPE);
	/* Even an empty write fails, as on Linux. */
	CHECK_EQ(p_write(pipe, "", 0, false), 0);
	hf_pipe_drop_writer(pipe);
}

/* Nothing moves, and the call does not wait. */
static void check_nothing(void)
{
	static char full[4096];
	struct hf_pipe *pipe = pipe_begin(4096);
	CHECK_EQ(p_read(pipe, full, 0, false), 0);
	CHECK_EQ(p_write(pipe, full, sizeof full, false), sizeof full);
	CHECK_EQ(p_write(pipe, full, 0, false), 0);
	pipe_end(pipe);
}

int main(void)
{
	struct hf_thread *thread = thread_begin();
	check_end();
	check_broken();
	check_nothing();
	thread_end(thread);
	return done();
}
