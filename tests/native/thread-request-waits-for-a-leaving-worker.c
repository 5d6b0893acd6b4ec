/* A process requests a thread while all workers are busy, but one of them is about to be free: its process has ended, and its message that it is idle
 * is on its way. The request succeeds; it fails when all of them stay busy. */
#include "support/coordinator.h"

#include "coordinator/pool.h"
#include "support/doors.h"

#include <string.h>

int32_t hf_wt_thread_spawn(uint32_t argument);

enum { FIRST = 1, ASKS = 2 };

static hf_word first_may_end, answers;
static int32_t refused, given;
static unsigned exited;

static enum run_end guest(uint32_t session, uint32_t tid, uint32_t argument)
{
	(void)tid;
	if (session == FIRST) {
		while (!atomic_load(&first_may_end))
			guest_may_die(), sleep_us(100);
		return RUN_RETURNED;
	}
	if (argument == 7)
		return RUN_RETURNED;
	refused = hf_wt_thread_spawn(7);
	atomic_store(&answers, 1);
	while (atomic_load(&answers) == 1)
		sleep_us(100);
	given = hf_wt_thread_spawn(7);
	return RUN_RETURNED;
}

static void output(uint32_t session, uint32_t fd, const uint8_t *bytes, size_t size)
{
	(void)session, (void)fd, (void)bytes, (void)size;
}

static void one(uint32_t session, uint32_t fd)
{
	(void)session, (void)fd;
}

static void only(uint32_t session)
{
	(void)session;
}

static void told(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size)
{
	(void)session, (void)reason, (void)code, (void)message, (void)message_size;
	exited++;
}

int main(void)
{
	static const struct browser browser = {
		.guest = guest, .output = output, .output_end = one, .stdin_ready = only, .exited = told, .session_over = only};
	coordinator_zombies_die();
	coordinator_begin(&browser, 2, 2);
	CHECK(coordinator_spawn(FIRST));
	CHECK(coordinator_spawn(ASKS));
	while (!atomic_load(&answers))
		coordinator_turn();
	CHECK_EQ(refused, -HF_EAGAIN);
	atomic_store(&first_may_end, 1);
	coordinator_hold_idle(true);
	while (exited < 1)
		coordinator_turn();
	atomic_store(&answers, 2);
	for (int turns = 0; turns < 200; turns++)
		coordinator_turn();
	CHECK_EQ(exited, 1);
	coordinator_hold_idle(false);
	while (exited < 2)
		coordinator_turn();
	CHECK(given > 0);
	/* If the new thread had not begun when its process ended, its worker was terminated. */
	while (hf_pool_count(HF_WORKER_ZOMBIE) > 0)
		coordinator_turn();
	return 0;
}
