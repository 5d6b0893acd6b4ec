/* Nobody reads a guest's output: hf_guest_join returns at its deadline, even if the guest has ended. It does not wait for output that was dropped;
 * other output arrives when it is read. Tested with blocking and nonblocking descriptors. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/by_hand.h"

/* One piece is larger than the OS pipe; two pieces fit into the OS pipe, the pump and the guest's pipe together. */
enum { PIPE_SIZE = 32 * 1024, PIECE = 60 * 1024, MUCH = 2 * PIECE };

static _Atomic uint32_t written; /* pieces */

static uint32_t write_piece(void)
{
	const uint32_t iov[] = {1024, PIECE};
	memcpy(guest_bytes + 16, iov, sizeof iov);
	uint32_t error = CALL(hf_p1_fd_write(1, 16, 1, 24));
	if (error == 0)
		atomic_fetch_add(&written, 1);
	return error;
}

static void writes_much(uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
	memset(guest_bytes + 1024, 'x', PIECE);
	for (int i = 0; i < MUCH / PIECE; i++)
		CHECK_EQ(write_piece(), 0);
}

static void writes_on(uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
	while (write_piece() == 0)
		;
}

enum kind { PIPE, NONBLOCKING_PIPE, SOCKET, KINDS };

static void open_ends(enum kind kind, int ends[2])
{
	const int least = 1;
	atomic_store(&written, 0);
	if (kind == SOCKET) {
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		CHECK_EQ(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
		return;
	}
	CHECK_EQ(pipe(ends), 0);
	CHECK_EQ(fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE), PIPE_SIZE);
	if (kind == NONBLOCKING_PIPE)
		CHECK_EQ(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
}

/* Waits until the pipe is full. */
static void until_full(int fd)
{
	struct pollfd out = {.fd = fd, .events = POLLOUT};
	while (atomic_load(&written) < 2 || poll(&out, 1, 0) != 0)
		sleep_ms(1);
}

static void close_ends(int ends[2])
{
	CHECK_EQ(close(ends[0]), 0);
	CHECK_EQ(close(ends[1]), 0);
}

static void comes_late(enum kind kind)
{
	int ends[2];
	char got[PIECE];
	size_t all = 0;
	open_ends(kind, ends);
	struct hf_guest *guest = begin_by_hand(writes_much, -1, ends[1]);
	until_full(ends[1]);
	CHECK(!hf_guest_join(guest, hf_plat_monotonic() + 50 * MILLISECOND));
	for (ssize_t size; all < MUCH; all += (size_t)size)
		CHECK((size = read(ends[0], got, sizeof got)) > 0);
	end_by_hand(guest, HF_ENDED_EXIT, 0);
	close_ends(ends);
}

static void never_comes(enum kind kind)
{
	int ends[2];
	open_ends(kind, ends);
	struct hf_guest *guest = begin_by_hand(writes_on, -1, ends[1]);
	until_full(ends[1]);
	hf_guest_end(guest, HF_ENDED_TIMEOUT, 124, "timeout");
	CHECK(!hf_guest_join(guest, hf_plat_monotonic() + 50 * MILLISECOND));
	hf_guest_drop_output(guest);
	hf_guest_drop_output(guest);
	CHECK(hf_guest_join(guest, HF_FOREVER));
	hf_guest_drop_output(guest);
	end_by_hand(guest, HF_ENDED_TIMEOUT, 124);
	close_ends(ends);
}

/* It gets the error, and ends by itself. */
static void is_dropped_while_it_runs(enum kind kind)
{
	int ends[2];
	open_ends(kind, ends);
	struct hf_guest *guest = begin_by_hand(writes_on, -1, ends[1]);
	until_full(ends[1]);
	hf_guest_drop_output(guest);
	end_by_hand(guest, HF_ENDED_EXIT, 0);
	close_ends(ends);
}

int main(void)
{
	CHECK_OK(hf_host_start(0));
	for (enum kind kind = PIPE; kind < KINDS; kind++) {
		comes_late(kind);
		never_comes(kind);
		is_dropped_while_it_runs(kind);
	}
	hf_host_stop();
	return done();
}
