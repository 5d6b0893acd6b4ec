/* proc_exit never returns to the guest, and sets the process's exit code, as does a fatal signal; a plain return gives code 0. */
#include "platform/native.h"
#include "support/program.h"

static bool came_back;

static void exit_with_3(void *context)
{
	(void)context;
	hf_p1_proc_exit(3);
	came_back = true;
}

static void exit_with_most(void *context)
{
	(void)context;
	hf_p1_proc_exit(UINT32_MAX);
	came_back = true;
}

static void abort_by_signal(void *context)
{
	(void)context;
	CHECK_ERR(hf_p1_proc_raise(16), 0);
	(void)hf_p1_proc_raise(6);
	came_back = true;
}

static void just_return(void *context)
{
	(void)context;
	CHECK_ERR(hf_p1_sched_yield(), 0);
}

/* The clean-up code of a C++ or Rust program runs while it unwinds, and may call the kernel. */
static void exit_and_clean_up(void *context)
{
	struct program *program = context;
	CHECK_EQ(hf_native_enter(exit_with_3, NULL), 1);
	poke_iov(program, 64, 128, 4);
	(void)hf_p1_fd_write(1, 64, 1, 32);
	came_back = true;
}

static void check(void (*guest)(void *), bool unwinds, enum hf_exit_reason reason, uint32_t code)
{
	struct program *program = program_begin();
	CHECK_EQ(program_run(program, guest, program), unwinds);
	CHECK(!came_back);
	CHECK_EQ(program->process->reason, reason);
	CHECK_EQ(program->process->code, code);
	CHECK(hf_process_is_dead(program->process));
	program_end(program);
	CHECK_EQ(hf_work_drain(), 0);
}

int main(void)
{
	check(exit_with_3, true, HF_EXIT_EXIT, 3);
	check(exit_with_most, true, HF_EXIT_EXIT, UINT32_MAX);
	check(abort_by_signal, true, HF_EXIT_KILLED, 134);
	check(just_return, false, HF_EXIT_EXIT, 0);
	check(exit_and_clean_up, true, HF_EXIT_EXIT, 3);
	return done();
}
