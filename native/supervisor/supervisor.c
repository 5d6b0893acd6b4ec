/* supervisor.c - decides which child to start, stop or restart, and when.
 *
 * There is no sequence of steps that a second event could disturb. Each child has a state and orders (`stop`, `again`); events change these, and
 * hf_sup_next finds an action that is possible now. Two rules produce OTP's order:
 *   - a child is stopped when no child after it has yet to stop (next_stop);
 *   - a child is started when no child before it has yet to start, and none has yet to stop (startable). */
#include <holdfast/errno.h>
#include <holdfast/supervisor.h>
#include <stddef.h>

#define USUAL_SHUTDOWN UINT64_C(5000000000)

static uint64_t later(uint64_t now, uint64_t delay)
{
	return delay >= HF_SUP_FOREVER - now ? HF_SUP_FOREVER : now + delay;
}

static bool is_alive(const struct hf_sup_child *child)
{
	return child->state == HF_SUP_STARTING || child->state == HF_SUP_RUNNING;
}

static struct hf_sup_child *find(struct hf_supervisor *sup, uint32_t id)
{
	for (uint32_t i = 0; i < sup->count; i++) {
		if (sup->children[i].spec.id == id)
			return &sup->children[i];
	}
	return NULL;
}

const struct hf_sup_child *hf_sup_find(const struct hf_supervisor *sup, uint32_t id)
{
	return find((struct hf_supervisor *)(uintptr_t)sup, id);
}

/* ---- settings ---- */

uint32_t hf_sup_times(const struct hf_sup_settings *settings)
{
	return settings->max_restarts < 0 || settings->within == HF_SUP_FOREVER ? 0 : (uint32_t)settings->max_restarts;
}

int hf_sup_init(struct hf_supervisor *sup, const struct hf_sup_settings *settings, struct hf_sup_child *table,
                uint32_t capacity, uint64_t *times)
{
	if (settings->strategy > HF_SUP_REST_FOR_ONE || settings->within == 0 ||
	    hf_sup_times(settings) > HF_SUP_COUNTED_MAX || settings->backoff.min > settings->backoff.max ||
	    !(settings->backoff.factor >= 1) || !(settings->backoff.jitter >= 0 && settings->backoff.jitter <= 1))
		return -HF_EINVAL;
	*sup = (struct hf_supervisor){.settings = *settings, .children = table, .capacity = capacity, .times = times};
	return 0;
}

void hf_sup_move(struct hf_supervisor *sup, struct hf_sup_child *table, uint32_t capacity)
{
	for (uint32_t i = 0; i < sup->count; i++)
		table[i] = sup->children[i];
	sup->children = table;
	sup->capacity = capacity;
}

/* ---- reports ---- */

static struct hf_sup_action *tell(struct hf_supervisor *sup, uint32_t kind, const struct hf_sup_child *child)
{
	/* An event makes at most two reports; a host that does not fetch them misses some. */
	struct hf_sup_action *action =
		&sup->tell[sup->tell_count < sizeof sup->tell / sizeof sup->tell[0] ? sup->tell_count++ : sup->tell_count - 1];
	*action =
		(struct hf_sup_action){.kind = kind, .id = child->spec.id, .generation = child->generation, .end = child->end};
	return action;
}

/* ---- orders ---- */

static void forget(struct hf_supervisor *sup, struct hf_sup_child *child)
{
	for (struct hf_sup_child *end = sup->children + --sup->count; child < end; child++)
		child[0] = child[1];
}

static void wait_until(struct hf_supervisor *sup, struct hf_sup_child *child, uint64_t at)
{
	child->state = HF_SUP_WAITING;
	child->at = at;
	child->untold = false;
	sup->told = false;
}

static void order_down(struct hf_sup_child *child)
{
	child->again = false;
	if (is_alive(child)) {
		if (child->stop == HF_SUP_STAYS)
			child->stop = HF_SUP_TO_STOP;
	} else {
		child->state = HF_SUP_IDLE;
	}
}

static void order_all_down(struct hf_supervisor *sup)
{
	for (uint32_t i = 0; i < sup->count; i++)
		order_down(&sup->children[i]);
}

/* Restarts all children from this one on, like OTP's restart_multiple_children: running children are stopped first, and all that are kept are
 * started, even those that had ended for good or had been stopped. */
