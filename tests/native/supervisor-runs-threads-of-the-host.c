/* The supervisor over pthreads: restarts, the order of stops, timeouts that stop nothing, supervisors below supervisors, and a
 * guest of the kernel as a child. */
#include <holdfast/supervise.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/threads.h"

#define EVER HF_SUP_FOREVER
#define TRAP 2

static char log_text[4096];

/* Runs on one supervisor's thread; read after it was closed, or while it waits for the test. */
static void write_down(void *context, const struct hf_sup_action *action, const char *id)
{
	static const char *const words[] = {
		[HF_SUP_TELL_STARTED] = "started",       [HF_SUP_TELL_ENDED] = "ended", [HF_SUP_TELL_STOPPED] = "stopped",
		[HF_SUP_TELL_RESTARTING] = "restarting", [HF_SUP_TELL_LIMIT] = "limit", [HF_SUP_TELL_COMPLETED] = "completed",
		[HF_SUP_TELL_FINISHED] = "finished"};
	(void)context;
	size_t used = strlen(log_text);
	snprintf(log_text + used, sizeof log_text - used, "%s%s%s;", words[action->kind], id ? " " : "", id ? id : "");
}

static struct hf_sup_end until_told(void *context, struct hf_supervised *self)
{
	(void)context;
	while (!hf_supervised_sleep(self, EVER))
		continue;
	return (struct hf_sup_end){HF_SUP_END_EXIT, 0};
}

static struct hf_sup_end trap(void *context, struct hf_supervised *self)
{
	(void)context;
	(void)self;
	return (struct hf_sup_end){TRAP, 134};
}

static struct hf_sup_end finish(void *context, struct hf_supervised *self)
{
	(void)context;
	(void)self;
	return (struct hf_sup_end){HF_SUP_END_EXIT, 0};
}

static struct hf_supervise_options options(const struct hf_supervise_child *children, uint32_t count,
                                           int32_t max_restarts)
{
	log_text[0] = 0;
	return (struct hf_supervise_options){
		.settings = {.max_restarts = max_restarts, .within = EVER, .backoff = {.factor = 1}},
		.children = children,
		.count = count,
		.event = write_down};
}

static struct hf_supervision *begin(const struct hf_supervise_options *how)
{
	struct hf_supervision *sup;
	CHECK_OK(hf_supervise(how, &sup));
	return sup;
}

/* A transient child that traps, two restarts. */
static void check_golden_case(void)
{
	const struct hf_supervise_child worker = {.id = "trap_worker", .restart = HF_SUP_TRANSIENT, .run = trap};
	struct hf_supervise_options how = options(&worker, 1, 2);
	struct hf_supervision *sup = begin(&how);
	struct hf_supervise_outcome outcome = hf_supervise_wait(sup, EVER);
	CHECK_EQ(outcome.kind, HF_SUPERVISE_RESTART_LIMIT);
	CHECK(strcmp(outcome.id, "trap_worker") == 0);
	CHECK_EQ(outcome.restarts, 2);
	CHECK_EQ(outcome.end.reason, TRAP);
	hf_supervise_close(sup);
}

/* The first child ends only when it is stopped. The others end in any order, and their ends are reported. */
static void check_any_order(void)
{
	const struct hf_supervise_child children[] = {
		{.id = "stays", .restart = HF_SUP_PERMANENT, .shutdown = HF_SUP_USUAL, .run = until_told},
		{.id = "finishes", .restart = HF_SUP_TRANSIENT, .shutdown = HF_SUP_USUAL, .run = finish},
		{.id = "traps", .restart = HF_SUP_TEMPORARY, .shutdown = HF_SUP_USUAL, .run = trap},
	};
	struct hf_supervise_options how = options(children, 3, 0);
	struct hf_supervision *sup = begin(&how);
	struct hf_supervise_outcome outcome;
	do {
		outcome = hf_supervise_wait(sup, 1 * MILLISECOND);
		CHECK_EQ(outcome.kind, HF_SUPERVISE_TIMEOUT);
	} while (outcome.pending > 1);
	/* A timeout stops nothing: the supervisor can be waited for again, and stops on request. */
	CHECK_OK(hf_supervise_stop(sup, "stays"));
	outcome = hf_supervise_wait(sup, EVER);
	CHECK_EQ(outcome.kind, HF_SUPERVISE_COMPLETED);
	CHECK_EQ(outcome.restarts, 0);
	/* Now it continues. */
	CHECK_OK(hf_supervise_restart(sup, "stays"));
	CHECK_ERR(hf_supervise_restart(sup, "traps"), -HF_ENOENT);
	CHECK_EQ(hf_supervise_wait(sup, 1 * MILLISECOND).kind, HF_SUPERVISE_TIMEOUT);
	CHECK_OK(hf_supervise_add(sup, &children[2]));
	CHECK_ERR(hf_supervise_add(sup, &children[0]), -HF_EEXIST);
	hf_supervise_close(sup);

	struct hf_supervise_options none = options(NULL, 0, 0);
	sup = begin(&none);
	outcome = hf_supervise_wait(sup, EVER);
	CHECK(outcome.kind == HF_SUPERVISE_COMPLETED && outcome.restarts == 0);
	hf_supervise_close(sup);
}

