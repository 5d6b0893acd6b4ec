/* A process accepts threads up to its limit, and none once it is ending; a process without threads ends at once. */
#include "support/threads.h"

#include <stdlib.h>

static unsigned told;

static void count(struct hf_work *work)
{
	(void)work;
	told++;
}

static void check_limit(void)
{
	static const struct hf_strings none;
	static struct hf_thread threads[3];
	struct hf_limits limits = hf_default_limits;
	struct hf_process *process;
	limits.threads = 2;
	CHECK_OK(hf_process_create(1, &none, &none, &limits, count, &process));
	CHECK_OK(hf_process_add_thread(process, &threads[0], 1));
	CHECK(!process->fds.shared);
	CHECK_OK(hf_process_add_thread(process, &threads[1], 2));
	CHECK_ERR(hf_process_add_thread(process, &threads[2], 3), -HF_EAGAIN);
	hf_process_thread_gone(&threads[0]);
	CHECK_OK(hf_process_add_thread(process, &threads[2], 3));
	hf_process_end(process, HF_EXIT_EXIT, 0, NULL, 0, NULL, 0);
	CHECK_ERR(hf_process_add_thread(process, &threads[0], 1), -HF_ESRCH);
	hf_process_thread_gone(&threads[1]);
	hf_process_thread_gone(&threads[2]);
	CHECK(hf_process_is_dead(process));
	(void)hf_work_drain();
	hf_process_unref(process);
}

static void check_without(void)
{
	static struct hf_thread thread;
	struct hf_process *process = process_begin(count);
	told = 0;
	hf_process_end(process, HF_EXIT_KILLED, 137, "killed", 6, NULL, 0);
	CHECK(hf_process_is_dead(process));
	CHECK_ERR(hf_process_add_thread(process, &thread, 1), -HF_ESRCH);
	CHECK_EQ(hf_work_drain(), 1);
	CHECK_EQ(told, 1);
	hf_process_end(process, HF_EXIT_KILLED, 137, "killed", 6, NULL, 0);
	CHECK_EQ(hf_work_drain(), 0);
	hf_process_unref(process);
}

int main(void)
{
	check_limit();
	check_without();
	return done();
}
