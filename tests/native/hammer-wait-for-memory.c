/* Threads of a guest pass a token around with the kernel's memory.atomic.wait and notify, some with short timeouts, while the process is
 * paused and resumed, and is finally killed: no notify is lost, and all threads return. */
#include <holdfast/exports.h>

#include "support/doors.h"
#include "support/threads.h"

#include <string.h>

enum { THREADS = 3 };

static _Atomic uint32_t memory[16384];
static _Atomic uint64_t rounds;

static void copy_in(void *to, uint32_t from, uint32_t size)
{
	for (uint32_t i = 0; i < size; i += 4) {
		uint32_t word = atomic_load(&memory[(from + i) / 4]);
		memcpy((char *)to + i, &word, 4);
	}
}

static uint32_t pages(void)
{
	return 1;
}

static struct hf_process *process;
static struct hf_thread *threads[THREADS];
static struct budget budget = {.milliseconds = 1000};

static void ignore(struct hf_work *work)
{
	(void)work;
}

/* The word at 64 says whose turn it is, counted up. */
static void take_turns(void *context)
{
	uint32_t number = (uint32_t)((struct hf_thread **)context - threads);
	uint64_t random = number + 1;
	for (;;) {
		uint32_t turn = atomic_load(&memory[16]);
		if (turn % THREADS == number) {
			atomic_fetch_add(&rounds, 1);
			atomic_store(&memory[16], turn + 1);
			CHECK(hf_w_notify(64, 0, UINT32_MAX) >= 0);
			continue;
		}
		bool soon = random_below(&random, 4) == 0;
		int32_t result = hf_w_wait32(64, 0, turn, soon ? (int64_t)random_below(&random, 100000) : -1);
		CHECK(result == 0 || result == 1 || (result == 2 && soon));
	}
}

static void control(void)
{
	uint64_t random = random_seed();
	uint64_t last = 0;
	while (time_left(&budget)) {
		hf_process_pause(process, true);
		while (!hf_process_is_paused(process))
			sleep_us(10);
		if (random_below(&random, 2))
			sleep_us(random_below(&random, 500));
		hf_process_pause(process, false);
		/* Passes the token on. */
		while (atomic_load(&rounds) < last + 3)
			sleep_us(100);
		last = atomic_load(&rounds);
	}
	hf_process_end(process, HF_EXIT_KILLED, 137, NULL, 0, NULL, 0);
}

static void work(void *context, unsigned number)
{
	(void)context;
	if (number == THREADS)
		control();
	else
		CHECK(thread_run_further(threads[number], take_turns, &threads[number]));
}

int main(void)
{
	process = process_begin(ignore);
	process->held.run = ignore;
	for (uint32_t i = 0; i < THREADS; i++) {
		threads[i] = thread_begin_in(process, i + 1);
		hf_user_bind(&threads[i]->mem, copy_in, NULL, pages);
	}
	in_threads(THREADS + 1, work, NULL);
	CHECK(hf_process_is_dead(process));
	(void)hf_work_cancel(&process->ended);
	(void)hf_work_cancel(&process->held);
	hf_process_unref(process);
	return done();
}