static void order_again(struct hf_supervisor *sup, uint32_t first, uint64_t at)
{
	for (uint32_t i = first; i < sup->count; i++) {
		struct hf_sup_child *child = &sup->children[i];
		if (is_alive(child)) {
			order_down(child);
			child->again = child->spec.restart != HF_SUP_TEMPORARY;
			child->at = at;
		} else {
			wait_until(sup, child, at);
		}
	}
}

/* ---- commands ---- */

int hf_sup_add(struct hf_supervisor *sup, const struct hf_sup_spec *spec, uint64_t now)
{
	if (sup->phase != HF_SUP_OPEN)
		return -HF_ECANCELED;
	if (spec->restart > HF_SUP_TEMPORARY)
		return -HF_EINVAL;
	if (find(sup, spec->id))
		return -HF_EEXIST;
	if (sup->count == sup->capacity)
		return -HF_ENOSPC;
	struct hf_sup_child *child = &sup->children[sup->count++];
	*child = (struct hf_sup_child){.spec = *spec, .fresh = true};
	wait_until(sup, child, now);
	return 0;
}

int hf_sup_restart(struct hf_supervisor *sup, uint32_t id, uint64_t now)
{
	struct hf_sup_child *child = find(sup, id);
	if (sup->phase != HF_SUP_OPEN)
		return -HF_ECANCELED;
	if (!child)
		return -HF_ENOENT;
	if (is_alive(child)) {
		order_down(child);
		child->again = true;
		child->at = now;
	} else {
		wait_until(sup, child, now);
	}
	return 0;
}

int hf_sup_stop(struct hf_supervisor *sup, uint32_t id)
{
	struct hf_sup_child *child = find(sup, id);
	if (sup->phase != HF_SUP_OPEN)
		return -HF_ECANCELED;
	if (!child)
		return -HF_ENOENT;
	child->untold |= child->state == HF_SUP_WAITING;
	order_down(child);
	return 0;
}

void hf_sup_close(struct hf_supervisor *sup)
{
	if (sup->phase != HF_SUP_OPEN)
		return;
	sup->phase = HF_SUP_CLOSING;
	sup->told = false;
	order_all_down(sup);
}

void hf_sup_kill(struct hf_supervisor *sup, uint64_t now)
{
	hf_sup_close(sup);
	for (uint32_t i = 0; i < sup->count; i++) {
		sup->children[i].spec.shutdown = 0;
		if (sup->children[i].stop == HF_SUP_ASKED)
			sup->children[i].deadline = now;
	}
}

/* ---- restarts ---- */

/* Like OTP's add_restart: true unless there were more than max_restarts from now - within to now, inclusive. */
static bool count_restart(struct hf_supervisor *sup, uint64_t now)
{
	const struct hf_sup_settings *settings = &sup->settings;
	uint32_t size = hf_sup_times(settings);
	if (settings->max_restarts >= 0 && settings->within == HF_SUP_FOREVER) {
		if (sup->restarts >= (uint64_t)settings->max_restarts)
			return false;
	} else if (settings->max_restarts >= 0) {
		/* The ring is full and its oldest entry still counts: this restart exceeds the limit. */
		uint64_t threshold = now > settings->within ? now - settings->within : 0;
		if (sup->times_count == size && (size == 0 || sup->times[sup->times_next] >= threshold))
			return false;
		sup->times[sup->times_next] = now;
		sup->times_next = sup->times_next + 1 == size ? 0 : sup->times_next + 1;
		if (sup->times_count < size)
			sup->times_count++;
	}
	sup->restarts++;
	return true;
}

static uint64_t backoff(struct hf_supervisor *sup, struct hf_sup_child *child, bool recovered)
{
	const struct hf_sup_settings *settings = &sup->settings;
	uint64_t min = settings->backoff.min, max = settings->backoff.max;
	double longer = (double)child->delay * settings->backoff.factor;
	if (recovered || child->delay == 0)
		child->delay = min;
	else
		child->delay = longer >= (double)max ? max : (uint64_t)longer;
	double left_out =
		settings->random ? settings->random(settings->context) / 4294967296.0 * settings->backoff.jitter : 0;
	uint64_t less = (uint64_t)((double)child->delay * left_out);
	return child->delay - (less < child->delay ? less : child->delay);
}

