/* Threads poll several pipes and a clock while writers come and go: everything that is written is read, and all pollers see the end of file. */
#include "kernel/poll.h"

#include "support/file_io.h"
#include "support/pipes.h"

#define PIPES 4
#define POLLERS 2
#define WRITERS 2

static struct budget budget = {.milliseconds = 1200};
static struct hf_pipe *pipes[PIPES];
static _Atomic uint64_t written, received;

static void write_some(uint64_t *seed)
{
	static const char bytes[HF_PIPE_BUF];
	while (time_left(&budget)) {
		int n = p_write(pipes[random_below(seed, PIPES)], bytes, 1 + random_below(seed, sizeof bytes), true);
		CHECK(n > 0 || n == -HF_EAGAIN);
		if (n > 0)
			atomic_fetch_add(&written, (uint64_t)n);
		if (n < 0 || random_below(seed, 100) == 0)
			sleep_ms(1);
	}
	for (int i = 0; i < PIPES; i++)
		hf_pipe_drop_writer(pipes[i]);
}

static void poll_all(struct hf_thread *self, uint64_t *seed)
{
	static _Thread_local char buffer[4096];
	struct hf_poll_entry entries[PIPES] = {0};
	int open = PIPES;
	for (int i = 0; i < PIPES; i++) {
		hf_pipe_hold_reader(pipes[i]);
		entries[i].file = d_open_pipe(pipes[i], HF_READ);
		entries[i].events = HF_READY_IN;
	}
	while (open > 0) {
		uint64_t deadline =
			random_below(seed, 2) ? HF_FOREVER : hf_plat_monotonic() + random_below(seed, 3 * MILLISECOND);
		int ready = hf_poll(self, entries, PIPES, deadline);
		CHECK(ready > 0 || (ready == 0 && deadline != HF_FOREVER));
		for (int i = 0; i < PIPES; i++) {
			if (!entries[i].file || !entries[i].ready)
				continue;
			ready--;
			/* Another poller may have read the bytes already. */
			int n = p_try_read(pipes[i], buffer, sizeof buffer, NULL);
			CHECK(n >= 0 || n == -HF_EAGAIN);
			atomic_fetch_add(&received, n > 0 ? (uint64_t)n : 0);
			if (n == 0) {
				hf_file_unref(entries[i].file);
				entries[i] = (struct hf_poll_entry){0};
				open--;
			}
		}
		CHECK(ready <= 0);
	}
}

static void hammer(void *context, unsigned number)
{
	(void)context;
	uint64_t seed = number + 1;
	struct hf_thread *self = thread_begin();
	if (number < WRITERS)
		write_some(&seed);
	else
		poll_all(self, &seed);
	thread_end(self);
}

int main(void)
{
	for (int i = 0; i < PIPES; i++) {
		pipes[i] = pipe_begin(8192);
		for (int j = 1; j < WRITERS; j++)
			hf_pipe_hold_writer(pipes[i]);
	}
	in_threads(WRITERS + POLLERS, hammer, NULL);
	CHECK(written > 0);
	CHECK_EQ(written, received);
	for (int i = 0; i < PIPES; i++)
		hf_pipe_drop_reader(pipes[i]);
	return done();
}
