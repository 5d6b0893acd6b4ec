/* If the process's only thread ends it, the coordinator is notified once, when that thread is gone. Otherwise it is notified twice: at the order, so
 * that it can claim computing threads, and when all threads are gone. Once the process is dead, nothing is posted. */
#include "support/threads.h"

#include <stdlib.h>

static unsigned told;

static void count(struct hf_work *work)
{
	(void)work;
	told++;
}

static unsigned drain(void)
{
	told = 0;
	(void)hf_work_drain();
	return told;
}

static void end(struct hf_process *process)
{
	hf_process_end(process, HF_EXIT_EXIT, 3, NULL, 0, NULL, 0);
}

static void gone(struct hf_thread *thread)
{
	hf_process_thread_gone(thread);
	free(thread);
}

static void check_alone(void)
{
	struct hf_process *process = process_begin(count);
	hf_thread_become(thread_begin_in(process, 1));
	end(process);
	CHECK_EQ(drain(), 0);
	gone(hf_self);
	CHECK_EQ(drain(), 1);
	hf_thread_become(NULL);
	hf_process_unref(process);
}

static void check_from_outside(void)
{
	struct hf_process *process = process_begin(count);
	struct hf_thread *thread = thread_begin_in(process, 1);
	end(process);
	CHECK_EQ(drain(), 1);
	end(process);
	CHECK_EQ(drain(), 0);
	gone(thread);
	CHECK_EQ(drain(), 1);
	hf_process_unref(process);
}

static void check_by_one_of_two(void)
{
	struct hf_process *process = process_begin(count);
	struct hf_thread *other = thread_begin_in(process, 1);
	hf_thread_become(thread_begin_in(process, 2));
	end(process);
	CHECK_EQ(drain(), 1);
	gone(hf_self);
	CHECK_EQ(drain(), 0);
	gone(other);
	CHECK_EQ(drain(), 1);
	hf_thread_become(NULL);
	hf_process_unref(process);
}

/* Once a process is dead, any thread may free it: the last thread posts nothing more, although it still holds its reference. */
static struct hf_process *short_lived;
static hf_word go;

static void race(void *context, unsigned number)
{
	(void)context;
	while (!atomic_load(&go))
		hf_plat_relax();
	if (number == 0) {
		gone(hf_self);
		return;
	}
	while (!hf_process_is_dead(short_lived))
		hf_plat_relax();
	(void)hf_work_cancel(&short_lived->ended);
	short_lived->ended.run = NULL; /* must not run any more */
	hf_process_unref(short_lived);
}

static void race_as_thread(void *context, unsigned number)
{
	if (number == 0)
		hf_thread_become(*(struct hf_thread **)context);
	race(context, number);
	hf_thread_become(NULL);
}

static void check_forgetting(void)
{
	for (int i = 0; i < 2000; i++) {
		short_lived = process_begin(count);
		struct hf_thread *thread = thread_begin_in(short_lived, 1);
		end(short_lived);
		CHECK_EQ(drain(), 1);
		atomic_store(&go, 1);
		in_threads(2, race_as_thread, &thread);
		CHECK_EQ(drain(), 0);
	}
}

int main(void)
{
	check_alone();
	check_from_outside();
	check_by_one_of_two();
	check_forgetting();
	return done();
}
