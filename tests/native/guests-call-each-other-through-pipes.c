/* Two guests call a third: each call is a record in one pipe, each answer one in the caller's own. A nudge is a record of zeros. A caller that is
 * killed while it waits is woken at once, and the one that is called goes on; when that is killed its callers get the end of the file, and then
 * EPIPE. */
#include "support/coordinator.h"

#include "coordinator/pool.h"
#include "kernel/file.h"

#include <string.h>

enum { CALLEE = 1, CALLER, KILLED, CALLS = 2000 };

struct record {
	uint32_t question, answer_to; /* 0: a nudge */
	uint32_t numbers[HF_LINK_RECORD / 4 - 2];
};
_Static_assert(sizeof(struct record) == HF_LINK_RECORD, "a record");

static struct hf_pipe *request, *replies[KILLED + 1];
static _Atomic uint32_t exited, nudges, answered, sum;
static _Atomic bool hangs, saw_end, saw_broken;

static void serve(void)
{
	struct record record;
	struct hf_pipe *out = NULL;
	while (hf_w_exchange(out, sizeof record, request, sizeof record, &record) == sizeof record) {
		out = NULL;
		if (record.question == 0) {
			nudges++;
		} else if (record.question == UINT32_MAX) {
			hangs = true; /* and never answers this one */
		} else {
			record.question *= 2;
			out = replies[record.answer_to];
			answered++;
		}
	}
	CHECK(false); /* it is killed in its sleep */
}

static void call(uint32_t session)
{
	struct record record = {.answer_to = session};
	for (uint32_t i = 1; i <= CALLS; i++) {
		record.question = i;
		CHECK_EQ(hf_w_exchange(request, sizeof record, replies[session], sizeof record, &record), sizeof record);
		CHECK_EQ(record.question, 2 * i);
		sum += i;
	}
	record.question = UINT32_MAX;
	saw_end = hf_w_exchange(request, sizeof record, replies[session], sizeof record, &record) == 0;
	saw_broken = hf_w_exchange(request, sizeof record, replies[session], sizeof record, &record) == -HF_EPIPE;
}

static enum run_end guest(uint32_t session, uint32_t tid, uint32_t argument)
{
	struct record record = {.question = UINT32_MAX, .answer_to = session};
	(void)tid, (void)argument;
	if (session == CALLEE)
		serve();
	else if (session == CALLER)
		call(session);
	else
		(void)hf_w_exchange(request, sizeof record, replies[session], sizeof record, &record);
	CHECK(session == CALLER);
	return RUN_RETURNED;
}

static void told(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size)
{
	(void)code, (void)message, (void)message_size;
	CHECK_EQ(reason, session == CALLER ? HF_EXIT_EXIT : HF_EXIT_KILLED);
	exited++;
}

static void session_over(uint32_t session)
{
	(void)session;
}

static struct session *spawn(uint32_t id)
{
	struct {
		struct hf_spawn_header header;
		char args[1];
	} order = {.header = {.id = id}};
	struct hf_spawn_error error;
	struct session *session = hf_c_spawn(&order.header, &error, NULL, NULL, NULL, NULL);
	CHECK(session);
	return session;
}

int main(void)
{
	static const struct browser browser = {.guest = guest, .exited = told, .session_over = session_over};
	coordinator_begin(&browser, 3, 3);
	while (hf_c_pool_count(HF_WORKER_IDLE) < 3)
		coordinator_turn();
	size_t before = coordinator_blocks();
	request = hf_c_pipe(65536, 0);
	for (int i = CALLER; i <= KILLED; i++)
		replies[i] = hf_c_pipe(4096, 0);
	struct session *callee = spawn(CALLEE);

	struct session *killed = spawn(KILLED);
	while (!hangs)
		coordinator_turn();
	hf_c_end(killed, HF_EXIT_KILLED, 137, NULL, 0);
	while (exited < 1)
		coordinator_turn();

	hangs = false;
	(void)spawn(CALLER);
	while (!hangs) {
		if (nudges < 100)
			hf_c_pipe_close(request, HF_PIPE_NUDGE);
		coordinator_turn();
	}
	CHECK_EQ(answered, CALLS);
	CHECK_EQ(sum, CALLS * (CALLS + 1) / 2);
	CHECK(nudges > 0);

	hf_c_end(callee, HF_EXIT_KILLED, 137, NULL, 0);
	while (exited < 2)
		coordinator_turn();
	/* As the page does: closes the ends that the callee held. */
	hf_c_pipe_close(request, HF_PIPE_READER);
	for (int i = CALLER; i <= KILLED; i++)
		hf_c_pipe_close(replies[i], HF_PIPE_WRITER);
	while (exited < 3)
		coordinator_turn();
	CHECK(saw_end && saw_broken);
	for (int i = CALLER; i <= KILLED; i++)
		hf_c_pipe_close(replies[i], HF_PIPE_READER);
	hf_c_pipe_close(request, HF_PIPE_WRITER);
	while (hf_c_pool_count(HF_WORKER_IDLE) < 3)
		coordinator_turn();
	CHECK_EQ(coordinator_blocks(), before);
	return 0;
}
