/* No thread of a process gets a monotonic time earlier than one that another thread got before, even if its own clock is behind. The test
 * simulates the difference between the platform's clocks: the process has been given a future time. */
#include "support/program.h"

int32_t hf_wt_thread_spawn(uint32_t argument);

enum { OUT = 64, SUB = 128, EVENT = 256, MS = 1000000 };

static struct program *program;

static uint64_t told(void)
{
	CHECK_ERR(hf_p1_clock_time_get(HF_CLOCK_MONOTONIC, 0, OUT), 0);
	return peek_u64(program, OUT);
}

/* A clock subscription: userdata, tag, id, timeout, precision, flags. */
static void sleep_for(uint64_t timeout, uint64_t flags)
{
	uint64_t sub[6] = {1, 0, HF_CLOCK_MONOTONIC, timeout, 0, flags};
	poke(program, SUB, sub, sizeof sub);
	CHECK_ERR(hf_p1_poll_oneoff(SUB, EVENT, 1, OUT), 0);
	CHECK_EQ(peek_u32(program, OUT), 1);
}

static void alone(void)
{
	uint64_t before = hf_plat_monotonic(), now = told();
	CHECK(now >= before && now <= hf_plat_monotonic());
	CHECK_EQ(atomic_load(&program->process->latest), 0); /* a process with one thread does not store its times */
	/* Before a second thread exists, the latest time that the first may have read is stored. */
	CHECK(hf_wt_thread_spawn(0) < 0);
	CHECK(atomic_load(&program->process->latest) >= now);
}

static void among_others(void)
{
	struct hf_process *process = program->process;
	process->fds.shared = true;
	uint64_t now = told();
	CHECK_EQ(atomic_load(&process->latest), now);
	uint64_t ahead = hf_plat_monotonic() + UINT64_C(3600) * 1000 * MS;
	atomic_store(&process->latest, ahead);
	CHECK_EQ(told(), ahead);
	sleep_for(0, 0);     /* neither sleep waits for this clock to catch up */
	sleep_for(ahead, 1); /* absolute */
	CHECK_EQ(told(), ahead);
	/* A sleep is as long as the guest measures it to be. */
	ahead = hf_plat_monotonic() + 20 * MS;
	atomic_store(&process->latest, ahead);
	sleep_for(5 * MS, 0);
	CHECK(hf_plat_monotonic() >= ahead + 5 * MS);
	CHECK(told() >= ahead + 5 * MS);
}

int main(void)
{
	program = program_begin();
	alone();
	among_others();
	program_end(program);
	return done();
}
