/* If an object changes after a thread has checked it and before the thread sleeps, the thread does not sleep. Here the change comes right after the
 * check: the thread that makes it waits for the object's lock on the same core, and runs as soon as the check releases the lock. */
#define _GNU_SOURCE
#include "kernel/poll.h"
#include "support/file_io.h"
#include "support/pipes.h"

#include <sched.h>
#include <time.h>

#define ROUNDS 800

static struct hf_pipe *pipe;
static struct hf_file *polled; /* the reading end */
static hf_word round_begun, looker_near, changer_near, over;
static char full[4096];

static int read_one(void)
{
	char byte;
	return p_read(pipe, &byte, 1, false);
}

static void give_one(void)
{
	CHECK_EQ(p_try_put(pipe, "x", 1, NULL), 1);
}

static int write_one(void)
{
	return p_write(pipe, "x", 1, false);
}

static void take_one(void)
{
	char byte;
	CHECK_EQ(p_try_read(pipe, &byte, 1, NULL), 1);
}

static int poll_one(void)
{
	struct hf_poll_entry entry = {.file = polled, .events = HF_READY_IN};
	int result = hf_poll(hf_self, &entry, 1, HF_FOREVER);
	take_one();
	return result;
}

static const struct {
	uint32_t fill;
	int (*look)(void);
	void (*change)(void);
} scenes[] = {{0, read_one, give_one}, {4096, write_one, take_one}, {0, poll_one, give_one}};
static unsigned scene;

static void stay_on_one_core(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	static _Atomic bool chosen;
	static cpu_set_t common;
	static hf_word ready;
	if (!atomic_exchange(&chosen, true)) {
		common = set;
		atomic_store(&ready, 1);
	}
	while (!atomic_load(&ready))
		hf_plat_yield();
	(void)sched_setaffinity(0, sizeof common, &common);
}

static void await_round(uint32_t round)
{
	while (atomic_load(&round_begun) < round)
		(void)hf_plat_wait(&round_begun, round - 1, HF_FOREVER);
}

static void begin_round(uint32_t round)
{
	atomic_store(&round_begun, round);
	hf_plat_wake(&round_begun, UINT32_MAX);
}

static void until(hf_word *word, uint32_t value)
{
	while (atomic_load(word) != value)
		hf_plat_yield();
}

/* Both have announced that they will take the pipe's lock, which we hold: give them time to sleep on it, in this order. */
static void direct(void)
{
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		hf_lock(&pipe->lock);
		begin_round(round);
		until(&changer_near, round);
		/* Not sleep_us: it reads the clock, which is forbidden while a lock is held. */
		(void)nanosleep(&(struct timespec){.tv_nsec = 150000}, NULL);
		hf_unlock(&pipe->lock);
		until(&over, 2 * round);
	}
}

static void take_part(void *context, unsigned number)
{
	(void)context;
	if (number == 0) {
		direct();
		return;
	}
	stay_on_one_core();
	struct hf_thread *self = thread_begin();
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		await_round(round);
		if (number == 1) {
			atomic_store(&looker_near, round);
			CHECK_EQ(scenes[scene].look(), 1);
		} else {
			until(&looker_near, round);
			sleep_us(150);
			atomic_store(&changer_near, round);
			scenes[scene].change();
		}
		atomic_fetch_add(&over, 1);
	}
	thread_end(self);
}

int main(void)
{
	for (scene = 0; scene < sizeof scenes / sizeof scenes[0]; scene++) {
		pipe = pipe_begin(4096);
		hf_pipe_hold_reader(pipe);
		polled = d_open_pipe(pipe, HF_READ);
		if (scenes[scene].fill)
			CHECK_EQ(p_try_write(pipe, full, scenes[scene].fill, NULL), 4096);
		atomic_store(&round_begun, 0);
		atomic_store(&looker_near, 0);
		atomic_store(&changer_near, 0);
		atomic_store(&over, 0);
		in_threads(3, take_part, NULL);
		hf_file_unref(polled);
		pipe_end(pipe);
	}
	return done();
}
