/* An engine may end a worker inside the kernel. If that worker held a lock, or waited for one, nothing can continue: the runtime reports this at once
 * when it learns of the end, and after a while when it waits for that lock. Without a lock only that worker's program is lost. */
#include "support/coordinator.h"
#include "support/last_words.h"

#include <string.h>

static struct hf_lock lock;
static bool with_lock;
static unsigned exits;

static enum run_end guest(uint32_t session, uint32_t tid, uint32_t argument) HF_NO_TSA
{
	(void)session, (void)tid, (void)argument;
	hf_door_enter(hf_self);
	if (with_lock)
		hf_lock(&lock);
	return RUN_BROKEN;
}

static void on_output_end(uint32_t session, uint32_t fd)
{
	(void)session, (void)fd;
}

static void on_exited(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t size)
{
	(void)session, (void)code, (void)message, (void)size;
	CHECK_EQ(reason, HF_EXIT_CRASH);
	exits++;
}

static void on_over(uint32_t session)
{
	(void)session;
}

static void run_until_it_is_told(void)
{
	const struct browser browser = {
		.guest = guest, .output_end = on_output_end, .exited = on_exited, .session_over = on_over};
	struct hf_spawn_header header = {.id = 1};
	struct hf_spawn_error error;
	hf_lock_init(&lock, HF_RANK_LEAF);
	coordinator_begin(&browser, 1, 4);
	CHECK(hf_c_spawn(&header, &error, NULL, NULL, NULL, NULL));
	while (exits == 0)
		coordinator_turn();
}

static void worker_with_a_lock(void)
{
	with_lock = true;
	run_until_it_is_told();
}

static void take(void *context) HF_NO_TSA
{
	hf_lock(&lock);
	atomic_store((_Atomic bool *)context, true);
}

static void coordinator_wants_the_lock(void) HF_NO_TSA
{
	static _Atomic bool taken;
	hf_lock_init(&lock, HF_RANK_LEAF);
	in_background(take, &taken);
	while (!atomic_load(&taken))
		sleep_us(100);
	hf_lock_come_first();
	hf_lock_patience = 1;
	hf_lock(&lock);
}

/* Under ThreadSanitizer, which has a thread of its own, each child is forked from a process with threads. It must therefore start no threads, and it
 * ends without a join. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "die_after_fork=0:report_thread_leaks=0";
}

int main(void)
{
	CHECK(!last_words(run_until_it_is_told));
	const char *words = last_words(worker_with_a_lock);
	CHECK(words && strstr(words, "the engine ended a worker inside the kernel, while it held a lock"));
	words = last_words(coordinator_wants_the_lock);
	CHECK(words && strstr(words, "a thread ended while it held a lock of the kernel"));
	return done();
}
