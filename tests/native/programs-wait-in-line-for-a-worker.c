/* Programs that the page starts wait in line until a worker is free, first come, first served. One that does not wait is refused unless a worker
 * is about to be free. A process is released once no worker runs it any more, which may be after its end. */
#include "support/coordinator.h"

#include "coordinator/pool.h"

enum { RUNS = 1, FIRST, KILLED, THIRD, IMPATIENT };

static hf_word may_end[IMPATIENT + 1];
static unsigned exited, released, called;

static enum run_end guest(uint32_t session, uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
	while (!atomic_load(&may_end[session]))
		guest_may_die(), sleep_us(100);
	return RUN_RETURNED;
}

static void on_output(uint32_t session, uint32_t fd, const uint8_t *bytes, size_t size)
{
	(void)session, (void)fd, (void)bytes, (void)size;
}

static void on_output_end(uint32_t session, uint32_t fd)
{
	(void)session, (void)fd;
}

static void on_over(uint32_t session)
{
	(void)session;
}

static void on_exited(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size)
{
	(void)reason, (void)code, (void)message, (void)message_size;
	exited = session;
}

static void on_released(uint32_t session)
{
	CHECK_EQ(exited, session);
	released = session;
}

static void on_worker_free(uint32_t session)
{
	CHECK_EQ(called, 0);
	called = session;
}

static void turns(void)
{
	for (int i = 0; i < 100; i++)
		coordinator_turn();
}

/* The next in line starts. */
static void next_is(uint32_t id)
{
	while (called == 0)
		coordinator_turn();
	CHECK_EQ(called, id);
	called = 0;
	CHECK(coordinator_spawn(id));
	hf_c_leave_line(id);
	turns();
	CHECK_EQ(called, 0);
}

static void end_and_await_release(uint32_t id)
{
	atomic_store(&may_end[id], 1);
	while (released != id)
		coordinator_turn();
}

int main(void)
{
	static const struct browser browser = {.guest = guest,
	                                       .output = on_output,
	                                       .output_end = on_output_end,
	                                       .stdin_ready = on_over,
	                                       .exited = on_exited,
	                                       .session_over = on_over,
	                                       .released = on_released,
	                                       .worker_free = on_worker_free};
	coordinator_begin(&browser, 1, 1);
	CHECK_EQ(hf_c_await_worker(RUNS, 1), 1);
	CHECK(coordinator_spawn(RUNS));
	hf_c_leave_line(RUNS);
	CHECK(!coordinator_spawn(FIRST));
	CHECK_EQ(hf_c_await_worker(FIRST, 1), 0);
	CHECK_EQ(hf_c_await_worker(KILLED, 1), 0);
	CHECK_EQ(hf_c_await_worker(THIRD, 1), 0);
	CHECK_EQ(hf_c_await_worker(IMPATIENT, 0), -HF_EAGAIN);
	turns();
	CHECK_EQ(called, 0);

	/* The process of RUNS has ended, but its worker's message has not arrived. */
	atomic_store(&may_end[RUNS], 1);
	coordinator_hold_idle(true);
	while (exited != RUNS)
		coordinator_turn();
	turns();
	CHECK_EQ(released, 0);
	CHECK_EQ(called, 0);
	CHECK_EQ(hf_c_await_worker(IMPATIENT, 0), 0);
	hf_c_leave_line(IMPATIENT);
	coordinator_hold_idle(false);

	next_is(FIRST);
	CHECK_EQ(released, RUNS);
	hf_c_leave_line(KILLED);
	end_and_await_release(FIRST);
	next_is(THIRD);
	end_and_await_release(THIRD);
	CHECK_EQ(hf_c_await_worker(IMPATIENT, 0), 1);
	hf_c_leave_line(IMPATIENT);
	CHECK_EQ(hf_pool_count(HF_WORKER_RUNNING), 0);
	return 0;
}