static atomic_uint crash;

static struct hf_sup_end until_crash(void *context, struct hf_supervised *self)
{
	(void)context;
	while (!hf_supervised_sleep(self, 1 * MILLISECOND)) {
		if (atomic_exchange(&crash, 0))
			return (struct hf_sup_end){TRAP, 134};
	}
	return (struct hf_sup_end){HF_SUP_END_EXIT, 0};
}

static void check_order(void)
{
	const struct hf_supervise_child children[] = {
		{.id = "a", .restart = HF_SUP_PERMANENT, .shutdown = EVER, .run = until_told},
		{.id = "b", .restart = HF_SUP_PERMANENT, .shutdown = EVER, .run = until_crash},
		{.id = "c", .restart = HF_SUP_PERMANENT, .shutdown = EVER, .run = until_told},
	};
	struct hf_supervise_options how = options(children, 3, 1);
	how.settings.strategy = HF_SUP_ONE_FOR_ALL;
	struct hf_supervision *sup = begin(&how);
	atomic_store(&crash, 1);
	while (hf_supervise_generation(sup, "c") < 6)
		CHECK_EQ(hf_supervise_wait(sup, 1 * MILLISECOND).kind, HF_SUPERVISE_TIMEOUT);
	atomic_store(&crash, 1);
	CHECK_EQ(hf_supervise_wait(sup, EVER).kind, HF_SUPERVISE_RESTART_LIMIT);
	hf_supervise_close(sup);
	if (strcmp(log_text, "started a;started b;started c;ended b;restarting b;stopped c;stopped a;"
	                     "started a;started b;started c;ended b;limit b;stopped c;stopped a;finished;") != 0)
		check_failed(__FILE__, __LINE__, log_text);
}

/* A supervisor that reaches its limit counts as an abnormal end for its parent. */
static void check_nested(void)
{
	const struct hf_supervise_child inner[] = {
		{.id = "stays", .restart = HF_SUP_PERMANENT, .shutdown = HF_SUP_USUAL, .run = until_told},
		{.id = "traps", .restart = HF_SUP_PERMANENT, .shutdown = HF_SUP_USUAL, .run = trap},
	};
	struct hf_supervise_options below = options(inner, 2, 3), quiet = options(inner, 1, 3),
								finishing = options(NULL, 0, 3);
	below.event = quiet.event = finishing.event = NULL;
	const struct hf_supervise_child outer[] = {
		{.id = "quiet", .restart = HF_SUP_PERMANENT, .shutdown = HF_SUP_USUAL, .supervisor = &quiet},
		{.id = "below", .restart = HF_SUP_TRANSIENT, .shutdown = HF_SUP_USUAL, .supervisor = &below},
		{.id = "finishing", .restart = HF_SUP_TRANSIENT, .shutdown = HF_SUP_USUAL, .supervisor = &finishing},
	};
	struct hf_supervise_options how = options(outer, 3, 1);
	struct hf_supervision *sup = begin(&how);
	struct hf_supervise_outcome outcome = hf_supervise_wait(sup, EVER);
	CHECK_EQ(outcome.kind, HF_SUPERVISE_RESTART_LIMIT);
	CHECK(strcmp(outcome.id, "below") == 0);
	CHECK_EQ(outcome.end.reason, HF_SUP_END_RESTART_LIMIT);
	CHECK_EQ(outcome.restarts, 1);
	hf_supervise_close(sup);
}

/* A guest as a child: it sleeps in the kernel and cannot be asked to end, so killing the kernel's process ends it. */
static void sleep_in_the_kernel(void *context)
{
	(void)context;
	hf_door_enter(hf_self);
	uint32_t ticket = hf_park_ticket(hf_self);
	CHECK_ERR(hf_park(hf_self, ticket, HF_FOREVER, HF_PARK_AT_ONCE), -HF_EINTR);
	hf_door_leave(hf_self); /* unwinds */
}

static void nothing(struct hf_work *work)
{
	(void)work;
}

struct guest {
	pthread_mutex_t lock;
	struct hf_process *process; /* while it runs */
};

static bool guest_runs(struct guest *guest)
{
	pthread_mutex_lock(&guest->lock);
	bool there = guest->process;
	pthread_mutex_unlock(&guest->lock);
	return there;
}

