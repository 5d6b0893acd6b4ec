/* The guest sees the end of an OS pipe as the end of its input; all its output has been written when it has been joined; and when its output has no
 * reader any more, it gets EPIPE, but this process gets no SIGPIPE. */
#include <string.h>
#include <unistd.h>

#include "support/by_hand.h"

static void put_iov(uint32_t at, uint32_t buffer, uint32_t size)
{
	memcpy(guest_bytes + at, &buffer, 4);
	memcpy(guest_bytes + at + 4, &size, 4);
}

static uint32_t size_at(uint32_t at)
{
	uint32_t size;
	memcpy(&size, guest_bytes + at, 4);
	return size;
}

static uint32_t write_out(uint32_t size)
{
	put_iov(16, 1024, size);
	return CALL(hf_p1_fd_write(1, 16, 1, 24));
}

static void copies(uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
	for (;;) {
		put_iov(16, 1024, 4096);
		CHECK_EQ(CALL(hf_p1_fd_read(0, 16, 1, 24)), 0);
		uint32_t size = size_at(24);
		if (size == 0)
			break;
		CHECK_EQ(write_out(size), 0);
		CHECK_EQ(size_at(24), size);
	}
}

static void writes(uint32_t tid, uint32_t argument)
{
	uint32_t error;
	(void)tid, (void)argument;
	while ((error = write_out(4096)) == 0)
		;
	CHECK_EQ(error, HF_EPIPE);
	hf_guest_busy();
	hf_p1_proc_exit(3);
}

int main(void)
{
	char got[16] = "";
	int in[2], out[2];
	CHECK_OK(hf_host_start(0));

	CHECK_EQ(pipe(in), 0);
	CHECK_EQ(pipe(out), 0);
	struct hf_guest *guest = begin_by_hand(copies, in[0], out[1]);
	CHECK_EQ(write(in[1], "one", 3), 3);
	CHECK_EQ(read(out[0], got, sizeof got), 3);
	CHECK(!hf_guest_join(guest, hf_plat_monotonic()));
	CHECK_EQ(write(in[1], "two", 3), 3);
	CHECK_EQ(close(in[1]), 0);
	end_by_hand(guest, HF_ENDED_EXIT, 0);
	CHECK_EQ(read(out[0], got + 3, sizeof got - 3), 3);
	CHECK(strcmp(got, "onetwo") == 0);

	guest = begin_by_hand(writes, -1, out[1]);
	CHECK_EQ(read(out[0], got, sizeof got), (ssize_t)sizeof got);
	CHECK_EQ(close(out[0]), 0);
	end_by_hand(guest, HF_ENDED_EXIT, 3);
	hf_host_stop();
	return done();
}
