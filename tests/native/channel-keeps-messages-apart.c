/* A channel is a pipe whose writes are messages: each read returns bytes of one message, and bytes that do not fit the buffer stay. The limits count
 * messages and bytes, and a message that could never fit is refused. The ring always has room for as much as the limits allow, wherever the messages lie in it. */
#include "support/pipes.h"

#include <string.h>

#include "platform/alloc.h"

static struct hf_pipe *channel_begin(uint32_t messages, uint32_t bytes)
{
	struct hf_pipe *pipe;
	CHECK_OK(hf_pipe_create_channel(messages, bytes, &pipe));
	return pipe;
}

static void each_read_is_of_one_message(void)
{
	struct hf_pipe *pipe = channel_begin(8, 4096);
	char buffer[32] = {0};
	CHECK_EQ(p_write(pipe, "one", 3, true), 3);
	CHECK_EQ(p_write(pipe, "fifth", 5, true), 5);
	CHECK_EQ(p_write(pipe, "", 0, true), 0); /* not a message */
	CHECK_EQ(p_write(pipe, "x", 1, true), 1);
	CHECK_EQ(p_read(pipe, buffer, sizeof buffer, true), 3);
	CHECK(memcmp(buffer, "one", 3) == 0);
	CHECK_EQ(p_read(pipe, buffer, 2, true), 2);
	CHECK_EQ(p_read(pipe, buffer + 2, 2, true), 2);
	CHECK_EQ(p_read(pipe, buffer, 0, true), 0);
	CHECK_EQ(p_read(pipe, buffer + 4, sizeof buffer - 4, true), 1);
	CHECK(memcmp(buffer, "fifth", 5) == 0);
	CHECK_EQ(p_read(pipe, buffer, 1, true), 1);
	CHECK_EQ(p_read(pipe, buffer, 1, true), -HF_EAGAIN);
	hf_pipe_drop_writer(pipe);
	CHECK_EQ(p_read(pipe, buffer, 1, true), 0);
	hf_pipe_drop_reader(pipe);
}

static void bounds_count_messages_and_bytes(void)
{
	static char large[101];
	struct hf_pipe *pipe = channel_begin(2, 100);
	struct counting_waiter waiter;
	counting_waiter_init(&waiter);
	CHECK_EQ(p_write(pipe, large, 101, true), -HF_EMSGSIZE);
	CHECK_EQ(p_write(pipe, large, 101, false), -HF_EMSGSIZE);
	CHECK_EQ(p_write(pipe, large, 1, true), 1);
	CHECK_EQ(p_write(pipe, large, 1, true), 1);
	CHECK_EQ(p_try_write(pipe, large, 1, &waiter.waiter), -HF_EAGAIN);
	CHECK_EQ(p_read(pipe, large, 100, true), 1);
	CHECK_EQ(waiter.woken, 1);
	hf_pipe_unpoll(pipe, &waiter.waiter);
	CHECK_EQ(p_write(pipe, large, 100, true), -HF_EAGAIN);
	CHECK_EQ(p_write(pipe, large, 99, true), 99);
	CHECK_EQ(p_read(pipe, large, 100, true), 1);
	CHECK_EQ(p_write(pipe, large, 2, true), -HF_EAGAIN);
	/* Bytes read from a message free their space before the rest is read. */
	CHECK_EQ(p_read(pipe, large, 98, true), 98);
	CHECK_EQ(p_write(pipe, large, 99, true), 99);
	CHECK_EQ(p_read(pipe, large, 100, true), 1);
	CHECK_EQ(p_read(pipe, large, 100, true), 99);
	hf_pipe_drop_reader(pipe);
	CHECK_EQ(p_write(pipe, large, 1, true), -HF_EPIPE);
	hf_pipe_drop_writer(pipe);
}

