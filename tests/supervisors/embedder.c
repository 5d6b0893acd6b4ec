/* embedder.c - an example of how an embedder supervises guests: it includes only the public headers (holdfast/host.h, holdfast/supervise.h).
 * tests/guests/supervised-natively.test.mjs translates the guests and checks its output.
 *
 *   supervised TRAPS.so READS.so COMPUTES.so HELLO.so */
#define _GNU_SOURCE
#include <fcntl.h>
#include <holdfast/host.h>
#include <holdfast/supervise.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(condition) ((condition) ? (void)0 : fail(#condition, __LINE__))
static void fail(const char *what, int line)
{
	fprintf(stderr, "line %d: failed: %s\n", line, what);
	abort();
}

/* ---- a guest as a child ---- */

struct service {
	const struct hf_guest_module *module;
	pthread_mutex_t mutex;
	/* Protected by mutex: the run under way; NULL and -1 between runs. */
	struct hf_guest *guest;
	int stdin_end;
	uint32_t asked, killed; /* the generation that was asked or killed, perhaps before it had a guest */
	/* How the last run ended. Read once the supervisor is closed. */
	struct hf_guest_exit exit;
};

static struct service load(const char *file)
{
	struct service service = {.mutex = PTHREAD_MUTEX_INITIALIZER, .stdin_end = -1};
	CHECK(hf_guest_load(file, &service.module) == 0);
	return service;
}

static void close_stdin_locked(struct service *service)
{
	if (service->stdin_end >= 0)
		close(service->stdin_end);
	service->stdin_end = -1;
}

/* A guest is asked to end by closing its standard input, as in the browser, and killed by ending its threads. */
static void stop_locked(struct service *service, struct hf_supervised *self)
{
	uint32_t generation = hf_supervised_generation(self);
	if (service->asked == generation || service->killed == generation)
		close_stdin_locked(service);
	if (service->killed == generation && service->guest)
		hf_guest_end(service->guest, HF_ENDED_KILLED, 137, "its supervisor killed it");
}

static void stop(void *context, struct hf_supervised *self, bool kill)
{
	struct service *service = context;
	pthread_mutex_lock(&service->mutex);
	*(kill ? &service->killed : &service->asked) = hf_supervised_generation(self);
	stop_locked(service, self);
	pthread_mutex_unlock(&service->mutex);
}

static struct hf_sup_end run(void *context, struct hf_supervised *self)
{
	static const char *const args[] = {"service", NULL}, *const none[] = {NULL};
	struct service *service = context;
	struct hf_guest *guest;
	int input[2];
	CHECK(pipe2(input, O_CLOEXEC) == 0);
	struct hf_guest_options options = {
		.module = service->module, .args = args, .env = none, .streams = {input[0], -1, -1}};
	pthread_mutex_lock(&service->mutex);
	int result = hf_guest_spawn(&options, &guest);
	service->stdin_end = input[1];
	service->guest = result == 0 ? guest : NULL;
	stop_locked(service, self); /* the order may have come before the guest existed */
	pthread_mutex_unlock(&service->mutex);
	if (result == 0)
		CHECK(hf_guest_join(guest, HF_GUEST_FOREVER));
	pthread_mutex_lock(&service->mutex);
	close_stdin_locked(service);
	service->guest = NULL;
	pthread_mutex_unlock(&service->mutex);
	close(input[0]);
	if (result < 0)
		return (struct hf_sup_end){.reason = HF_SUP_END_START_FAILED};
	service->exit = *hf_guest_exit(guest);
	hf_guest_free(guest);
	return (struct hf_sup_end){.reason = service->exit.reason, .code = service->exit.code};
}

/* ---- what happens to them ---- */

/* Counts for the running supervisor. */
static _Atomic unsigned starts;

