/* Many senders and receivers share one channel, with messages of all sizes, blocking and not: each message arrives once and whole, in the order in
 * which it was sent, and all threads end. */
#include "support/pipes.h"

#include <string.h>

#define SENDERS 3
#define RECEIVERS 3
#define MOST 1500

struct message {
	uint32_t sender, number, size, check;
	uint8_t bytes[MOST];
};
#define HEAD offsetof(struct message, bytes)

static struct budget budget = {.milliseconds = 1200};
static struct hf_pipe *pipe;
static _Atomic uint64_t sent, received;
static _Atomic uint32_t sent_check, received_check;

static uint32_t check_of(const struct message *message)
{
	uint32_t sum = message->sender * 31 + message->number;
	for (uint32_t i = 0; i < message->size; i++)
		sum = sum * 31 + message->bytes[i];
	return sum;
}

static void send(uint32_t sender, uint64_t *seed)
{
	static _Thread_local struct message message;
	message.sender = sender;
	while (time_left(&budget)) {
		message.size = random_below(seed, random_below(seed, 3) ? 30 : MOST + 1);
		for (uint32_t i = 0; i < message.size; i++)
			message.bytes[i] = (uint8_t)random_next(seed);
		message.check = check_of(&message);
		uint32_t size = (uint32_t)HEAD + message.size;
		int n = p_write(pipe, &message, size, random_below(seed, 2));
		CHECK(n == -HF_EAGAIN || n == (int)size);
		if (n < 0)
			continue;
		message.number++;
		atomic_fetch_add(&sent, 1);
		atomic_fetch_add(&sent_check, message.check);
	}
	hf_pipe_drop_writer(pipe);
}

static void receive(uint64_t *seed)
{
	static _Thread_local struct message message;
	uint32_t next[SENDERS] = {0};
	for (;;) {
		int n = p_read(pipe, &message, sizeof message, random_below(seed, 2));
		if (n == 0)
			return;
		if (n == -HF_EAGAIN)
			continue;
		CHECK(n >= (int)HEAD && message.sender < SENDERS);
		CHECK_EQ((uint32_t)n, HEAD + message.size);
		CHECK_EQ(message.check, check_of(&message));
		CHECK(message.number >= next[message.sender]);
		next[message.sender] = message.number + 1;
		atomic_fetch_add(&received, 1);
		atomic_fetch_add(&received_check, message.check);
	}
}

static void hammer(void *context, unsigned number)
{
	(void)context;
	uint64_t seed = number + 1;
	struct hf_thread *self = thread_begin();
	if (number < SENDERS)
		send(number, &seed);
	else
		receive(&seed);
	thread_end(self);
}

int main(void)
{
	CHECK_OK(hf_pipe_create_channel(5, 4000, &pipe));
	for (int i = 1; i < SENDERS; i++)
		hf_pipe_hold_writer(pipe);
	in_threads(SENDERS + RECEIVERS, hammer, NULL);
	CHECK(sent > 0);
	CHECK_EQ(sent, received);
	CHECK_EQ(sent_check, received_check);
	CHECK(hf_list_empty(&pipe->readable.waiters) && hf_list_empty(&pipe->writable.waiters));
	hf_pipe_drop_reader(pipe);
	return done();
}