static void pollers_learn_what_one_call_can_move(void)
{
	static char large[5000];
	struct hf_pipe *pipe = channel_begin(2, 5000);
	struct counting_waiter in, out;
	bool hangup;
	counting_waiter_init(&in);
	counting_waiter_init(&out);
	CHECK_EQ(hf_pipe_poll_read(pipe, &in.waiter, &hangup), 0);
	CHECK_EQ(hf_pipe_poll_write(pipe, NULL, &hangup), 5000);
	CHECK_EQ(p_write(pipe, large, 7, true), 7);
	CHECK_EQ(in.woken, 1);
	hf_pipe_unpoll(pipe, &in.waiter);
	CHECK_EQ(p_write(pipe, large, 900, true), 900);
	/* The bytes of the first message, and what remains of it after a read. */
	CHECK_EQ(hf_pipe_poll_read(pipe, NULL, &hangup), 7);
	CHECK_EQ(p_read(pipe, large, 3, true), 3);
	CHECK_EQ(hf_pipe_poll_read(pipe, NULL, &hangup), 4);
	/* There is no room for another message. */
	CHECK_EQ(hf_pipe_poll_write(pipe, &out.waiter, &hangup), 0);
	CHECK_EQ(p_read(pipe, large, 5000, true), 4);
	CHECK(out.woken > 0);
	hf_pipe_unpoll(pipe, &out.waiter);
	CHECK_EQ(hf_pipe_poll_write(pipe, NULL, &hangup), 4100);
	CHECK_EQ(p_read(pipe, large, 5000, true), 900);
	/* With less than HF_PIPE_BUF free the channel is not writable, unless the largest possible message is smaller. */
	CHECK_EQ(p_write(pipe, large, 1000, true), 1000);
	CHECK_EQ(hf_pipe_poll_write(pipe, NULL, &hangup), 0);
	CHECK_EQ(p_write(pipe, large, 4000, true), 4000);
	pipe_end(pipe);
	pipe = channel_begin(3, 10);
	CHECK_EQ(hf_pipe_poll_write(pipe, NULL, &hangup), 10);
	CHECK_EQ(p_write(pipe, large, 1, true), 1);
	CHECK_EQ(hf_pipe_poll_write(pipe, NULL, &hangup), 0);
	CHECK_EQ(hf_pipe_poll_read(pipe, NULL, &hangup), 1);
	pipe_end(pipe);
}

/* The model: the sizes of the queued messages in order, and how much of the first one is unread. */
static void everything_fits_that_was_promised(uint32_t most_messages, uint32_t most_bytes, uint64_t seed)
{
	static uint8_t bytes[4096], got[4096];
	struct hf_pipe *pipe = channel_begin(most_messages, most_bytes);
	uint32_t sizes[64], first = 0, count = 0, unread = 0;
	uint8_t written = 0, read = 0;
	for (int step = 0; step < 20000; step++) {
		if (random_below(&seed, 2)) {
			uint32_t size = 1 + random_below(&seed, random_below(&seed, 2) ? 9 : most_bytes + 1);
			for (uint32_t i = 0; i < size; i++)
				bytes[i] = (uint8_t)(written + i);
			int wanted = size > most_bytes                                      ? -HF_EMSGSIZE
			             : count == most_messages || size > most_bytes - unread ? -HF_EAGAIN
			                                                                    : (int)size;
			CHECK_EQ(p_write(pipe, bytes, size, true), wanted);
			if (wanted < 0)
				continue;
			sizes[(first + count++) % 64] = size;
			unread += size;
			written += (uint8_t)size;
		} else {
			uint32_t room = 1 + random_below(&seed, most_bytes);
			uint32_t here = count == 0 ? 0 : sizes[first];
			uint32_t wanted = here < room ? here : room;
			CHECK_EQ(p_read(pipe, got, room, true), wanted ? (int)wanted : -HF_EAGAIN);
			for (uint32_t i = 0; i < wanted; i++)
				CHECK_EQ(got[i], (uint8_t)(read + i));
			read += (uint8_t)wanted;
			unread -= wanted;
			sizes[first] -= wanted;
			if (count > 0 && sizes[first] == 0) {
				first = (first + 1) % 64;
				count--;
			}
		}
	}
	pipe_end(pipe);
}

int main(void)
{
	struct hf_thread *self = thread_begin();
	each_read_is_of_one_message();
	bounds_count_messages_and_bytes();
	pollers_learn_what_one_call_can_move();
	everything_fits_that_was_promised(1, 1, 1);
	everything_fits_that_was_promised(3, 7, 2);
	everything_fits_that_was_promised(63, 2000, 3);
	everything_fits_that_was_promised(2, 4090, 4);
	for (uint32_t works = 0; works < 2; works++) {
		struct hf_pipe *pipe;
		hf_alloc_fail_after(works);
		CHECK_EQ(hf_pipe_create_channel(4, 4096, &pipe), -HF_ENOMEM);
		hf_alloc_fail_after(UINT32_MAX);
	}
	thread_end(self);
	return done();
}
