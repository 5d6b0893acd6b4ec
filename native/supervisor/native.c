/* native.c - a supervisor over threads of the host: one thread runs the policy, and each child has a thread.
 *
 * Each supervisor has one lock, which guards everything in it; callbacks run without the lock. A run (struct hf_supervised) belongs to the supervisor's
 * thread; only that thread creates and frees it. The child's thread touches it last when it reports its end, under the lock.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <holdfast/errno.h>
#include <holdfast/supervise.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct hf_supervised {
	/* immutable */
	struct hf_supervised *next; /* for the supervisor's thread only */
	struct hf_supervision *sup;
	struct hf_supervise_child child;
	uint32_t id, generation;
	pthread_t thread;
	/* under sup->lock */
	bool told, killed, ended;
	struct hf_sup_end end;
	struct hf_supervision *nested; /* while it runs */
};

struct hf_supervision {
	void (*event)(void *context, const struct hf_sup_action *action, const char *id);
	void *context;
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t changed; /* anything below */
	struct hf_supervisor policy;
	struct hf_supervise_child *children; /* indexed by their number in the policy; removed ones have no id */
	uint32_t children_count;
	struct hf_supervised *runs;
	bool completed, finished, detached;
};

static uint64_t clock_now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint64_t after(uint64_t time)
{
	uint64_t now = clock_now();
	return time >= HF_SUP_FOREVER - now ? HF_SUP_FOREVER : now + time;
}

/* Sleeps until something changes or until the deadline; called with the lock held, which it releases while it sleeps. False: the deadline has passed. */
static bool sleep_until(struct hf_supervision *sup, uint64_t deadline)
{
	struct timespec time = {.tv_sec = (time_t)(deadline / 1000000000), .tv_nsec = (long)(deadline % 1000000000)};
	if (deadline == HF_SUP_FOREVER)
		return pthread_cond_wait(&sup->changed, &sup->lock) == 0;
	return pthread_cond_timedwait(&sup->changed, &sup->lock, &time) != ETIMEDOUT;
}

/* ---- a child's thread ---- */

/* Called with the parent's lock held: a parent's lock is always taken before its child's. */
static void end_nested(struct hf_supervision *nested, bool kill)
{
	pthread_mutex_lock(&nested->lock);
	if (kill)
		hf_sup_kill(&nested->policy, clock_now());
	else
		hf_sup_close(&nested->policy);
	pthread_cond_broadcast(&nested->changed);
	pthread_mutex_unlock(&nested->lock);
}

static struct hf_sup_end run_supervisor(struct hf_supervised *run)
{
	struct hf_supervision *nested;
	if (hf_supervise(run->child.supervisor, &nested) < 0)
		return (struct hf_sup_end){HF_SUP_END_START_FAILED, 0};
	pthread_mutex_lock(&run->sup->lock);
	run->nested = nested;
	if (run->told)
		end_nested(nested, run->killed);
	pthread_mutex_unlock(&run->sup->lock);
	/* If it is asked to end later, stop() ends the nested one. */
	struct hf_supervise_outcome outcome = hf_supervise_wait(nested, HF_SUP_FOREVER);
	pthread_mutex_lock(&run->sup->lock);
	run->nested = NULL;
	pthread_mutex_unlock(&run->sup->lock);
	hf_supervise_close(nested);
	return (struct hf_sup_end){outcome.kind == HF_SUPERVISE_RESTART_LIMIT ? HF_SUP_END_RESTART_LIMIT : HF_SUP_END_EXIT,
	                           0};
}

static void *child_thread(void *argument)
{
	struct hf_supervised *run = argument;
	struct hf_supervision *sup = run->sup;
	struct hf_sup_end end = run->child.supervisor ? run_supervisor(run) : run->child.run(run->child.context, run);
	pthread_mutex_lock(&sup->lock);
	run->end = end;
	run->ended = true;
	pthread_cond_broadcast(&sup->changed);
	pthread_mutex_unlock(&sup->lock);
	return NULL;
}

bool hf_supervised_told(struct hf_supervised *self)
{
	return hf_supervised_sleep(self, 0);
}

bool hf_supervised_sleep(struct hf_supervised *self, uint64_t time)
{
	uint64_t deadline = after(time);
	pthread_mutex_lock(&self->sup->lock);
	while (!self->told && time > 0 && sleep_until(self->sup, deadline))
		continue;
	bool told = self->told;
	pthread_mutex_unlock(&self->sup->lock);
	return told;
}

uint32_t hf_supervised_generation(const struct hf_supervised *self)
{
	return self->generation;
}

/* ---- the supervisor's thread; the lock is held unless said otherwise ---- */

static void start(struct hf_supervision *sup, const struct hf_sup_action *action)
{
	struct hf_supervised *run = calloc(1, sizeof *run);
	sup->completed = false;
	if (run) {
		*run = (struct hf_supervised){.next = sup->runs,
		                              .sup = sup,
		                              .child = sup->children[action->id],
		                              .id = action->id,
		                              .generation = action->generation};
		if (pthread_create(&run->thread, NULL, child_thread, run) == 0) {
			sup->runs = run;
			bool supervisor = run->child.supervisor;
			(void)hf_sup_started(&sup->policy, action->id, action->generation, supervisor, clock_now());
			return;
		}
	}
	free(run);
	const struct hf_sup_end end = {HF_SUP_END_START_FAILED, 0};
	(void)hf_sup_ended(&sup->policy, action->id, action->generation, end, clock_now());
}

