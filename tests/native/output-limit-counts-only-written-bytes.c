/* A process with an output limit is ended by the first byte beyond it, once everything allowed has been written; bytes that another thread has
 * only requested do not count. */
#include "support/program.h"
#include "support/threads.h"

enum { LIMIT = 100 };

static struct program *program;
static bool came_back;

static uint32_t write_some(uint32_t fd, uint32_t size)
{
	poke_iov(program, 64, 1024, size);
	return hf_p1_fd_write(fd, 64, 1, 32);
}

static void count_output(uint32_t fd, uint32_t flags)
{
	struct hf_fd_view view;
	CHECK_OK(hf_fd_get(&program->process->fds, fd, 0, &view));
	view.file->counted = true;
	hf_fd_put(&view);
	CHECK_ERR(hf_p1_fd_fdstat_set_flags(fd, flags), 0);
}

/* Reserves bytes, like a write of another thread that has not returned yet. */
static void ask_for_all(uint64_t wanted, uint64_t granted)
{
	CHECK_EQ(hf_budget_take_some(&program->process->output, wanted), granted);
}

static void guest(void *context)
{
	(void)context;
	count_output(1, HF_FDFLAG_NONBLOCK);
	count_output(2, 0);
	ask_for_all(5000, LIMIT);
	CHECK_ERR(write_some(1, 1), HF_EAGAIN);
	hf_budget_give_back(&program->process->output, LIMIT);
	CHECK_ERR(write_some(1, 1), 0);
	/* A larger request gets the rest. */
	ask_for_all(50, 50);
	CHECK_ERR(write_some(1, 60), 0);
	CHECK_EQ(peek_u32(program, 32), LIMIT - 51);
	CHECK(!program->process->ending);
	hf_budget_give_back(&program->process->output, 50);
	CHECK_ERR(write_some(2, 50), 0);
	CHECK_EQ(peek_u32(program, 32), 50);
	CHECK(!program->process->ending);
	(void)write_some(2, 0);
	CHECK(!program->process->ending);
	(void)write_some(2, 1);
	came_back = true;
}

static void end_soon(void *context)
{
	(void)context;
	sleep_ms(30);
	hf_process_end(program->process, HF_EXIT_KILLED, 137, NULL, 0, NULL, 0);
}

static void wait_for_the_rest(void *context)
{
	(void)context;
	count_output(1, 0);
	ask_for_all(LIMIT, LIMIT);
	in_background(end_soon, NULL);
	(void)write_some(1, 1);
	came_back = true;
}

static void check(void (*run)(void *), enum hf_exit_reason reason, uint32_t written)
{
	char got[2 * LIMIT];
	program = program_begin();
	program->process->limits.output = LIMIT;
	hf_budget_init(&program->process->output, LIMIT);
	CHECK(program_run(program, run, NULL));
	CHECK(!came_back);
	CHECK_EQ(program->process->reason, reason);
	CHECK_EQ(program_take(program, 1, got, sizeof got) + program_take(program, 2, got, sizeof got), written);
	program_end(program);
}

int main(void)
{
	check(guest, HF_EXIT_LIMIT, LIMIT);
	check(wait_for_the_rest, HF_EXIT_KILLED, 0);
	return done();
}
