/* One wait for two pipes and a clock: data, space, the end of file and the clock each end it, and it reports which. */
#include "kernel/poll.h"

#include "support/file_io.h"
#include "support/pipes.h"

enum { IN, OUT, ENTRIES };

static struct hf_pipe *input, *output;
static struct hf_file *files[ENTRIES];
static struct hf_poll_entry entries[ENTRIES];
static struct hf_thread *poller;
static hf_word there;
static void (*act)(void);
static int expected;
static char bytes[4096];

static void give(void)
{
	CHECK_EQ(p_try_put(input, "abc", 3, NULL), 3);
}

static void close_input(void)
{
	hf_pipe_drop_writer(input);
}

static void make_room(void)
{
	CHECK_EQ(p_try_read(output, bytes, 4096, NULL), 4096);
}

static void close_output(void)
{
	hf_pipe_drop_reader(output);
}

static void stop(void)
{
	hf_thread_stop(poller);
}

static void nothing(void) {}

static void poll_or_act(void *context, unsigned number)
{
	(void)context;
	if (number == 0) {
		poller = thread_begin();
		atomic_store(&there, 1);
		uint64_t deadline = act == nothing ? hf_plat_monotonic() + 3 * MILLISECOND : HF_FOREVER;
		CHECK_ERR(hf_poll(poller, entries, ENTRIES, deadline), expected);
		CHECK(act != nothing || hf_plat_monotonic() >= deadline);
		return;
	}
	while (!atomic_load(&there))
		hf_plat_yield();
	if (act != nothing)
		until_parked(poller);
	act();
}

/* The output is full and the input empty, so that nothing is ready at first. */
static void scene(void (*acts)(void), int result, unsigned in_ready, uint64_t in_bytes, unsigned out_ready)
{
	input = pipe_begin(4096);
	output = pipe_begin(4096);
	CHECK_EQ(p_try_put(output, bytes, 4096, NULL), 4096);
	files[IN] = d_open_pipe(input, HF_READ);
	files[OUT] = d_open_pipe(output, HF_WRITE);
	entries[IN] = (struct hf_poll_entry){.file = files[IN], .events = HF_READY_IN};
	entries[OUT] = (struct hf_poll_entry){.file = files[OUT], .events = HF_READY_OUT};
	act = acts;
	expected = result;
	atomic_store(&there, 0);
	in_threads(2, poll_or_act, NULL);
	thread_end(poller);
	CHECK_EQ(entries[IN].ready, in_ready);
	CHECK_EQ(entries[IN].bytes, in_bytes);
	CHECK_EQ(entries[OUT].ready, out_ready);
	/* No waiter is left. */
	CHECK(hf_list_empty(&input->readable.waiters) && hf_list_empty(&output->writable.waiters));
	hf_file_unref(files[IN]);
	hf_file_unref(files[OUT]);
	if (acts != close_input)
		hf_pipe_drop_writer(input);
	if (acts != close_output)
		hf_pipe_drop_reader(output);
}

int main(void)
{
	scene(give, 1, HF_READY_IN, 3, 0);
	scene(close_input, 1, HF_READY_IN | HF_READY_HANGUP, 0, 0);
	scene(make_room, 1, 0, 0, HF_READY_OUT);
	scene(close_output, 1, 0, 0, HF_READY_OUT | HF_READY_HANGUP);
	scene(nothing, 0, 0, 0, 0);
	scene(stop, -HF_EINTR, 0, 0, 0);
	return done();
}
