/* A pipe between two programs, made by the page: bytes pass from one to the other. The page and the programs hold its ends; each end is closed by
 * its last holder, and then the pipe is freed. */
#include "support/coordinator.h"

#include "coordinator/pool.h"
#include "kernel/file.h"
#include "platform/alloc.h"
#include "support/doors.h"

#include <string.h>

enum { WRITER = 1, READER, LONELY };

static _Atomic uint32_t exited, read_in_all;
static _Atomic bool saw_end, saw_broken;

static void write_a_lot(void)
{
	static const uint32_t vector[2] = {64, 1000};
	memcpy(guest_memory(), vector, sizeof vector);
	for (int i = 0; i < 20; i++)
		CHECK_EQ(hf_p1_fd_write(1, 0, 1, 16), 0);
}

static void read_all(void)
{
	static const uint32_t vector[2] = {64, 700};
	uint32_t size;
	memcpy(guest_memory(), vector, sizeof vector);
	do {
		CHECK_EQ(hf_p1_fd_read(0, 0, 1, 16), 0);
		memcpy(&size, guest_memory() + 16, sizeof size);
		read_in_all += size;
	} while (size > 0);
	saw_end = true;
}

static enum run_end guest(uint32_t session, uint32_t tid, uint32_t argument)
{
	static const uint32_t vector[2] = {64, 10};
	(void)tid, (void)argument;
	if (session == WRITER)
		write_a_lot();
	if (session == READER)
		read_all();
	if (session == LONELY) {
		memcpy(guest_memory(), vector, sizeof vector);
		saw_broken = hf_p1_fd_write(1, 0, 1, 16) == HF_EPIPE;
	}
	return RUN_RETURNED;
}

static void told(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size)
{
	(void)session, (void)reason, (void)code, (void)message, (void)message_size;
	exited++;
}

static void spawn(uint32_t id, struct hf_pipe *in, struct hf_pipe *out)
{
	struct {
		struct hf_spawn_header header;
		char args[1];
	} order = {.header = {.id = id}};
	struct hf_spawn_error error;
	CHECK(hf_c_spawn(&order.header, &error, in, out, NULL, NULL));
}

static void until_exited(uint32_t count)
{
	while (exited < count)
		coordinator_turn();
}

int main(void)
{
	static const struct browser browser = {.guest = guest, .exited = told};
	coordinator_begin(&browser, 2, 2);
	while (hf_c_pool_count(HF_WORKER_IDLE) < 2)
		coordinator_turn();
	size_t before = coordinator_blocks();
	struct hf_pipe *pipe = hf_c_pipe(4096, 0);
	CHECK(pipe);
	spawn(WRITER, NULL, pipe);
	spawn(READER, pipe, NULL);
	hf_c_pipe_close(pipe, HF_PIPE_READER);
	/* While the page holds the writing end, the writer's end does not cause an end of file. */
	until_exited(1);
	for (int i = 0; i < 100; i++)
		coordinator_turn();
	CHECK(!saw_end);
	hf_c_pipe_close(pipe, HF_PIPE_WRITER);
	until_exited(2);
	CHECK(saw_end);
	CHECK_EQ(read_in_all, 20000);

	pipe = hf_c_pipe(1, 0);
	hf_c_pipe_close(pipe, HF_PIPE_READER);
	while (hf_c_pool_count(HF_WORKER_IDLE) == 0)
		coordinator_turn();
	spawn(LONELY, NULL, pipe);
	until_exited(3);
	CHECK(saw_broken);
	hf_c_pipe_close(pipe, HF_PIPE_WRITER);
	while (hf_c_pool_count(HF_WORKER_IDLE) < 2)
		coordinator_turn();
	CHECK_EQ(coordinator_blocks(), before);

	hf_alloc_fail_after(1);
	CHECK(!hf_c_pipe(4096, 0));
	hf_alloc_fail_after(UINT32_MAX);
	_Static_assert(HF_PIPE_READER == HF_READ && HF_PIPE_WRITER == HF_WRITE, "the page names ends as the kernel does");
	return 0;
}
