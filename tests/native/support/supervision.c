#include "support/supervision.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note(struct supervision *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct supervision *s, const char *format, ...)
{
	va_list list;
	if (s->used > sizeof s->log - 32)
		s->used = 0; /* a random walk never reads it */
	if (s->used > 0)
		s->used += (size_t)snprintf(s->log + s->used, sizeof s->log - s->used, ", ");
	va_start(list, format);
	s->used += (size_t)vsnprintf(s->log + s->used, sizeof s->log - s->used, format, list);
	va_end(list);
}

void happened(struct supervision *s, const char *expected)
{
	s->log[s->used] = 0;
	if (strcmp(s->log, expected) != 0) {
		printf("happened: %s\nexpected: %s\n", s->log, expected);
		check_failed(__FILE__, __LINE__, "the recorded steps are the expected ones");
	}
	s->used = 0;
}

const char *reason_name(uint32_t reason, uint32_t code)
{
	static const char *const names[] = {"none", "exit", "trap", "killed", "timeout", "limit", "crash"};
	if (reason == HF_SUP_END_EXIT)
		return code == 0 ? "exit" : "error";
	return reason < 7 ? names[reason] : reason == HF_SUP_END_START_FAILED ? "fail" : "give up";
}

void supervise_with(struct supervision *s, const struct hf_sup_settings *settings)
{
	*s = (struct supervision){.now = 1000 * MS};
	CHECK(hf_sup_times(settings) <= 64);
	CHECK_OK(hf_sup_init(&s->sup, settings, s->table, 26, s->times));
}

void supervise(struct supervision *s, uint32_t strategy, int32_t max_restarts, uint64_t within)
{
	struct hf_sup_settings settings = {
		.strategy = strategy, .max_restarts = max_restarts, .within = within, .backoff = {.factor = 1}};
	supervise_with(s, &settings);
}

void child(struct supervision *s, char name, uint32_t restart, uint64_t shutdown)
{
	struct hf_sup_spec spec = {.id = (uint32_t)name, .restart = restart, .shutdown = shutdown};
	CHECK_OK(hf_sup_add(&s->sup, &spec, s->now));
}

struct actor *actor(struct supervision *s, char name)
{
	CHECK(name >= 'a' && name <= 'z');
	return &s->actors[name - 'a'];
}

static void tell_end(struct supervision *s, char name, uint32_t reason, uint32_t code)
{
	struct actor *who = actor(s, name);
	uint32_t generation = who->alive;
	who->alive = 0;
	who->running = false;
	CHECK_OK(hf_sup_ended(&s->sup, (uint32_t)name, generation, (struct hf_sup_end){reason, code}, s->now));
}

static void check_order(struct supervision *s, char name)
{
	bool before = true;
	if (s->sup.settings.strategy == HF_SUP_ONE_FOR_ONE)
		return;
	for (uint32_t i = 0; i < s->sup.count; i++) {
		const struct hf_sup_child *other = &s->sup.children[i];
		if (other->spec.id == (uint32_t)name)
			before = false;
		else if (before)
			CHECK(other->state == HF_SUP_RUNNING || other->state == HF_SUP_IDLE);
		CHECK(other->stop == HF_SUP_STAYS);
	}
}

static void do_start(struct supervision *s, const struct hf_sup_action *action)
{
	char name = (char)action->id;
	struct actor *who = actor(s, name);
	CHECK_EQ(who->alive, 0); /* never two generations of one child */
	CHECK_EQ(s->sup.phase, HF_SUP_OPEN);
	check_order(s, name);
	who->alive = action->generation;
	who->starts++;
	note(s, "start %c", name);
	if (who->failing > 0) {
		who->failing--;
		tell_end(s, name, HF_SUP_END_START_FAILED, 0);
	} else if (!who->slow_start) {
		up(s, name);
	}
}

static void do_stop(struct supervision *s, const struct hf_sup_action *action)
{
	char name = (char)action->id;
	struct actor *who = actor(s, name);
	CHECK(who->alive != 0 && who->alive == action->generation);
	bool kill = action->kind == HF_SUP_DO_KILL;
	if (!who->running) {
		note(s, "%s %c", kill ? "kill" : "cancel", name);
		if (kill && !who->slow_death)
			tell_end(s, name, HF_SUP_END_START_FAILED, 0);
	} else if (who->slow_death || (who->stubborn && !kill)) {
		note(s, "%s %c", kill ? "kill" : "ask", name);
	} else {
		note(s, "%s %c", kill && who->stubborn ? "kill" : "stop", name);
		tell_end(s, name, kill ? 3 : HF_SUP_END_EXIT, kill ? 137 : 0);
	}
}

/* The restarts within the period that ends now, including this one, number at most max_restarts. */
static void check_intensity(struct supervision *s)
{
	const struct hf_sup_settings *settings = &s->sup.settings;
	uint32_t recent = 0;
	s->restarted[s->restarts++ % 64] = s->now;
	for (uint32_t i = 0; i < 64 && i < s->restarts; i++)
		recent += settings->within == HF_SUP_FOREVER || s->restarted[i] + settings->within >= s->now;
	CHECK(settings->max_restarts < 0 || recent <= (uint32_t)settings->max_restarts);
}

