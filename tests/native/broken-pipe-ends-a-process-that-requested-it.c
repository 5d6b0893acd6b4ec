/* A write without a reader fails with EPIPE. A process that requested it is ended instead, even if the reader closes in the middle of the write. */
#include "support/program.h"
#include "support/threads.h"

#include "kernel/pipe.h"

static struct program *program;
static bool came_back;

static uint32_t write_some(uint32_t size)
{
	poke_iov(program, 64, 1024, size);
	return hf_p1_fd_write(1, 64, 1, 32);
}

static void set_ends_unread(void)
{
	struct hf_fd_view view;
	CHECK_OK(hf_fd_get(&program->process->fds, 1, 0, &view));
	view.file->ends_unread = true;
	hf_fd_put(&view);
}

static void gets_epipe(void *context)
{
	(void)context;
	program_close(program, 1);
	CHECK_ERR(write_some(0), 0);
	CHECK_ERR(write_some(1), HF_EPIPE);
	came_back = true;
}

static void is_ended(void *context)
{
	(void)context;
	set_ends_unread();
	CHECK_ERR(write_some(10), 0);
	program_close(program, 1);
	CHECK_ERR(write_some(0), 0);
	(void)write_some(1);
	came_back = true;
}

static void close_soon(void *context)
{
	(void)context;
	sleep_ms(30);
	program_close(program, 1);
}

static void is_ended_while_it_writes(void *context)
{
	(void)context;
	set_ends_unread();
	in_background(close_soon, NULL);
	(void)write_some(HF_PIPE_SIZE + 1000);
	came_back = true;
}

/* A full pipe is not a broken one. */
static void is_full(void *context)
{
	(void)context;
	set_ends_unread();
	CHECK_ERR(hf_p1_fd_fdstat_set_flags(1, HF_FDFLAG_NONBLOCK), 0);
	CHECK_ERR(write_some(HF_PIPE_SIZE + 1000), 0);
	CHECK_EQ(peek_u32(program, 32), HF_PIPE_SIZE);
	CHECK_ERR(write_some(1), HF_EAGAIN);
	came_back = true;
}

static void check(void (*run)(void *), bool ended)
{
	came_back = false;
	program = program_begin();
	CHECK_EQ(program_run(program, run, NULL), ended);
	CHECK_EQ(came_back, !ended);
	if (ended) {
		CHECK_EQ(program->process->reason, HF_EXIT_KILLED);
		CHECK_EQ(program->process->code, 141);
	}
	program_end(program);
}

int main(void)
{
	check(gets_epipe, false);
	check(is_ended, true);
	check(is_ended_while_it_writes, true);
	check(is_full, false);
	return done();
}
