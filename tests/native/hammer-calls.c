/* Callers of two kinds, with numbers and with bytes, call one guest as fast as they can. All of them, including the callee, are killed at random
 * instants, and zombies run on for a while. No answer is wrong, no caller waits for a guest that has ended, and no memory is leaked. */
#include "support/coordinator.h"

#include "coordinator/pool.h"
#include "links/call.h"
#include "platform/alloc.h"

#include <string.h>

enum { CALLERS = 2, PLACES = CALLERS + 1, CALLEE = 0, WORKERS = 9, MOST = 90000 };

struct place {
	struct session *session;
	uint32_t id, pid;
	uint64_t kill_at;
	bool killed, gone;
};

static struct budget budget = {.milliseconds = 1500};
static struct hf_callees *all;
static struct hf_callee *callee;
static struct place places[PLACES];
static _Atomic uint32_t calls, ends;
static uint32_t next_id = 1, rounds, over;
static _Thread_local uint8_t buffer[MOST];

static void answer(struct hf_call *call, uint32_t tags, uint32_t size, uint64_t bits)
{
	call->answer.fn = 0;
	call->answer.tags = tags;
	call->answer.count = 1;
	call->answer.values[0].bits = bits;
	if (tags)
		call->answer.values[0].size = size;
}

static void serve(void)
{
	struct hf_call *call = NULL;
	for (;;) {
		guest_may_die();
		call = hf_call_next(hf_self, callee, call, 0);
		if (!call)
			continue;
		uint32_t size = call->shared.values[0].size;
		if (!call->shared.tags) {
			answer(call, 0, 0, 3 * call->shared.values[0].bits);
		} else if (hf_call_receive(hf_self, call, HF_MOVE_READ, 0, size)) {
			answer(call, HF_CALL_TAG_BYTES, size, 0);
			hf_call_answer(hf_self, callee, call);
			call = NULL;
		} else {
			answer(call, 0, 0, 0); /* its caller is gone */
		}
	}
}

static bool with_bytes(struct hf_call *call, uint64_t *seed)
{
	uint8_t *memory = guest_memory();
	uint32_t size = 1 + random_below(seed, MOST);
	for (uint32_t i = 0; i < size; i += 1 + i / 8)
		memory[i] = buffer[i] = (uint8_t)random_next(seed);
	call->ask.tags = HF_CALL_TAG_BYTES;
	call->ask.values[0].pointer = 0;
	call->ask.values[0].size = size;
	uintptr_t result = hf_call(hf_self, NULL, call);
	if (result != HF_CALL_IS_ANSWERED)
		return false;
	CHECK_EQ(call->shared.values[0].size, size);
	if (!hf_call_receive(hf_self, call, HF_MOVE_READ, 0, size))
		return false;
	for (uint32_t i = 0; i < size; i += 1 + i / 8)
		CHECK_EQ(memory[i], buffer[i]);
	return true;
}

static enum run_end call(uint32_t id)
{
	uint64_t seed = id * 7919 + 1;
	struct hf_call *slot = hf_call_open(hf_self, callee);
	for (;;) {
		guest_may_die();
		slot->ask.fn = slot->ask.tags = 0;
		slot->ask.count = 1;
		if (id % 3 == 0) {
			if (!with_bytes(slot, &seed))
				break;
		} else {
			uint64_t value = slot->ask.values[0].bits = random_next(&seed);
			if (hf_call(hf_self, NULL, slot) != HF_CALL_IS_ANSWERED)
				break;
			CHECK_EQ(slot->shared.values[0].bits, 3 * value);
		}
		calls++;
		if (random_below(&seed, 50) == 0)
			sleep_us(random_below(&seed, 100));
	}
	ends++;
	hf_call_close(hf_self, slot);
	return RUN_RETURNED;
}

static struct place *place_of(uint32_t id)
{
	for (int i = 0; i < PLACES; i++)
		if (places[i].id == id)
			return &places[i];
	return NULL;
}

static enum run_end guest(uint32_t session, uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
	if (session % 100 == 0)
		serve();
	return call(session);
}

static void told(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size)
{
	struct place *place = place_of(session);
	(void)reason, (void)code, (void)message, (void)message_size;
	CHECK(place);
	if (place == &places[CALLEE])
		hf_callee_close(callee);
	else
		hf_callee_forget(callee, place->pid, false);
}

static void released(uint32_t session)
{
	struct place *place = place_of(session);
	CHECK(place);
	if (place != &places[CALLEE])
		hf_callee_forget(callee, place->pid, true);
	place->gone = true;
}

static void session_over(uint32_t session)
{
	struct place *place = place_of(session);
	if (place)
		place->session = NULL;
	over++;
}

static void spawn(struct place *place, uint64_t *seed)
{
	struct {
		struct hf_spawn_header header;
		char args[1];
	} order = {
		.header = {.id = place == &places[CALLEE] ? 100 * ++next_id : 100 * ++next_id + 1 + random_below(seed, 6)}};
	struct hf_spawn_error error;
	struct session *session = hf_c_spawn(&order.header, &error, NULL, NULL, NULL, NULL);
	CHECK(session);
	*place = (struct place){.session = session, .id = order.header.id, .pid = hf_c_pid(session)};
	place->kill_at = hf_plat_monotonic() + random_below(seed, place == &places[CALLEE] ? 8000000 : 3000000);
}

static void kill_those_due(void)
{
	uint64_t now = hf_plat_monotonic();
	for (int i = 0; i < PLACES; i++)
		if (places[i].session && !places[i].killed && !places[i].gone && now >= places[i].kill_at) {
			places[i].killed = true;
			hf_c_end(places[i].session, HF_EXIT_KILLED, 137, NULL, 0);
		}
}

/* One callee's life: callers come and go while it lives, and it is freed when none of them can use it any more. */
static void round_of(uint64_t *seed)
{
	callee = hf_callee_create(&all, "callee", 6, false);
	CHECK(callee);
	for (int i = 0; i < PLACES; i++)
		spawn(&places[i], seed);
	while (!places[CALLEE].gone) {
		coordinator_turn();
		kill_those_due();
		for (int i = 1; i < PLACES; i++)
			if (places[i].gone && !places[CALLEE].killed)
				spawn(&places[i], seed);
	}
	for (int i = 1; i < PLACES; i++)
		while (!places[i].gone) {
			coordinator_turn();
			kill_those_due();
		}
	hf_callee_free(callee);
	rounds++;
}

int main(void)
{
	static const struct browser browser = {
		.guest = guest, .exited = told, .session_over = session_over, .released = released};
	uint64_t seed = random_seed();
	coordinator_zombies_die();
	coordinator_begin(&browser, WORKERS, WORKERS);
	while (hf_c_pool_count(HF_WORKER_IDLE) < WORKERS)
		coordinator_turn();
	size_t before = coordinator_blocks();
	while (time_left(&budget))
		round_of(&seed);
	while (over < (unsigned)(next_id - 1) || hf_c_pool_count(HF_WORKER_IDLE) < WORKERS)
		coordinator_turn();
	hf_free(all);
	CHECK(rounds > 0 && calls > 0);
	CHECK_EQ(coordinator_blocks(), before);
	return 0;
}