/* One action at a time: a started or stopped child may answer at once, as in a real host. */
void step(struct supervision *s)
{
	struct hf_sup_action action;
	while (hf_sup_next(&s->sup, s->now, &action)) {
		CHECK(!s->finished);
		switch (action.kind) {
		case HF_SUP_DO_START:
			do_start(s, &action);
			break;
		case HF_SUP_DO_ASK:
		case HF_SUP_DO_KILL:
			do_stop(s, &action);
			break;
		case HF_SUP_TELL_ENDED:
			note(s, "%s %c", reason_name(action.end.reason, action.end.code), (char)action.id);
			break;
		case HF_SUP_TELL_RESTARTING:
			check_intensity(s);
			if (action.delay > 0)
				note(s, "wait %u", (unsigned)(action.delay / MS));
			break;
		case HF_SUP_TELL_LIMIT:
			note(s, "limit %c", (char)action.id);
			break;
		case HF_SUP_TELL_COMPLETED:
			note(s, "completed");
			break;
		case HF_SUP_TELL_FINISHED:
			note(s, "finished");
			s->finished = true;
			for (int i = 0; i < 26; i++)
				CHECK_EQ(s->actors[i].alive, 0);
			break;
		default:
			CHECK(action.kind == HF_SUP_TELL_STARTED || action.kind == HF_SUP_TELL_STOPPED);
		}
	}
	CHECK(hf_sup_deadline(&s->sup) > s->now);
}

void up(struct supervision *s, char name)
{
	struct actor *who = actor(s, name);
	CHECK(who->alive && !who->running);
	who->running = true;
	CHECK_OK(hf_sup_started(&s->sup, (uint32_t)name, who->alive, false, s->now));
	step(s);
}

void end(struct supervision *s, char name, uint32_t reason, uint32_t code)
{
	tell_end(s, name, reason, code);
	step(s);
}

void pass(struct supervision *s, uint64_t time)
{
	uint64_t until = s->now + time;
	for (uint64_t next = hf_sup_deadline(&s->sup); next <= until; next = hf_sup_deadline(&s->sup)) {
		s->now = next;
		step(s);
	}
	s->now = until;
	step(s);
}

void stop_child(struct supervision *s, char name)
{
	CHECK_OK(hf_sup_stop(&s->sup, (uint32_t)name));
	step(s);
}

void restart_child(struct supervision *s, char name)
{
	CHECK_OK(hf_sup_restart(&s->sup, (uint32_t)name, s->now));
	step(s);
}

void close_all(struct supervision *s)
{
	hf_sup_close(&s->sup);
	step(s);
}

/* ---- a random walk ---- */

static void walk_step(struct supervision *s, const uint8_t *op)
{
	char name = (char)('a' + op[1] % 6);
	struct actor *who = actor(s, name);
	struct hf_sup_spec spec = {.id = (uint32_t)name, .restart = op[2] % 3, .shutdown = (op[2] >> 2) % 4 * 10 * MS};
	struct hf_sup_end how = {op[2] % 7, op[2] % 5};
	int result;
	switch (op[0] % 16) {
	case 0:
	case 1:
		(void)hf_sup_add(&s->sup, &spec, s->now);
		step(s);
		break;
	case 2:
		(void)hf_sup_stop(&s->sup, (uint32_t)name);
		step(s);
		break;
	case 3:
		(void)hf_sup_restart(&s->sup, (uint32_t)name, s->now);
		step(s);
		break;
	case 4:
		if (op[2] > 250)
			close_all(s);
		break;
	case 5: /* unexpected events change nothing */
		result = hf_sup_ended(&s->sup, (uint32_t)name, who->alive + 1 + op[2], how, s->now);
		CHECK_ERR(result, -HF_ESRCH);
		CHECK_ERR(hf_sup_started(&s->sup, 256u + op[2], op[1], true, s->now), -HF_ESRCH); /* no such child */
		break;
	case 6:
		who->stubborn = op[2] & 1;
		who->slow_start = op[2] & 2;
		who->slow_death = op[2] & 4;
		who->failing = op[2] >> 6;
		break;
	case 7:
	case 8:
		pass(s, op[2] * MS);
		break;
	case 9:
	case 10:
		if (who->alive && !who->running)
			up(s, name);
		break;
	default:
		if (who->alive)
			end(s, name, who->running ? how.reason : HF_SUP_END_START_FAILED, how.code);
	}
}

static uint32_t walk_random(void *context)
{
	return (uint32_t)random_next(context);
}

void random_walk(const uint8_t *bytes, size_t size)
{
	static struct supervision s;
	uint64_t seed = 1;
	if (size < 4)
		return;
	struct hf_sup_settings settings = {.strategy = bytes[0] % 3,
	                                   .max_restarts = bytes[1] % 64 - 1,
	                                   .within = bytes[1] & 64 ? HF_SUP_FOREVER : (bytes[2] + 1) * MS,
	                                   .backoff = {.min = bytes[3] % 8 * MS,
	                                               .max = bytes[3] % 8 * 8 * MS,
	                                               .factor = 1.5,
	                                               .jitter = (bytes[3] >> 3) / 31.0},
	                                   .random = bytes[3] & 128 ? walk_random : NULL,
	                                   .context = &seed};
	supervise_with(&s, &settings);
	for (size_t i = 4; i + 3 <= size; i += 3)
		walk_step(&s, bytes + i);
	close_all(&s);
	/* Whatever it was doing, it ends once the children obey the kill. */
	for (int i = 0; i < 26; i++)
		s.actors[i].slow_death = s.actors[i].slow_start = false;
	for (char name = 'z'; name >= 'a'; name--) {
		const struct hf_sup_child *last = hf_sup_find(&s.sup, (uint32_t)name);
		if (last && last->stop == HF_SUP_KILLED)
			end(&s, name, 3, 137);
	}
	pass(&s, 1000 * MS);
	for (int i = 0; i < 26; i++)
		CHECK_EQ(s.actors[i].alive, 0);
	CHECK(s.finished);
	CHECK_EQ(hf_sup_deadline(&s.sup), HF_SUP_FOREVER);
}
