#include "support/threads.h"

#include "platform/native.h"

#include <pthread.h>
#include <stdlib.h>

struct hf_thread *thread_begin(void)
{
	struct hf_thread *thread = calloc(1, sizeof *thread);
	CHECK(thread);
	hf_thread_init(thread, NULL, 1);
	hf__thread_counted(+1);
	hf_thread_become(thread);
	return thread;
}

void thread_end(struct hf_thread *thread)
{
	hf__thread_counted(-1);
	hf_thread_become(NULL);
	free(thread);
}

struct hf_thread *thread_begin_in(struct hf_process *process, uint32_t tid)
{
	struct hf_thread *thread = calloc(1, sizeof *thread);
	CHECK(thread);
	CHECK_OK(hf_process_add_thread(process, thread, tid));
	return thread;
}

static bool enter(struct hf_thread *thread, void (*guest)(void *), void *context)
{
	hf_thread_become(thread);
	bool unwound = hf_native_enter(guest, context);
	hf_door_return(thread);
	return unwound;
}

static void leave(struct hf_thread *thread)
{
	hf_process_thread_gone(thread);
	hf_thread_become(NULL);
	free(thread);
}

bool thread_run(struct hf_thread *thread, void (*guest)(void *), void *context)
{
	bool unwound = enter(thread, guest, context);
	hf_process_end(thread->process, HF_EXIT_EXIT, 0, NULL, 0, NULL, 0);
	leave(thread);
	return unwound;
}

bool thread_run_further(struct hf_thread *thread, void (*guest)(void *), void *context)
{
	bool unwound = enter(thread, guest, context);
	leave(thread);
	return unwound;
}

static void sleep_ns(uint64_t length)
{
	hf_word never = 0;
	uint64_t until = hf_plat_monotonic() + length;
	while (hf_plat_wait(&never, 0, until) == 0)
		;
}

void sleep_us(unsigned microseconds)
{
	sleep_ns(microseconds * UINT64_C(1000));
}

void sleep_ms(unsigned milliseconds)
{
	sleep_ns(milliseconds * MILLISECOND);
}

void until_parked(struct hf_thread *thread)
{
	while (!atomic_load(&thread->parked))
		sleep_ns(MILLISECOND / 10);
	sleep_ms(1); /* it announces this shortly before */
}

struct background {
	void (*fn)(void *);
	void *context;
};

static void *run_background(void *argument)
{
	struct background job = *(struct background *)argument;
	free(argument);
	job.fn(job.context);
	return NULL;
}

void in_background(void (*fn)(void *), void *context)
{
	struct background *job = malloc(sizeof *job);
	pthread_t thread;
	CHECK(job);
	*job = (struct background){fn, context};
	CHECK_EQ(pthread_create(&thread, NULL, run_background, job), 0);
	CHECK_EQ(pthread_detach(thread), 0);
}

struct hf_process *process_begin(void (*run_ended)(struct hf_work *))
{
	static const struct hf_strings none;
	struct hf_process *process;
	CHECK_OK(hf_process_create(1, &none, &none, &hf_default_limits, run_ended, &process));
	return process;
}