static void restart(struct hf_supervisor *sup, struct hf_sup_child *child, bool recovered, uint64_t now)
{
	if (!count_restart(sup, now)) {
		sup->phase = HF_SUP_AT_LIMIT;
		sup->told = false;
		sup->limit_id = child->spec.id;
		sup->limit_end = child->end;
		tell(sup, HF_SUP_TELL_LIMIT, child);
		order_all_down(sup);
		return;
	}
	uint64_t delay = backoff(sup, child, recovered), at = later(now, delay);
	child->restarts++;
	tell(sup, HF_SUP_TELL_RESTARTING, child)->delay = delay;
	if (sup->settings.strategy == HF_SUP_ONE_FOR_ONE)
		wait_until(sup, child, at);
	else
		order_again(sup, sup->settings.strategy == HF_SUP_ONE_FOR_ALL ? 0 : (uint32_t)(child - sup->children), at);
}

/* ---- events ---- */

static struct hf_sup_child *find_alive(struct hf_supervisor *sup, uint32_t id, uint32_t generation)
{
	struct hf_sup_child *child = find(sup, id);
	return child && is_alive(child) && child->generation == generation ? child : NULL;
}

int hf_sup_started(struct hf_supervisor *sup, uint32_t id, uint32_t generation, bool supervisor, uint64_t now)
{
	struct hf_sup_child *child = find_alive(sup, id, generation);
	if (!child || child->state != HF_SUP_STARTING)
		return -HF_ESRCH;
	child->state = HF_SUP_RUNNING;
	child->fresh = false;
	/* While it waits to be stopped, `at` is the time of its next start. */
	if (child->stop == HF_SUP_STAYS)
		child->at = now;
	if (supervisor && child->spec.shutdown == HF_SUP_USUAL)
		child->spec.shutdown = HF_SUP_FOREVER;
	tell(sup, HF_SUP_TELL_STARTED, child);
	/* It was asked to stop while it was starting; now it is asked as a running child. */
	if (child->stop == HF_SUP_KILLED) {
		child->stop = HF_SUP_ASKED;
		child->deadline = now;
	} else if (child->stop == HF_SUP_ASKED) {
		child->stop = HF_SUP_TO_STOP;
	}
	return 0;
}

int hf_sup_ended(struct hf_supervisor *sup, uint32_t id, uint32_t generation, struct hf_sup_end end, uint64_t now)
{
	struct hf_sup_child *child = find_alive(sup, id, generation);
	if (!child)
		return -HF_ESRCH;
	bool ordered = child->stop != HF_SUP_STAYS;
	bool ran_long = child->state == HF_SUP_RUNNING && !ordered && now - child->at >= sup->settings.backoff.max;
	child->state = HF_SUP_IDLE;
	child->stop = HF_SUP_STAYS;
	child->fresh = false;
	child->end = end;
	struct hf_sup_action *told = tell(sup, ordered ? HF_SUP_TELL_STOPPED : HF_SUP_TELL_ENDED, child);
	if (ordered && child->again) {
		wait_until(sup, child, child->at);
	} else if (child->spec.restart == HF_SUP_TEMPORARY) {
		told->forgotten = true;
		forget(sup, child);
	} else if (!ordered && !(child->spec.restart == HF_SUP_TRANSIENT && hf_sup_is_normal(end))) {
		restart(sup, child, ran_long, now);
	}
	return 0;
}

/* ---- actions ---- */

/* Children of a one-for-one supervisor are independent of each other, except when the supervisor ends. */
static bool is_ordered(const struct hf_supervisor *sup)
{
	return sup->settings.strategy != HF_SUP_ONE_FOR_ONE || sup->phase != HF_SUP_OPEN;
}

