/* Several writers, one pipe: a write of up to HF_PIPE_BUF bytes is never torn, even when the pipe is nearly full. */
#include "support/pipes.h"

#include <string.h>

#define WRITERS 3

static struct budget budget = {.milliseconds = 1000};
static struct hf_pipe *pipe;
static _Atomic uint64_t written;

/* A record has its size and its writer's number, and is filled with that number. */
struct head {
	uint16_t size;
	uint8_t writer, pad;
};

static void write_records(unsigned writer)
{
	static _Thread_local char record[HF_PIPE_BUF];
	uint64_t seed = writer;
	memset(record, (int)writer, sizeof record);
	while (time_left(&budget)) {
		uint32_t size =
			random_below(&seed, 4) == 0 ? HF_PIPE_BUF : (uint32_t)sizeof(struct head) + random_below(&seed, 2000);
		struct head head = {(uint16_t)size, (uint8_t)writer, (uint8_t)writer};
		memcpy(record, &head, sizeof head);
		bool nonblock = random_below(&seed, 3) == 0;
		int result = p_write(pipe, record, size, nonblock);
		CHECK(result == (int)size || (nonblock && result == -HF_EAGAIN));
		if (result > 0)
			atomic_fetch_add(&written, size);
	}
	hf_pipe_drop_writer(pipe);
}

static bool read_all(char *buffer, uint32_t size, uint64_t *seed)
{
	for (uint32_t done = 0; done < size;) {
		uint32_t part = 1 + random_below(seed, size - done);
		int n = p_read(pipe, buffer + done, part, false);
		CHECK(n >= 0 && n <= (int)part);
		if (n == 0) {
			CHECK_EQ(done, 0);
			return false;
		}
		done += (uint32_t)n;
	}
	return true;
}

static void read_records(void)
{
	static char record[HF_PIPE_BUF];
	uint64_t seed = 99, read = 0;
	struct head head;
	while (read_all((char *)&head, sizeof head, &seed)) {
		CHECK(head.size >= sizeof head && head.size <= HF_PIPE_BUF);
		if (head.size > sizeof head)
			CHECK(read_all(record, (uint32_t)(head.size - sizeof head), &seed));
		for (size_t i = 0; i < head.size - sizeof head; i++)
			CHECK_EQ(record[i], head.writer);
		read += head.size;
	}
	CHECK_EQ(read, atomic_load(&written));
}

static void take_part(void *context, unsigned number)
{
	(void)context;
	struct hf_thread *self = thread_begin();
	if (number == 0)
		read_records();
	else
		write_records(number);
	thread_end(self);
}

int main(void)
{
	pipe = pipe_begin(8192);
	for (int i = 1; i < WRITERS; i++)
		hf_pipe_hold_writer(pipe);
	in_threads(1 + WRITERS, take_part, NULL);
	CHECK(written > 0);
	hf_pipe_drop_reader(pipe);
	return done();
}
