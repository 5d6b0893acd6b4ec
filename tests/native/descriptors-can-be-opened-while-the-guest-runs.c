/* A guest asks the page for pipes, catches the exception that unwinds its call before it waits for the answer, and uses its descriptors while the
 * coordinator opens the pipes. Both see a consistent table, and ThreadSanitizer finds no race. */
#include "support/coordinator.h"

#include "coordinator/session.h"
#include "kernel/process.h"
#include "support/doors.h"

enum { PARENT = 1, OUT = 64, PIPES = 100 };

static _Atomic uint32_t asked, seen, exited;

static enum run_end guest(uint32_t session, uint32_t tid, uint32_t argument)
{
	(void)session, (void)tid, (void)argument;
	CHECK(!hf_self->process->fds.shared);
	(void)hf_w_ask(0);
	asked = 1;
	/* Waits for the last pipe's descriptor, whose pipe must be complete when it appears. */
	while (hf_p1_fd_fdstat_get(2 * PIPES + 2, OUT) != 0)
		seen += hf_p1_fd_fdstat_get(3, OUT) == 0;
	CHECK_EQ(guest_memory()[OUT], HF_FILETYPE_UNKNOWN);
	return RUN_RETURNED;
}

static void told(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size)
{
	(void)session, (void)code, (void)message, (void)message_size;
	CHECK_EQ(reason, HF_EXIT_EXIT);
	exited = 1;
}

static void session_ended(uint32_t session)
{
	(void)session;
}

int main(void)
{
	static const struct browser browser = {.guest = guest, .exited = told, .session_over = session_ended};
	struct {
		struct hf_spawn_header header;
		char nothing[1];
	} order = {.header = {.id = PARENT}};
	struct hf_spawn_error error;
	coordinator_begin(&browser, 1, 1);
	while (hf_c_pool_count(HF_WORKER_IDLE) < 1)
		coordinator_turn();
	struct session *session = hf_c_spawn(&order.header, &error, NULL, NULL, NULL, NULL);
	CHECK(session);
	while (!asked)
		coordinator_turn();
	for (uint32_t i = 0; i < PIPES; i++)
		CHECK(hf_c_child_pipe(session) > 0);
	while (!exited)
		coordinator_turn();
	return 0;
}
