/* Two guests call a third with numbers and with bytes, including more bytes than the ring holds, while the page nudges it. A caller that is killed
 * while it waits wakes at once, and the callee continues. When the callee is killed, waiting callers and all later calls get an error. */
#include "support/coordinator.h"

#include "coordinator/pool.h"
#include "links/call.h"
#include "platform/alloc.h"

#include <string.h>

enum { CALLEE = 1, CALLER, KILLED, CALLS = 2000 };
enum { DOUBLE, HANG, REVERSE, MOST = 131072, NUDGES = 100 };

static struct hf_callees *all;
static struct hf_callee *callee;
static _Atomic uint32_t exited, nudges, answered, sum;
static _Atomic bool hangs, saw_end, saw_it_again;
static uint8_t reversed[MOST];

/* Receives the bytes at address 0 of the callee's memory, and sends them back from there. */
static void reverse(struct hf_call *call)
{
	uint8_t *memory = guest_memory();
	uint32_t size = call->shared.values[0].size;
	CHECK(hf_call_receive(hf_self, call, HF_MOVE_READ, 0, size));
	for (uint32_t i = 0; i < size; i++)
		reversed[i] = memory[size - 1 - i];
	memcpy(memory, reversed, size);
	call->answer.fn = 0;
	call->answer.count = 1;
	call->answer.tags = HF_CALL_TAG_BYTES;
	call->answer.values[0].pointer = 0;
	call->answer.values[0].size = size;
	hf_call_answer(hf_self, callee, call);
}

static void serve(void)
{
	uint32_t received = 0;
	struct hf_call *call = NULL;
	for (;;) {
		call = hf_call_next(hf_self, callee, call, received);
		if (!call) {
			received++;
			nudges++;
		} else if (call->shared.fn == REVERSE) {
			reverse(call);
			call = NULL;
		} else if (call->shared.fn == HANG) {
			hangs = true;
			call = NULL; /* this call is never answered */
		} else {
			call->answer.fn = 0;
			call->answer.tags = 0;
			call->answer.count = 1;
			call->answer.values[0].bits = 2 * call->shared.values[0].bits;
			answered++;
		}
	}
}

static uintptr_t ask(struct hf_call *call, uint32_t fn, uint64_t value)
{
	call->ask.fn = fn;
	call->ask.tags = 0;
	call->ask.count = 1;
	call->ask.values[0].bits = value;
	return hf_call(hf_self, NULL, call);
}

static void call_with_bytes(struct hf_call *call, uint32_t size)
{
	uint8_t *memory = guest_memory();
	for (uint32_t i = 0; i < size; i++)
		memory[i] = (uint8_t)(i * 7 + i / 251);
	call->ask.fn = REVERSE;
	call->ask.tags = HF_CALL_TAG_BYTES;
	call->ask.count = 1;
	call->ask.values[0].pointer = 0;
	call->ask.values[0].size = size;
	CHECK_EQ(hf_call(hf_self, NULL, call), HF_CALL_IS_ANSWERED);
	CHECK_EQ(call->shared.values[0].size, size);
	memset(memory, 0, size);
	CHECK(hf_call_receive(hf_self, call, HF_MOVE_READ, 0, size));
	for (uint32_t i = 0; i < size; i++)
		CHECK_EQ(memory[size - 1 - i], (uint8_t)(i * 7 + i / 251));
}

static void caller(void)
{
	struct hf_call *call = hf_call_open(hf_self, callee);
	CHECK(call);
	for (uint32_t i = 1; i <= CALLS; i++) {
		CHECK_EQ(ask(call, DOUBLE, i), HF_CALL_IS_ANSWERED);
		CHECK_EQ(call->shared.values[0].bits, 2 * i);
		sum += i;
	}
	call_with_bytes(call, 1);
	call_with_bytes(call, 5000);
	call_with_bytes(call, MOST);
	saw_end = ask(call, HANG, 0) == HF_CALL_HAS_ENDED;
	saw_it_again = ask(hf_call_open(hf_self, callee), DOUBLE, 1) == HF_CALL_HAS_ENDED;
}

static enum run_end guest(uint32_t session, uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
	if (session == CALLEE)
		serve();
	else if (session == CALLER)
		caller();
	else
		(void)ask(hf_call_open(hf_self, callee), HANG, 0);
	CHECK(session == CALLER);
	return RUN_RETURNED;
}

static void told(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size)
{
	(void)code, (void)message, (void)message_size;
	CHECK_EQ(reason, session == CALLER ? HF_EXIT_EXIT : HF_EXIT_KILLED);
	exited++;
}

int main(void)
{
	static const struct browser browser = {.guest = guest, .exited = told};
	coordinator_begin(&browser, 3, 3);
	while (hf_c_pool_count(HF_WORKER_IDLE) < 3)
		coordinator_turn();
	size_t before = coordinator_blocks();
	callee = hf_callee_create(&all, "callee", 6, false);
	CHECK(callee);
	struct session *served = coordinator_spawn(CALLEE);
	CHECK(served);

	struct session *killed = coordinator_spawn(KILLED);
	CHECK(killed);
	while (!hangs)
		coordinator_turn();
	uint32_t pid = hf_c_pid(killed);
	hf_c_end(killed, HF_EXIT_KILLED, 137, NULL, 0);
	while (exited < 1)
		coordinator_turn();
	hf_callee_forget(callee, pid, false);
	hf_callee_forget(callee, pid, true);

	hangs = false;
	CHECK(coordinator_spawn(CALLER));
	for (uint32_t sent = 0; !hangs || nudges < NUDGES;) {
		if (sent < NUDGES) {
			hf_callee_nudge(callee);
			sent++;
		}
		coordinator_turn();
	}
	CHECK_EQ(answered, CALLS);
	CHECK_EQ(sum, CALLS * (CALLS + 1) / 2);
	CHECK_EQ(nudges, NUDGES);

	hf_c_end(served, HF_EXIT_KILLED, 137, NULL, 0);
	while (exited < 2)
		coordinator_turn();
	hf_callee_close(callee);
	while (exited < 3)
		coordinator_turn();
	CHECK(saw_end && saw_it_again);
	while (hf_c_pool_count(HF_WORKER_IDLE) < 3)
		coordinator_turn();
	hf_callee_free(callee);
	hf_free(all);
	CHECK_EQ(coordinator_blocks(), before);
	return 0;
}
