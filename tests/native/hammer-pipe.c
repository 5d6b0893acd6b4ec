/* Many readers and writers, with all sizes, blocking and not, and a poller: every byte arrives once, and all threads end. */
#include "support/pipes.h"

#define WRITERS 2
#define READERS 2

static struct budget budget = {.milliseconds = 1200};
static struct hf_pipe *pipe;
static _Atomic uint64_t written, written_sum, read_bytes, read_sum;

static void write_much(uint64_t *seed)
{
	static _Thread_local uint8_t bytes[30000];
	while (time_left(&budget)) {
		uint32_t size = 1 + random_below(seed, random_below(seed, 3) ? 100 : sizeof bytes);
		for (uint32_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)random_next(seed);
		int n = p_write(pipe, bytes, size, random_below(seed, 2));
		CHECK(n == -HF_EAGAIN || n > 0);
		for (int i = 0; i < n; i++)
			atomic_fetch_add_explicit(&written_sum, bytes[i], memory_order_relaxed);
		atomic_fetch_add(&written, n > 0 ? (uint64_t)n : 0);
	}
	hf_pipe_drop_writer(pipe);
}

static void read_much(uint64_t *seed)
{
	static _Thread_local uint8_t bytes[30000];
	for (;;) {
		int n = p_read(pipe, bytes, 1 + random_below(seed, sizeof bytes), random_below(seed, 2));
		if (n == 0)
			return;
		CHECK(n == -HF_EAGAIN || n > 0);
		for (int i = 0; i < n; i++)
			atomic_fetch_add_explicit(&read_sum, bytes[i], memory_order_relaxed);
		atomic_fetch_add(&read_bytes, n > 0 ? (uint64_t)n : 0);
	}
}

static void look_on(void)
{
	struct counting_waiter waiter;
	bool hangup = false;
	counting_waiter_init(&waiter);
	while (!hangup) {
		CHECK(hf_pipe_poll_read(pipe, &waiter.waiter, &hangup) <= pipe->size);
		hf_plat_yield();
		hf_pipe_unpoll(pipe, &waiter.waiter);
	}
}

static void hammer(void *context, unsigned number)
{
	(void)context;
	uint64_t seed = number + 1;
	struct hf_thread *self = thread_begin();
	if (number < WRITERS)
		write_much(&seed);
	else if (number < WRITERS + READERS)
		read_much(&seed);
	else
		look_on();
	thread_end(self);
}

int main(void)
{
	pipe = pipe_begin(16384);
	for (int i = 1; i < WRITERS; i++)
		hf_pipe_hold_writer(pipe);
	in_threads(WRITERS + READERS + 1, hammer, NULL);
	CHECK_EQ(written, read_bytes);
	CHECK_EQ(written_sum, read_sum);
	CHECK(hf_list_empty(&pipe->readable.waiters) && hf_list_empty(&pipe->writable.waiters));
	hf_pipe_drop_reader(pipe);
	return done();
}
