/* Without writers, a pipe can free its unused space: the unread bytes stay, in order, wherever they were in the ring. While there are writers, or
 * without memory, nothing happens. */
#include "support/pipes.h"

#include "platform/alloc.h"

#include <string.h>

#define SIZE 8192

static void check_from(uint32_t start, uint32_t unread)
{
	static unsigned char bytes[SIZE], got[SIZE];
	struct hf_pipe *pipe = pipe_begin(SIZE);
	/* Moves the ring's beginning. */
	for (uint32_t done = 0; done < start; done += 64) {
		CHECK_EQ(p_try_write(pipe, bytes, 64, NULL), 64);
		CHECK_EQ(p_try_read(pipe, got, 64, NULL), 64);
	}
	for (uint32_t i = 0; i < unread; i++)
		bytes[i] = (unsigned char)(i * 7 + i / 256);
	CHECK_EQ(p_try_write(pipe, bytes, unread, NULL), (int)unread);
	size_t before = hf_alloc_bytes();
	hf_pipe_shrink(pipe);
	CHECK_EQ(hf_alloc_bytes(), before);
	hf_pipe_drop_writer(pipe);
	hf_alloc_fail_after(0);
	hf_pipe_shrink(pipe);
	hf_alloc_fail_after(UINT32_MAX);
	CHECK_EQ(hf_alloc_bytes(), before);
	hf_pipe_shrink(pipe);
	/* A ring that is more than half full cannot shrink. */
	if (unread <= SIZE / 2)
		CHECK(hf_alloc_bytes() <= before - SIZE + (unread < 16 ? 16 : 2 * unread));
	else
		CHECK_EQ(hf_alloc_bytes(), before);
	uint32_t first = unread / 3;
	CHECK_EQ(p_try_read(pipe, got, first, NULL), (int)first);
	CHECK_EQ(p_try_read(pipe, got + first, SIZE - first, NULL), (int)(unread - first));
	CHECK_BYTES(got, bytes, unread);
	CHECK_EQ(p_try_read(pipe, got, SIZE, NULL), 0);
	hf_pipe_drop_reader(pipe);
}

int main(void)
{
	static const uint32_t starts[] = {0, 64, SIZE - 64, SIZE - 128},
						  sizes[] = {1, 15, 16, 17, 100, 4095, 4096, 4097, SIZE};
	for (unsigned i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		for (unsigned j = 0; j < sizeof sizes / sizeof sizes[0]; j++)
			check_from(starts[i], sizes[j]);
	}
	return done();
}
