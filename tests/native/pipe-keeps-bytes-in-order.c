/* Bytes leave a pipe in the order in which they entered it, wherever the ring wraps. */
#include "support/pipes.h"

#include <string.h>

static uint8_t at(uint64_t position)
{
	return (uint8_t)(position * 31 + (position >> 8));
}

static void check_sizes(void)
{
	static const struct {
		uint32_t asked, got;
	} sizes[] = {{0, 4096}, {1, 4096}, {4096, 4096}, {4097, 8192}, {65536, 65536}, {100000, 131072}};
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct hf_pipe *pipe = pipe_begin(sizes[i].asked);
		CHECK_EQ(pipe->size, sizes[i].got);
		pipe_end(pipe);
	}
}

/* Random pieces, against two counters. */
static void check_pieces(struct hf_pipe *pipe, uint64_t *seed)
{
	static uint8_t buffer[20000];
	uint64_t written = 0, read = 0;
	for (int i = 0; i < 3000; i++) {
		uint32_t size = random_below(seed, random_below(seed, 4) ? 3000 : sizeof buffer);
		uint64_t used = written - read;
		if (random_below(seed, 2)) {
			for (uint32_t j = 0; j < size; j++)
				buffer[j] = at(written + j);
			int put = p_try_put(pipe, buffer, size, NULL);
			uint64_t room = pipe->size - used;
			CHECK_ERR(put, size == 0 ? 0 : room == 0 ? -HF_EAGAIN : (int)(size < room ? size : room));
			written += put > 0 ? (uint64_t)put : 0;
		} else {
			int got = p_try_read(pipe, buffer, size, NULL);
			CHECK_ERR(got, size == 0 ? 0 : used == 0 ? -HF_EAGAIN : (int)(size < used ? size : used));
			for (int j = 0; j < got; j++)
				CHECK_EQ(buffer[j], at(read + (uint64_t)j));
			read += got > 0 ? (uint64_t)got : 0;
		}
	}
}

/* The indices use all of their 32 bits and wrap. */
static void check_index_wrap(void)
{
	struct hf_pipe *pipe = pipe_begin(4096);
	char out[8];
	pipe->head = pipe->tail = UINT32_MAX - 2;
	CHECK_EQ(p_try_write(pipe, "abcdefgh", 8, NULL), 8);
	bool hangup;
	CHECK_EQ(hf_pipe_poll_read(pipe, NULL, &hangup), 8);
	CHECK_EQ(p_try_read(pipe, out, 8, NULL), 8);
	CHECK_BYTES(out, "abcdefgh", 8);
	pipe_end(pipe);
}

int main(void)
{
	uint64_t seed = random_seed();
	check_sizes();
	check_index_wrap();
	for (uint32_t size = 4096; size <= 16384; size *= 2) {
		struct hf_pipe *pipe = pipe_begin(size);
		check_pieces(pipe, &seed);
		pipe_end(pipe);
	}
	return done();
}
