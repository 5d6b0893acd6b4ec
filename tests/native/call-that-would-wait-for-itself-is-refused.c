/* Guests call each other along a path that the test gives. If the path returns to a guest that is waiting, the call is refused with the names of all
 * guests in the cycle, and every caller gets an answer. A reentrant guest accepts the call instead, unless the caller is waiting for that guest's
 * innermost call. When two guests call each other at the same time, one call is refused and the other is answered. */
#include "support/coordinator.h"

#include "coordinator/pool.h"
#include "links/call.h"
#include "platform/alloc.h"

#include <string.h>

/* The first four are callees; R is reentrant. */
enum { A = 1, B, C, R, DRIVER, OTHER, GUESTS = 6, CALLED = 4 };
enum { LEAF = 1, REFUSED = 2, ROUNDS = 300 };

static struct hf_callees *all;
static struct hf_callee *callees[CALLED + 1];
static char text[HF_CALL_TEXT];
static uint32_t text_size;
static _Atomic uint32_t finished, ready, refused, leaves;

static uint64_t go(struct hf_callee *own, uint64_t way);

static void perform(struct hf_callee *own, struct hf_call *call)
{
	uint64_t result = go(own, call->shared.values[0].bits);
	call->answer.fn = 0;
	call->answer.tags = 0;
	call->answer.count = 1;
	call->answer.values[0].bits = result;
}

/* The digits of `way` are the guests to call, starting with the lowest digit. */
static uint64_t go(struct hf_callee *own, uint64_t way)
{
	if (way == 0)
		return LEAF;
	struct hf_call *call = hf_call_open(hf_self, callees[way % 10]);
	call->ask.fn = 0;
	call->ask.tags = 0;
	call->ask.count = 1;
	call->ask.values[0].bits = way / 10;
	uintptr_t result = hf_call(hf_self, own, call);
	while (result > HF_CALL_NO_MEMORY) {
		struct hf_call *other = (struct hf_call *)result;
		perform(own, other);
		hf_call_answer(hf_self, own, other);
		result = hf_call_resume(hf_self, own, call);
	}
	uint64_t value = REFUSED;
	if (result == HF_CALL_IS_DEADLOCK) {
		text_size = call->shared.count;
		memcpy(text, call->text, text_size);
	} else {
		CHECK_EQ(result, HF_CALL_IS_ANSWERED);
		value = call->shared.values[0].bits;
	}
	hf_call_close(hf_self, call);
	return value;
}

static void check_way(uint64_t way, uint64_t result, const char *names)
{
	text_size = 0;
	CHECK_EQ(go(NULL, way), result);
	CHECK_EQ(text_size, strlen(names));
	CHECK(memcmp(text, names, text_size) == 0);
}

static void check_ways(void)
{
	check_way(321, LEAF, "");
	check_way(11, REFUSED, "a \xe2\x86\x92 a");
	check_way(121, REFUSED, "b \xe2\x86\x92 a \xe2\x86\x92 b");
	check_way(1321, REFUSED, "c \xe2\x86\x92 a \xe2\x86\x92 b \xe2\x86\x92 c");
	/* R accepts a call while it waits for an answer … */
	check_way(414, LEAF, "");
	check_way(44, LEAF, "");
	check_way(3414, LEAF, "");
	/* … but cannot call a guest that waits for the call that R is handling. */
	check_way(1414, REFUSED, "r \xe2\x86\x92 a \xe2\x86\x92 r");
	check_way(414141414, REFUSED, "r \xe2\x86\x92 a \xe2\x86\x92 r");
	check_way(4444444, LEAF, "");
}

/* Two drivers run at once: A calls B while B calls A. */
static void race(uint32_t session)
{
	for (int i = 0; i < ROUNDS; i++) {
		ready++;
		while (ready < 2 * (uint32_t)(i + 1))
			hf_plat_relax();
		uint64_t result = go(NULL, session == DRIVER ? 21 : 12);
		*(result == REFUSED ? &refused : &leaves) += 1;
	}
}

static enum run_end guest(uint32_t session, uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
	if (session <= CALLED)
		for (struct hf_call *call = NULL;;) {
			call = hf_call_next(hf_self, callees[session], call, 0);
			CHECK(call);
			perform(callees[session], call);
		}
	if (session == DRIVER)
		check_ways();
	race(session);
	finished++;
	return RUN_RETURNED;
}

static _Atomic uint32_t exited;

static void told(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size)
{
	(void)session, (void)reason, (void)code, (void)message, (void)message_size;
	exited++;
}

int main(void)
{
	static const struct browser browser = {.guest = guest, .exited = told};
	struct session *sessions[GUESTS + 1];
	coordinator_begin(&browser, GUESTS, GUESTS);
	while (hf_c_pool_count(HF_WORKER_IDLE) < GUESTS)
		coordinator_turn();
	size_t before = coordinator_blocks();
	for (uint32_t i = 1; i <= CALLED; i++)
		callees[i] = hf_callee_create(&all, &" abcr"[i], 1, i == R);
	for (uint32_t i = 1; i <= GUESTS; i++)
		CHECK(sessions[i] = coordinator_spawn(i));
	while (finished < 2)
		coordinator_turn();
	/* Of two crossing calls at most one is refused: the guest whose call was refused answers the other call. */
	CHECK_EQ(refused + leaves, 2 * ROUNDS);
	CHECK(leaves >= ROUNDS);
	for (uint32_t i = 1; i <= CALLED; i++)
		hf_c_end(sessions[i], HF_EXIT_KILLED, 137, NULL, 0);
	while (exited < GUESTS || hf_c_pool_count(HF_WORKER_IDLE) < GUESTS)
		coordinator_turn();
	for (uint32_t i = 1; i <= CALLED; i++) {
		hf_callee_close(callees[i]);
		hf_callee_free(callees[i]);
	}
	hf_free(all);
	CHECK_EQ(coordinator_blocks(), before);
	return 0;
}
