/* Many threads each request another thread at once, and get it, but no more than four per turn of the event loop, because other work must not wait
 * behind all the starts. At the limit the coordinator is not involved. */
#include "support/coordinator.h"

#include "support/doors.h"

#include <stdlib.h>

#define THREADS 32
#define STARTS_A_TURN 4

int32_t hf_wt_thread_spawn(uint32_t argument);

static _Atomic bool all_there;
static _Atomic unsigned exits;

static enum run_end guest(uint32_t session, uint32_t tid, uint32_t argument)
{
	(void)session, (void)tid, (void)argument;
	while (!atomic_load(&all_there)) {
		guest_may_die();
		(void)hf_wt_thread_spawn(0);
	}
	for (uint32_t i = 0; i < 100; i++)
		CHECK_EQ(hf_wt_thread_spawn(0), -HF_EAGAIN);
	hf_p1_proc_exit(0);
	return RUN_RETURNED;
}

static void on_output_end(uint32_t session, uint32_t fd)
{
	(void)session, (void)fd;
}

static void on_exited(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t size)
{
	(void)session, (void)code, (void)message, (void)size;
	CHECK_EQ(reason, HF_EXIT_EXIT);
	atomic_fetch_add(&exits, 1);
}

static void on_over(uint32_t session)
{
	(void)session;
}

static unsigned threads_of(struct session *session)
{
	double ps[5];
	CHECK(hf_c_ps(session, ps, 5) >= 5);
	return (unsigned)ps[4];
}

int main(void)
{
	const struct browser browser = {
		.guest = guest, .output_end = on_output_end, .exited = on_exited, .session_over = on_over};
	struct hf_spawn_header header = {.id = 1, .threads = THREADS};
	struct hf_spawn_error error;
	coordinator_begin(&browser, THREADS, THREADS + 1);
	struct session *session = hf_c_spawn(&header, &error, NULL, NULL, NULL, NULL);
	CHECK(session);
	for (unsigned before; (before = threads_of(session)) < THREADS;) {
		coordinator_turn();
		CHECK(threads_of(session) <= before + STARTS_A_TURN);
	}
	atomic_store(&all_there, true);
	while (exits == 0)
		coordinator_turn();
	/* Workers stay alive. */
	_Exit(0);
}
