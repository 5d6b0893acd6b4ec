/* A channel between programs, made by the page: each program finds its end as a preopen after its sockets, opens it by its name, and the receiver
 * reads what the sender writes, message by message. A program that cannot start leaves the channel as it was. */
#include "support/coordinator.h"

#include "coordinator/pool.h"
#include "kernel/file.h"
#include "platform/alloc.h"
#include "support/doors.h"

#include <string.h>

enum { SENDER = 1, RECEIVER, IN = 3 };
enum { PATH = 0, VECTOR = 8, OUT = 16, BYTES = 64 };

static _Atomic uint32_t exited, received;

static uint32_t number_at(uint32_t address)
{
	uint32_t number;
	memcpy(&number, guest_memory() + address, sizeof number);
	return number;
}

static void vector(uint32_t size)
{
	const uint32_t values[2] = {BYTES, size};
	memcpy(guest_memory() + VECTOR, values, sizeof values);
}

static uint32_t opened(uint64_t rights)
{
	guest_memory()[PATH] = '.';
	CHECK_EQ(hf_p1_path_open(IN, 0, PATH, 1, 0, rights, 0, 0, OUT), 0);
	return number_at(OUT);
}

static void send_some(void)
{
	uint32_t fd = opened(HF_RIGHT_FD_WRITE);
	for (uint32_t size = 1; size <= 200; size++) {
		memset(guest_memory() + BYTES, (int)size, size);
		vector(size);
		CHECK_EQ(hf_p1_fd_write(fd, VECTOR, 1, OUT), 0);
	}
}

static void receive_all(void)
{
	uint32_t fd = opened(HF_RIGHT_FD_READ);
	for (uint32_t size = 1;; size++) {
		vector(1000);
		CHECK_EQ(hf_p1_fd_read(fd, VECTOR, 1, OUT), 0);
		if (number_at(OUT) == 0)
			return;
		CHECK_EQ(number_at(OUT), size);
		CHECK_EQ(guest_memory()[BYTES + size - 1], (uint8_t)size);
		received++;
	}
}

static enum run_end guest(uint32_t session, uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
	if (session == SENDER)
		send_some();
	else
		receive_all();
	return RUN_RETURNED;
}

static void told(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size)
{
	(void)session, (void)reason, (void)code, (void)message, (void)message_size;
	exited++;
}

/* Returns the answer: 0 if the program runs. */
static int32_t spawn(uint32_t id, struct hf_pipe *pipe, uint32_t end, uint32_t name_size)
{
	struct {
		struct hf_spawn_header header;
		char rest[sizeof(struct hf_spawn_preopen) + HF_PATH_MAX + 2];
	} order = {.header = {.id = id, .preopen_count = 1}};
	const struct hf_spawn_preopen preopen = {
		.guest_size = name_size,
		.path_size = 1,
		.end = end,
		.pipe = (uintptr_t)pipe,
	};
	struct hf_spawn_error error;
	memcpy(order.rest, &preopen, sizeof preopen);
	memset(order.rest + sizeof preopen, 'n', name_size);
	order.rest[sizeof preopen + name_size] = '/';
	CHECK_EQ(!hf_c_spawn(&order.header, &error, NULL, NULL, NULL, NULL), error.error < 0);
	CHECK_EQ(error.preopen, error.error < 0 && error.error != -HF_ENOMEM ? 0 : -1);
	return error.error;
}

int main(void)
{
	static const struct browser browser = {.guest = guest, .exited = told};
	coordinator_begin(&browser, 2, 2);
	while (hf_c_pool_count(HF_WORKER_IDLE) < 2)
		coordinator_turn();
	size_t before = coordinator_blocks();
	struct hf_pipe *pipe = hf_c_pipe(1000, 7);
	CHECK(pipe);
	CHECK_EQ(spawn(SENDER, pipe, HF_PIPE_WRITER, HF_PATH_MAX + 1), -HF_ENAMETOOLONG);
	CHECK_EQ(spawn(SENDER, pipe, HF_PIPE_WRITER, 8), 0);
	CHECK_EQ(spawn(RECEIVER, pipe, HF_PIPE_READER, 8), 0);
	hf_c_pipe_close(pipe, HF_PIPE_READER);
	hf_c_pipe_close(pipe, HF_PIPE_WRITER);
	while (exited < 2 || hf_c_pool_count(HF_WORKER_IDLE) < 2)
		coordinator_turn();
	CHECK_EQ(received, 200);
	CHECK_EQ(coordinator_blocks(), before);

	hf_alloc_fail_after(1);
	CHECK(!hf_c_pipe(4096, 3));
	hf_alloc_fail_after(UINT32_MAX);
	return 0;
}
