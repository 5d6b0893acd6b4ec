/* A process's open files are closed when its last thread has left, not before; then the process is dead, and its thread blocks no longer belong to it. */
#include "support/pipes.h"

#include <stdlib.h>

static unsigned told;

static void count(struct hf_work *work)
{
	(void)work;
	told++;
}

static void leave(struct hf_thread *thread)
{
	hf_door_return(thread);
	hf_process_thread_gone(thread);
	CHECK(!thread->process);
	free(thread);
}

int main(void)
{
	struct hf_process *process = process_begin(count);
	struct hf_pipe *pipe = pipe_begin(0);
	struct hf_file *file;
	bool hangup;
	CHECK_OK(hf_file_open_pipe(pipe, HF_WRITE, HF_FILETYPE_UNKNOWN, &file));
	CHECK_EQ(hf_fd_insert(&process->fds, file, HF_RIGHTS_ALL, 0), 0);
	struct hf_thread *threads[3];
	for (uint32_t i = 0; i < 3; i++)
		threads[i] = thread_begin_in(process, i + 1);
	CHECK(process->fds.shared);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(hf_pipe_poll_read(pipe, NULL, &hangup), 0);
		CHECK(!hangup && !hf_process_is_dead(process));
		leave(threads[i]);
	}
	CHECK(hf_process_is_dead(process));
	CHECK_EQ(hf_pipe_poll_read(pipe, NULL, &hangup), 0);
	CHECK(hangup);
	CHECK_EQ(hf_fd_count(&process->fds), 0);
	CHECK_EQ(hf_work_drain(), 1);
	CHECK_EQ(told, 1);
	hf_process_unref(process);
	hf_pipe_drop_reader(pipe);
	return done();
}
