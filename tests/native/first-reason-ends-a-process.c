/* The first reason for a process's end is kept, with its code and text; later ones are ignored. */
#include "support/threads.h"

#include <stdlib.h>
#include <string.h>

static unsigned told;

static void count(struct hf_work *work)
{
	(void)work;
	told++;
}

static void check_first(void)
{
	struct hf_process *process = process_begin(count);
	struct hf_thread *thread = thread_begin_in(process, 1);
	CHECK_EQ(process->reason, HF_EXIT_NONE);
	hf_process_end(process, HF_EXIT_TRAP, 134, "unreachable", 11, "main", 4);
	hf_process_end(process, HF_EXIT_KILLED, 137, "too late", 8, NULL, 0);
	hf_process_end(process, HF_EXIT_EXIT, 0, NULL, 0, NULL, 0);
	CHECK_EQ(process->reason, HF_EXIT_TRAP);
	CHECK_EQ(process->code, 134);
	CHECK(process->message_size == 11 && memcmp(process->message, "unreachable", 11) == 0);
	CHECK(process->stack_size == 4 && memcmp(process->stack, "main", 4) == 0);
	CHECK(!hf_process_is_dead(process));
	CHECK_EQ(atomic_load(&thread->orders), 1);
	hf_door_return(thread);
	hf_process_thread_gone(thread);
	CHECK(hf_process_is_dead(process));
	hf_process_end(process, HF_EXIT_KILLED, 137, "too late", 8, NULL, 0);
	CHECK_EQ(process->reason, HF_EXIT_TRAP);
	(void)hf_work_drain();
	hf_process_unref(process);
	free(thread);
}

/* Many at once: exactly one wins, with its own text. */
static struct hf_process *contested;

static void end(void *context, unsigned number)
{
	(void)context;
	char message[100];
	memset(message, 'a' + (int)number, sizeof message);
	hf_process_end(contested, HF_EXIT_TRAP, number, message, sizeof message, message, number);
}

static void check_contest(void)
{
	for (int i = 0; i < 200; i++) {
		contested = process_begin(count);
		in_threads(4, end, NULL);
		CHECK(contested->code < 4);
		for (int j = 0; j < 100; j++)
			CHECK_EQ(contested->message[j], 'a' + (int)contested->code);
		CHECK_EQ(contested->stack_size, contested->code);
		told = 0;
		(void)hf_work_drain();
		CHECK_EQ(told, 1);
		CHECK(hf_process_is_dead(contested));
		hf_process_unref(contested);
	}
}

int main(void)
{
	check_first();
	check_contest();
	return done();
}
