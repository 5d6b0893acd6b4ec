/* A poll of a pipe's ends reports bytes, room and hang-ups. A waiter is linked at most once, and only while there is something to wait for. */
#include "support/pipes.h"

static char bytes[8192];

static unsigned linked(const struct hf_waitq *queue)
{
	unsigned count = 0;
	HF_LIST_EACH(link, &queue->waiters)
	{
		count++;
	}
	return count;
}

static void check_reading(void)
{
	struct hf_pipe *pipe = pipe_begin(8192);
	struct counting_waiter waiter;
	bool hangup;
	counting_waiter_init(&waiter);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(hf_pipe_poll_read(pipe, &waiter.waiter, &hangup), 0);
	CHECK(!hangup);
	CHECK_ERR(p_try_read(pipe, bytes, 1, &waiter.waiter), -HF_EAGAIN);
	CHECK_EQ(linked(&pipe->readable), 1);
	CHECK_EQ(p_try_write(pipe, bytes, 5, NULL), 5);
	CHECK_EQ(waiter.woken, 1);
	hf_pipe_unpoll(pipe, &waiter.waiter);
	hf_pipe_unpoll(pipe, &waiter.waiter);
	CHECK_EQ(linked(&pipe->readable), 0);
	/* There is something to read, so nothing to wait for. */
	CHECK_EQ(hf_pipe_poll_read(pipe, &waiter.waiter, &hangup), 5);
	CHECK_EQ(p_try_read(pipe, bytes, 3, &waiter.waiter), 3);
	CHECK_EQ(linked(&pipe->readable), 0);
	hf_pipe_drop_writer(pipe);
	CHECK_EQ(hf_pipe_poll_read(pipe, &waiter.waiter, &hangup), 2);
	CHECK(hangup);
	CHECK_EQ(p_try_read(pipe, bytes, 3, NULL), 2);
	CHECK_EQ(hf_pipe_poll_read(pipe, &waiter.waiter, &hangup), 0);
	CHECK(hangup);
	CHECK_EQ(linked(&pipe->readable), 0);
	CHECK_EQ(waiter.woken, 1);
	hf_pipe_drop_reader(pipe);
}

static void check_writing(void)
{
	struct hf_pipe *pipe = pipe_begin(8192);
	struct counting_waiter waiter;
	bool hangup;
	counting_waiter_init(&waiter);
	CHECK_EQ(hf_pipe_poll_write(pipe, &waiter.waiter, &hangup), 8192);
	CHECK_EQ(p_try_put(pipe, bytes, 4096, NULL), 4096);
	CHECK_EQ(hf_pipe_poll_write(pipe, &waiter.waiter, &hangup), 4096);
	CHECK_EQ(linked(&pipe->writable), 0);
	/* POSIX: ready only if a write of PIPE_BUF would not block. */
	CHECK_EQ(p_try_put(pipe, bytes, 1, NULL), 1);
	CHECK_EQ(hf_pipe_poll_write(pipe, &waiter.waiter, &hangup), 0);
	CHECK(!hangup);
	CHECK_ERR(p_try_write(pipe, bytes, 4096, &waiter.waiter), -HF_EAGAIN);
	CHECK_EQ(linked(&pipe->writable), 1);
	CHECK_EQ(p_try_read(pipe, bytes, 1, NULL), 1);
	CHECK_EQ(waiter.woken, 1);
	hf_pipe_unpoll(pipe, &waiter.waiter);
	CHECK_EQ(p_try_put(pipe, bytes, 1, NULL), 1);
	CHECK_EQ(hf_pipe_poll_write(pipe, &waiter.waiter, &hangup), 0);
	hf_pipe_drop_reader(pipe);
	CHECK_EQ(waiter.woken, 2);
	hf_pipe_unpoll(pipe, &waiter.waiter);
	CHECK_EQ(hf_pipe_poll_write(pipe, &waiter.waiter, &hangup), 0);
	CHECK(hangup);
	CHECK_EQ(linked(&pipe->writable), 0);
	hf_pipe_drop_writer(pipe);
}

/* Dropping the last hold of an end notifies the other side; dropping an earlier one does not. */
static void check_holds(void)
{
	struct hf_pipe *pipe = pipe_begin(0);
	struct counting_waiter waiter;
	bool hangup;
	counting_waiter_init(&waiter);
	hf_pipe_hold_writer(pipe);
	CHECK_EQ(hf_pipe_poll_read(pipe, &waiter.waiter, &hangup), 0);
	hf_pipe_drop_writer(pipe);
	CHECK_EQ(waiter.woken, 0);
	hf_pipe_drop_writer(pipe);
	CHECK_EQ(waiter.woken, 1);
	hf_pipe_unpoll(pipe, &waiter.waiter);
	hf_pipe_hold_reader(pipe);
	hf_pipe_drop_reader(pipe);
	hf_pipe_drop_reader(pipe);
}

int main(void)
{
	check_reading();
	check_writing();
	check_holds();
	return done();
}