static struct hf_sup_end run_guest(void *context, struct hf_supervised *self)
{
	struct guest *guest = context;
	(void)self;
	struct hf_process *process = process_begin(nothing);
	struct hf_thread *thread = thread_begin_in(process, 1);
	pthread_mutex_lock(&guest->lock);
	guest->process = process;
	pthread_mutex_unlock(&guest->lock);
	(void)thread_run(thread, sleep_in_the_kernel, NULL);
	struct hf_sup_end end = {process->reason, process->code};
	pthread_mutex_lock(&guest->lock);
	guest->process = NULL;
	pthread_mutex_unlock(&guest->lock);
	(void)hf_work_cancel(&process->ended);
	hf_process_unref(process);
	return end;
}

static void stop_guest(void *context, struct hf_supervised *self, bool kill)
{
	struct guest *guest = context;
	(void)self;
	pthread_mutex_lock(&guest->lock);
	if (kill && guest->process)
		hf_process_end(guest->process, HF_EXIT_KILLED, 137, NULL, 0, NULL, 0);
	pthread_mutex_unlock(&guest->lock);
}

static void check_guest(void)
{
	struct guest guest = {.lock = PTHREAD_MUTEX_INITIALIZER};
	const struct hf_supervise_child child = {.id = "guest",
	                                         .restart = HF_SUP_PERMANENT,
	                                         .shutdown = 20 * MILLISECOND,
	                                         .run = run_guest,
	                                         .stop = stop_guest,
	                                         .context = &guest};
	struct hf_supervise_options how = options(&child, 1, 0);
	struct hf_supervision *sup = begin(&how);
	while (!guest_runs(&guest))
		sleep_ms(1);
	CHECK_OK(hf_supervise_restart(sup, "guest"));
	while (hf_supervise_generation(sup, "guest") < 2 || !guest_runs(&guest))
		sleep_ms(1);
	hf_supervise_close(sup);
	CHECK(strcmp(log_text, "started guest;stopped guest;started guest;stopped guest;finished;") == 0);
}

static atomic_uint runs;

static struct hf_sup_end count_runs(void *context, struct hf_supervised *self)
{
	(void)context;
	atomic_fetch_add(&runs, 1);
	(void)hf_supervised_sleep(self, 5 * MILLISECOND);
	return (struct hf_sup_end){HF_SUP_END_EXIT, hf_supervised_told(self) ? 0 : 1};
}

/* A detached supervisor continues by itself, and is freed when all its children have ended (the sanitizer reports it otherwise). */
static atomic_bool detached_is_over;

static void note_end(void *context, const struct hf_sup_action *action, const char *id)
{
	(void)context;
	(void)id;
	if (action->kind == HF_SUP_TELL_FINISHED)
		atomic_store(&detached_is_over, true);
}

static void check_detach(void)
{
	const struct hf_supervise_child child = {
		.id = "w", .restart = HF_SUP_TRANSIENT, .shutdown = HF_SUP_USUAL, .run = count_runs};
	struct hf_supervise_options how = options(&child, 1, 3);
	how.event = note_end;
	hf_supervise_detach(begin(&how));
	while (!atomic_load(&detached_is_over))
		sleep_ms(1);
	CHECK_EQ(atomic_load(&runs), 4);
	/* A supervisor that has already ended can be detached too. */
	struct hf_supervise_options none = options(NULL, 0, 0);
	none.event = NULL;
	struct hf_supervision *sup = begin(&none);
	hf_supervise_kill(sup);
	while (hf_supervise_stop(sup, "w") != -HF_ECANCELED)
		sleep_ms(1);
	hf_supervise_detach(sup);
}

static void check_options(void)
{
	const struct hf_supervise_child both = {.id = "x"}, twice[] = {{.id = "x", .run = trap}, {.id = "x", .run = trap}},
									wrong = {.id = "x", .run = trap, .restart = 3};
	struct hf_supervision *sup;
	struct hf_supervise_options how = options(&both, 1, 0);
	CHECK_ERR(hf_supervise(&how, &sup), -HF_EINVAL);
	how = options(twice, 2, 0);
	CHECK_ERR(hf_supervise(&how, &sup), -HF_EEXIST);
	how = options(&wrong, 1, 0);
	CHECK_ERR(hf_supervise(&how, &sup), -HF_EINVAL);
	how = options(NULL, 0, 0);
	how.settings.within = 0;
	CHECK_ERR(hf_supervise(&how, &sup), -HF_EINVAL);
}

int main(void)
{
	check_golden_case();
	check_any_order();
	check_order();
	check_nested();
	check_guest();
	check_detach();
	check_options();
	return done();
}