static void stop(struct hf_supervision *sup, const struct hf_sup_action *action)
{
	bool kill = action->kind == HF_SUP_DO_KILL;
	struct hf_supervised *run = sup->runs;
	while (run->generation != action->generation)
		run = run->next;
	run->told = true;
	run->killed = kill;
	pthread_cond_broadcast(&sup->changed);
	if (run->nested)
		end_nested(run->nested, kill);
	if (run->child.stop) {
		pthread_mutex_unlock(&sup->lock);
		run->child.stop(run->child.context, run, kill);
		pthread_mutex_lock(&sup->lock);
	}
}

static void tell(struct hf_supervision *sup, const struct hf_sup_action *action)
{
	bool about_child = action->kind < HF_SUP_TELL_COMPLETED;
	const char *id = about_child ? sup->children[action->id].id : NULL;
	if (action->forgotten)
		sup->children[action->id].id = NULL;
	if (sup->event) {
		pthread_mutex_unlock(&sup->lock);
		sup->event(sup->context, action, id);
		pthread_mutex_lock(&sup->lock);
	}
	/* It is not complete if the callback has added or restarted a child. */
	sup->completed |= action->kind == HF_SUP_TELL_COMPLETED && sup->policy.told;
	sup->finished |= action->kind == HF_SUP_TELL_FINISHED;
	pthread_cond_broadcast(&sup->changed);
}

static void obey(struct hf_supervision *sup, const struct hf_sup_action *action)
{
	if (action->kind == HF_SUP_DO_START)
		start(sup, action);
	else if (action->kind == HF_SUP_DO_ASK || action->kind == HF_SUP_DO_KILL)
		stop(sup, action);
	else
		tell(sup, action);
}

/* Processes one run that has ended; false: there is none. */
static bool reap(struct hf_supervision *sup)
{
	for (struct hf_supervised **at = &sup->runs; *at; at = &(*at)->next) {
		struct hf_supervised *run = *at;
		if (!run->ended)
			continue;
		*at = run->next;
		(void)hf_sup_ended(&sup->policy, run->id, run->generation, run->end, clock_now());
		pthread_mutex_unlock(&sup->lock);
		pthread_join(run->thread, NULL); /* it has nothing left to do */
		free(run);
		pthread_mutex_lock(&sup->lock);
		return true;
	}
	return false;
}

static void destroy(struct hf_supervision *sup)
{
	pthread_mutex_destroy(&sup->lock);
	pthread_cond_destroy(&sup->changed);
	free(sup->policy.children);
	free(sup->policy.times);
	free(sup->children);
	free(sup);
}

static void *supervisor_thread(void *argument)
{
	struct hf_supervision *sup = argument;
	struct hf_sup_action action;
	pthread_mutex_lock(&sup->lock);
	for (;;) {
		while (hf_sup_next(&sup->policy, clock_now(), &action))
			obey(sup, &action);
		if (sup->finished)
			break;
		if (sup->detached && sup->completed)
			hf_sup_close(&sup->policy);
		else if (!reap(sup))
			(void)sleep_until(sup, hf_sup_deadline(&sup->policy));
	}
	bool detached = sup->detached;
	pthread_mutex_unlock(&sup->lock);
	if (detached)
		destroy(sup);
	return NULL;
}

/* ---- the embedder's side ---- */

/* Returns the child's number, or UINT32_MAX. */
static uint32_t number_of(const struct hf_supervision *sup, const char *id)
{
	for (uint32_t i = 0; i < sup->children_count; i++) {
		if (sup->children[i].id && strcmp(sup->children[i].id, id) == 0)
			return i;
	}
	return UINT32_MAX;
}

/* Returns an unused number, for which both tables have room. */
static int new_number(struct hf_supervision *sup, uint32_t *number)
{
	for (*number = 0; *number < sup->children_count; ++*number) {
		if (!sup->children[*number].id)
			return 0;
	}
	uint32_t capacity = sup->children_count ? 2 * sup->children_count : 8;
	struct hf_supervise_child *children = realloc(sup->children, capacity * sizeof *children);
	if (children)
		sup->children = children;
	struct hf_sup_child *table = children ? malloc(capacity * sizeof *table) : NULL;
	if (!table)
		return -HF_ENOMEM;
	memset(children + sup->children_count, 0, (capacity - sup->children_count) * sizeof *children);
	sup->children_count = capacity;
	struct hf_sup_child *old = sup->policy.children;
	hf_sup_move(&sup->policy, table, capacity);
	free(old);
	return 0;
}

