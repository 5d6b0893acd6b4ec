/* A process that has ended, or is already traced, does not accept a pipe for a trace: the pipe's reader sees the end of file, and nothing is leaked. */
#include "support/pipes.h"

static void nothing(struct hf_work *work)
{
	(void)work;
}

static void expect_end(struct hf_pipe *pipe)
{
	char byte;
	CHECK_EQ(p_try_read(pipe, &byte, 1, NULL), 0);
	hf_pipe_drop_reader(pipe);
}

int main(void)
{
	struct hf_process *process = process_begin(nothing);
	struct hf_pipe *first = pipe_begin(0), *second = pipe_begin(0), *late = pipe_begin(0);
	char byte;
	hf_process_trace(process, true, first);
	hf_process_trace(process, true, second);
	expect_end(second);
	CHECK_ERR(p_try_read(first, &byte, 1, NULL), -HF_EAGAIN);
	hf_process_end(process, HF_EXIT_KILLED, 137, NULL, 0, NULL, 0);
	CHECK(hf_process_is_dead(process));
	expect_end(first);
	hf_process_trace(process, true, late);
	expect_end(late);
	(void)hf_work_cancel(&process->ended);
	hf_process_unref(process);
	return done();
}