/* Runs on the supervisor's thread. */
static void tell(void *context, const struct hf_sup_action *action, const char *id)
{
	static const char *const words[] = {
		[HF_SUP_TELL_STARTED] = "started",       [HF_SUP_TELL_ENDED] = "ended", [HF_SUP_TELL_STOPPED] = "stopped",
		[HF_SUP_TELL_RESTARTING] = "restarting", [HF_SUP_TELL_LIMIT] = "limit", [HF_SUP_TELL_COMPLETED] = "completed",
		[HF_SUP_TELL_FINISHED] = "finished"};
	(void)context;
	printf("%s%s%s", words[action->kind], id ? " " : "", id ? id : "");
	if (action->kind == HF_SUP_TELL_ENDED || action->kind == HF_SUP_TELL_STOPPED)
		printf(" %u %u", (unsigned)action->end.reason, (unsigned)action->end.code);
	printf("\n");
	if (action->kind == HF_SUP_TELL_STARTED)
		atomic_fetch_add(&starts, 1);
}

static struct hf_supervision *begin(const struct hf_supervise_child *children, uint32_t count, uint32_t strategy)
{
	struct hf_supervise_options options = {
		.settings = {.strategy = strategy, .max_restarts = 2, .within = HF_SUP_FOREVER, .backoff = {.factor = 1}},
		.children = children,
		.count = count,
		.event = tell};
	struct hf_supervision *sup;
	atomic_store(&starts, 0);
	CHECK(hf_supervise(&options, &sup) == 0);
	return sup;
}

/* The guest traps and is restarted twice; then the limit is reached. */
static void until_the_limit(const char *file)
{
	struct service traps = load(file);
	struct hf_supervise_child child = {
		.id = "traps", .restart = HF_SUP_TRANSIENT, .run = run, .stop = stop, .context = &traps};
	struct hf_supervision *sup = begin(&child, 1, HF_SUP_ONE_FOR_ONE);
	struct hf_supervise_outcome outcome = hf_supervise_wait(sup, HF_SUP_FOREVER);
	CHECK(outcome.kind == HF_SUPERVISE_RESTART_LIMIT && outcome.restarts == 2 && outcome.end.reason == HF_ENDED_TRAP);
	hf_supervise_close(sup);
	printf("%s\n", traps.exit.message);
}

/* A transient child that ends normally is not restarted. */
static void to_the_end(const char *file)
{
	struct service hello = load(file);
	struct hf_supervise_child child = {
		.id = "hello", .restart = HF_SUP_TRANSIENT, .run = run, .stop = stop, .context = &hello};
	struct hf_supervision *sup = begin(&child, 1, HF_SUP_ONE_FOR_ONE);
	struct hf_supervise_outcome outcome = hf_supervise_wait(sup, HF_SUP_FOREVER);
	CHECK(outcome.kind == HF_SUPERVISE_COMPLETED && outcome.restarts == 0);
	hf_supervise_close(sup);
}

/* Waits until the starts have been reported, so that events always come in the same order. */
static void await_starts(struct hf_supervision *sup, unsigned count)
{
	while (atomic_load(&starts) < count)
		CHECK(hf_supervise_wait(sup, 1000000).kind == HF_SUPERVISE_TIMEOUT);
}

/* The guest that computes is killed, both for its restart and at the end; the one that reads ends when asked. */
static void until_they_are_stopped(const char *reading, const char *computing)
{
	struct service reads = load(reading), computes = load(computing);
	struct hf_supervise_child children[] = {
		{.id = "reads", .shutdown = HF_SUP_FOREVER, .run = run, .stop = stop, .context = &reads},
		{.id = "computes", .shutdown = 0, .run = run, .stop = stop, .context = &computes},
	};
	struct hf_supervision *sup = begin(children, 2, HF_SUP_ONE_FOR_ONE);
	await_starts(sup, 2);
	CHECK(hf_supervise_restart(sup, "computes") == 0);
	await_starts(sup, 3);
	hf_supervise_close(sup);
	CHECK(reads.exit.reason == HF_ENDED_EXIT && computes.exit.reason == HF_ENDED_KILLED);
	printf("%s\n", computes.exit.message);
}

int main(int count, char **words)
{
	CHECK(count == 5);
	(void)signal(SIGPIPE, SIG_IGN);
	CHECK(hf_host_start(0) == 0);
	until_the_limit(words[1]);
	until_they_are_stopped(words[2], words[3]);
	to_the_end(words[4]);
	hf_host_stop();
	return 0;
}
