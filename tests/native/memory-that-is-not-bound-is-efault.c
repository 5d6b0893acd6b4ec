/* A module's start function may call the kernel before the host has its memory: pointers are EFAULT then, and the rest works. */
#include "support/program.h"

static void guest(void *context)
{
	(void)context;
	CHECK_ERR(hf_p1_clock_time_get(1, 0, 0), HF_EFAULT);
	CHECK_ERR(hf_p1_args_sizes_get(0, 4), HF_EFAULT);
	CHECK_ERR(hf_p1_fd_write(1, 0, 1, 0), HF_EFAULT);
	CHECK_ERR(hf_p1_path_unlink_file(3, 0, 1), HF_EFAULT);
	CHECK_ERR(hf_p1_poll_oneoff(0, 0, 1, 0), HF_EFAULT);
	CHECK_ERR(hf_p1_random_get(0, 1), HF_EFAULT);
	CHECK_ERR(hf_p1_sched_yield(), 0);
	CHECK_ERR(hf_p1_fd_close(2), 0);
	hf_p1_proc_exit(9);
}

int main(void)
{
	struct program *program = program_begin();
	struct hf_process *process = program->process;
	/* As after hf_process_add_thread. */
	hf_thread_init(program->thread, process, 1);
	hf_list_init(&process->threads);
	hf_list_append(&process->threads, &program->thread->in_process);
	CHECK(program_run(program, guest, NULL));
	CHECK_EQ(process->code, 9);
	program_end(program);
	return done();
}
