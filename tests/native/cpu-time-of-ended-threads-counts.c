/* A process's CPU time includes that of threads that have ended. */
#include "support/threads.h"

#include <stdlib.h>

#define USED (5 * MILLISECOND)

int main(void)
{
	struct hf_process *process = process_begin(NULL);
	struct hf_thread *stays = thread_begin_in(process, 1), *goes = thread_begin_in(process, 2);
	while (hf_thread_cpu_time(goes) < USED)
		hf_plat_relax();
	hf_process_thread_gone(goes);
	free(goes);
	/* The remaining thread's time alone would be half of it. */
	CHECK(hf_process_cpu_time(process) >= hf_thread_cpu_time(stays) + USED - MILLISECOND);
	hf_process_thread_gone(stays);
	free(stays);
	CHECK(hf_process_cpu_time(process) >= 2 * USED - MILLISECOND);
	hf_process_end(process, HF_EXIT_EXIT, 0, NULL, 0, NULL, 0);
	(void)hf_work_cancel(&process->ended);
	hf_process_unref(process);
	return done();
}
