/* A thread that waits for a pipe continues when there are bytes or room, and when the other end closes. */
#include "support/pipes.h"

static struct hf_pipe *pipe;
static struct hf_thread *waiting;
static hf_word there;
static char full[4096];

static int (*wait)(void);
static void (*act)(void);
static int expected;

static int read_one(void)
{
	char byte;
	return p_read(pipe, &byte, 1, false);
}

static int write_one(void)
{
	return p_write(pipe, "x", 1, false);
}

static int write_much(void)
{
	return p_write(pipe, full, sizeof full, false);
}

static void give(void)
{
	CHECK_EQ(p_try_put(pipe, "x", 1, NULL), 1);
}

static void take_all(void)
{
	static char sink[4096];
	while (p_try_read(pipe, sink, sizeof sink, NULL) > 0)
		;
}

static void close_writer(void)
{
	hf_pipe_drop_writer(pipe);
}

static void close_reader(void)
{
	hf_pipe_drop_reader(pipe);
}

static void stop(void)
{
	hf_thread_stop(waiting);
}

static void wait_or_act(void *context, unsigned number)
{
	(void)context;
	if (number == 0) {
		waiting = thread_begin();
		atomic_store(&there, 1);
		CHECK_ERR(wait(), expected);
		return;
	}
	while (!atomic_load(&there))
		hf_plat_yield();
	until_parked(waiting);
	act();
}

/* `fill`: how many bytes the pipe, which has room for 4,096, holds at the start. */
static void scene(uint32_t fill, int (*waits)(void), void (*acts)(void), int result)
{
	pipe = pipe_begin(4096);
	if (fill)
		CHECK_EQ(p_try_write(pipe, full, fill, NULL), (int)fill);
	wait = waits;
	act = acts;
	expected = result;
	atomic_store(&there, 0);
	in_threads(2, wait_or_act, NULL);
	CHECK(hf_list_empty(&pipe->readable.waiters) && hf_list_empty(&pipe->writable.waiters));
	thread_end(waiting);
	if (acts != close_reader)
		hf_pipe_drop_reader(pipe);
	if (acts != close_writer)
		hf_pipe_drop_writer(pipe);
}

int main(void)
{
	scene(0, read_one, give, 1);
	scene(0, read_one, close_writer, 0);
	scene(0, read_one, stop, -HF_EINTR);
	scene(4096, write_one, take_all, 1);
	scene(4096, write_one, close_reader, -HF_EPIPE);
	scene(4096, write_one, stop, -HF_EINTR);
	/* Atomic: it waits until the whole write fits. */
	scene(1, write_much, take_all, 4096);
	scene(1, write_much, close_reader, -HF_EPIPE);
	return done();
}