static bool next_stop(struct hf_supervisor *sup, uint64_t now, struct hf_sup_action *action)
{
	bool blocked = false;
	for (uint32_t i = sup->count; i-- > 0;) {
		struct hf_sup_child *child = &sup->children[i];
		uint64_t shutdown = child->spec.shutdown == HF_SUP_USUAL ? USUAL_SHUTDOWN : child->spec.shutdown;
		bool late = child->stop == HF_SUP_ASKED && now >= child->deadline;
		if (late || (child->stop == HF_SUP_TO_STOP && !blocked)) {
			bool kill = late || shutdown == 0;
			child->stop = kill ? HF_SUP_KILLED : HF_SUP_ASKED;
			child->deadline = later(now, shutdown);
			*action = (struct hf_sup_action){.kind = kill ? HF_SUP_DO_KILL : HF_SUP_DO_ASK,
			                                 .id = child->spec.id,
			                                 .generation = child->generation,
			                                 .delay = kill ? 0 : shutdown};
			return true;
		}
		blocked |= is_ordered(sup) && child->stop != HF_SUP_STAYS;
	}
	return false;
}

/* Returns the first child that may start now, or NULL and the earliest time at which one may start (*at). */
static struct hf_sup_child *startable(const struct hf_supervisor *sup, uint64_t now, uint64_t *at)
{
	bool blocked = false;
	*at = HF_SUP_FOREVER;
	for (uint32_t i = 0; is_ordered(sup) && i < sup->count; i++)
		blocked |= sup->children[i].stop != HF_SUP_STAYS;
	for (uint32_t i = 0; !blocked && i < sup->count; i++) {
		struct hf_sup_child *child = &sup->children[i];
		if (child->state == HF_SUP_WAITING && child->at <= now)
			return child;
		if (child->state == HF_SUP_WAITING && child->at < *at)
			*at = child->at;
		blocked =
			(child->state == HF_SUP_WAITING || child->state == HF_SUP_STARTING) && (is_ordered(sup) || child->fresh);
	}
	return NULL;
}

static bool next_start(struct hf_supervisor *sup, uint64_t now, struct hf_sup_action *action)
{
	uint64_t at;
	struct hf_sup_child *child = startable(sup, now, &at);
	if (!child)
		return false;
	child->state = HF_SUP_STARTING;
	child->again = false;
	child->generation = ++sup->generation;
	*action = (struct hf_sup_action){
		.kind = HF_SUP_DO_START, .id = child->spec.id, .generation = child->generation, .end = child->end};
	return true;
}

/* Reports a child that was stopped while it waited to start. */
static bool next_stopped(struct hf_supervisor *sup, struct hf_sup_action *action)
{
	for (uint32_t i = 0; i < sup->count; i++) {
		struct hf_sup_child *child = &sup->children[i];
		if (!child->untold)
			continue;
		child->untold = false;
		*action = (struct hf_sup_action){.kind = HF_SUP_TELL_STOPPED,
		                                 .id = child->spec.id,
		                                 .generation = child->generation,
		                                 .forgotten = child->spec.restart == HF_SUP_TEMPORARY,
		                                 .end = child->end};
		if (action->forgotten)
			forget(sup, child);
		return true;
	}
	return false;
}

static bool next_word(struct hf_supervisor *sup, struct hf_sup_action *action)
{
	for (uint32_t i = 0; i < sup->count; i++) {
		if (sup->children[i].state != HF_SUP_IDLE)
			return false;
	}
	if (sup->told)
		return false;
	sup->told = true;
	*action = (struct hf_sup_action){.kind = sup->phase == HF_SUP_OPEN ? HF_SUP_TELL_COMPLETED : HF_SUP_TELL_FINISHED,
	                                 .id = sup->limit_id,
	                                 .end = sup->limit_end};
	return true;
}

bool hf_sup_next(struct hf_supervisor *sup, uint64_t now, struct hf_sup_action *action)
{
	if (sup->tell_count > 0) {
		*action = sup->tell[0];
		sup->tell_count--;
		for (uint32_t i = 0; i < sup->tell_count; i++)
			sup->tell[i] = sup->tell[i + 1];
		return true;
	}
	return next_stop(sup, now, action) || next_stopped(sup, action) || next_start(sup, now, action) ||
	       next_word(sup, action);
}

uint64_t hf_sup_deadline(const struct hf_supervisor *sup)
{
	uint64_t deadline;
	struct hf_sup_child *now = startable(sup, 0, &deadline);
	if (now)
		deadline = now->at;
	for (uint32_t i = 0; i < sup->count; i++) {
		const struct hf_sup_child *child = &sup->children[i];
		if (child->stop == HF_SUP_ASKED && child->deadline < deadline)
			deadline = child->deadline;
	}
	return deadline;
}
