/* When a process ends before the page has read its output, the kernel keeps little more memory than the unread bytes, until they are read. A stream
 * without unread bytes ends at once, even if the page gives no credit. */
#include "support/coordinator.h"

#include "coordinator/pool.h"
#include "platform/alloc.h"
#include "support/doors.h"

#include <string.h>

static char received[64];
static size_t received_size;
static bool exited, over, ended[3];

static enum run_end guest(uint32_t session, uint32_t tid, uint32_t argument)
{
	static const uint32_t vector[2] = {64, 10};
	(void)session, (void)tid, (void)argument;
	memcpy(guest_memory(), vector, sizeof vector);
	memcpy(guest_memory() + 64, "ten bytes!", 10);
	CHECK_EQ(hf_p1_fd_write(1, 0, 1, 16), 0);
	return RUN_RETURNED;
}

static void output(uint32_t session, uint32_t fd, const uint8_t *bytes, size_t size)
{
	(void)session;
	CHECK_EQ(fd, 1);
	CHECK(received_size + size <= sizeof received);
	memcpy(received + received_size, bytes, size);
	received_size += size;
}

static void output_end(uint32_t session, uint32_t fd)
{
	(void)session;
	CHECK(!ended[fd]);
	ended[fd] = true;
}

static void stdin_ready(uint32_t session)
{
	(void)session;
}

static void told(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size)
{
	(void)session, (void)reason, (void)code, (void)message, (void)message_size;
	CHECK(!exited);
	exited = true;
}

static void session_over(uint32_t session)
{
	(void)session;
	over = true;
}

int main(void)
{
	static const struct browser browser = {.guest = guest,
	                                       .output = output,
	                                       .output_end = output_end,
	                                       .stdin_ready = stdin_ready,
	                                       .exited = told,
	                                       .session_over = session_over};
	struct {
		struct hf_spawn_header header;
		char args[1];
	} order = {.header = {.id = 1, .credit = 0, .piped = 7}};
	struct hf_spawn_error error;
	coordinator_begin(&browser, 1, 2);
	while (hf_c_pool_count(HF_WORKER_IDLE) == 0)
		coordinator_turn();
	size_t before = hf_alloc_bytes();
	struct session *session = hf_c_spawn(&order.header, &error, NULL, NULL, NULL, NULL);
	CHECK(session);
	while (!exited || hf_c_pool_count(HF_WORKER_IDLE) < 2)
		coordinator_turn();
	size_t worker = hf_alloc_bytes() - before; /* the pool started a second worker, whose memory counts, too */
	CHECK(ended[2] && !ended[1] && !over);
	CHECK_EQ(hf_c_feed(session, received, 1), -HF_EPIPE);
	hf_c_credit(session, 1, 6);
	CHECK_EQ(received_size, 6);
	hf_c_end(session, HF_EXIT_KILLED, 137, NULL, 0); /* too late, but harmless */
	struct hf_session_stats stats;
	hf_c_session_stats(session, &stats);
	hf_c_credit(session, 1, 100);
	CHECK_EQ(received_size, 10);
	CHECK_BYTES(received, "ten bytes!", 10);
	CHECK(ended[1] && over);
	CHECK(worker - (hf_alloc_bytes() - before) < 2048);
	return 0;
}