static int add(struct hf_supervision *sup, const struct hf_supervise_child *child)
{
	uint32_t number;
	if (!child->id || !child->run == !child->supervisor)
		return -HF_EINVAL;
	if (number_of(sup, child->id) != UINT32_MAX)
		return -HF_EEXIST;
	int result = new_number(sup, &number);
	if (result < 0)
		return result;
	const struct hf_sup_spec spec = {.id = number, .restart = child->restart, .shutdown = child->shutdown};
	result = hf_sup_add(&sup->policy, &spec, clock_now());
	if (result == 0)
		sup->children[number] = *child;
	return result;
}

static int init(struct hf_supervision *sup, const struct hf_supervise_options *options)
{
	uint32_t times = hf_sup_times(&options->settings);
	int result = hf_sup_init(&sup->policy, &options->settings, NULL, 0, NULL);
	if (result < 0)
		return result;
	sup->policy.times = malloc((times ? times : 1) * sizeof *sup->policy.times);
	if (!sup->policy.times)
		return -HF_ENOMEM;
	for (uint32_t i = 0; i < options->count && result == 0; i++)
		result = add(sup, &options->children[i]);
	return result;
}

int hf_supervise(const struct hf_supervise_options *options, struct hf_supervision **out)
{
	struct hf_supervision *sup = calloc(1, sizeof *sup);
	pthread_condattr_t clock;
	if (!sup)
		return -HF_ENOMEM;
	sup->event = options->event;
	sup->context = options->context;
	pthread_mutex_init(&sup->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&sup->changed, &clock);
	pthread_condattr_destroy(&clock);
	int result = init(sup, options);
	if (result == 0 && pthread_create(&sup->thread, NULL, supervisor_thread, sup) != 0)
		result = -HF_EAGAIN;
	if (result == 0)
		*out = sup;
	else
		destroy(sup);
	return result;
}

struct hf_supervise_outcome hf_supervise_wait(struct hf_supervision *sup, uint64_t timeout)
{
	uint64_t deadline = after(timeout);
	pthread_mutex_lock(&sup->lock);
	bool in_time = true;
	while (!sup->completed && !sup->finished && in_time)
		in_time = sleep_until(sup, deadline);
	struct hf_supervise_outcome outcome = {.restarts = sup->policy.restarts};
	if (!sup->completed && !sup->finished) {
		outcome.kind = HF_SUPERVISE_TIMEOUT;
		for (uint32_t i = 0; i < sup->policy.count; i++)
			outcome.pending += sup->policy.children[i].state != HF_SUP_IDLE;
	} else if (sup->policy.phase == HF_SUP_AT_LIMIT) {
		outcome.kind = HF_SUPERVISE_RESTART_LIMIT;
		outcome.id = sup->children[sup->policy.limit_id].id;
		outcome.end = sup->policy.limit_end;
	}
	pthread_mutex_unlock(&sup->lock);
	return outcome;
}

int hf_supervise_add(struct hf_supervision *sup, const struct hf_supervise_child *child)
{
	pthread_mutex_lock(&sup->lock);
	int result = add(sup, child);
	if (result == 0)
		sup->completed = false;
	pthread_cond_broadcast(&sup->changed);
	pthread_mutex_unlock(&sup->lock);
	return result;
}

int hf_supervise_stop(struct hf_supervision *sup, const char *id)
{
	pthread_mutex_lock(&sup->lock);
	int result = hf_sup_stop(&sup->policy, number_of(sup, id));
	pthread_cond_broadcast(&sup->changed);
	pthread_mutex_unlock(&sup->lock);
	return result;
}

int hf_supervise_restart(struct hf_supervision *sup, const char *id)
{
	pthread_mutex_lock(&sup->lock);
	int result = hf_sup_restart(&sup->policy, number_of(sup, id), clock_now());
	if (result == 0)
		sup->completed = false;
	pthread_cond_broadcast(&sup->changed);
	pthread_mutex_unlock(&sup->lock);
	return result;
}

void hf_supervise_kill(struct hf_supervision *sup)
{
	pthread_mutex_lock(&sup->lock);
	hf_sup_kill(&sup->policy, clock_now());
	pthread_cond_broadcast(&sup->changed);
	pthread_mutex_unlock(&sup->lock);
}

uint32_t hf_supervise_generation(struct hf_supervision *sup, const char *id)
{
	pthread_mutex_lock(&sup->lock);
	const struct hf_sup_child *child = hf_sup_find(&sup->policy, number_of(sup, id));
	uint32_t generation = child ? child->generation : 0;
	pthread_mutex_unlock(&sup->lock);
	return generation;
}

void hf_supervise_close(struct hf_supervision *sup)
{
	pthread_mutex_lock(&sup->lock);
	hf_sup_close(&sup->policy);
	pthread_cond_broadcast(&sup->changed);
	pthread_mutex_unlock(&sup->lock);
	pthread_join(sup->thread, NULL);
	destroy(sup);
}

void hf_supervise_detach(struct hf_supervision *sup)
{
	pthread_t thread = sup->thread;
	pthread_mutex_lock(&sup->lock);
	bool gone = sup->finished;
	sup->detached = !gone;
	pthread_cond_broadcast(&sup->changed);
	pthread_mutex_unlock(&sup->lock);
	if (!gone) {
		pthread_detach(thread);
		return;
	}
	pthread_join(thread, NULL);
	destroy(sup);
}
