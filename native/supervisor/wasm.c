/* wasm.c - supervisors (supervisor.c) as a separate wasm module, which provides memory, time and random numbers for the policy.
 * coordinator/supervise.ts loads it and carries out its actions, because the page starts children. Coordinator thread only. */
#include <holdfast/errno.h>
#include <holdfast/layouts.h>
#include <holdfast/supervisor.h>
#include <stdlib.h>

#define X(result, name, ...) __attribute__((export_name(#name))) result name(__VA_ARGS__);
#include "supervisor/exports.def"
#undef X

/* Return milliseconds, and a random word. */
__attribute__((import_module("hf"), import_name("now"))) double js_now(void);
__attribute__((import_module("hf"), import_name("random"))) uint32_t js_random(void);

enum {
#define X(name, value, ...) EXIT_##name = value,
#include <holdfast/exit_reason.def>
#undef X
};
_Static_assert((int)HF_SUP_END_EXIT == (int)EXIT_EXIT, "both have the same number for a normal end");

static uint64_t now(void)
{
	return (uint64_t)(js_now() * 1e6);
}

#define FIRST_CAPACITY 8

/* Converts milliseconds from JavaScript; below 0 means `otherwise`, Infinity no limit. */
static uint64_t from_ms(double milliseconds, uint64_t otherwise)
{
	if (milliseconds < 0)
		return otherwise;
	return milliseconds >= 1e12 ? HF_SUP_FOREVER : (uint64_t)(milliseconds * 1e6);
}

static uint32_t random_word(void *context)
{
	(void)context;
	return js_random();
}

/* sup_next writes its result here. */
struct hf_sup_step *sup_out(void)
{
	static struct hf_sup_step out;
	return &out;
}

void sup_free(struct hf_supervisor *sup)
{
	free(sup->children);
	free(sup->times);
	free(sup);
}

/* `within` below 0 means no limit. NULL: no memory, or an invalid setting that the page should have refused. */
struct hf_supervisor *sup_create(uint32_t strategy, int32_t max_restarts, double within, double min, double max,
                                 double factor, double jitter)
{
	uint64_t period = from_ms(within, HF_SUP_FOREVER);
	const struct hf_sup_settings settings = {
		.strategy = strategy,
		.max_restarts = max_restarts,
		.within = period ? period : 1,
		.backoff = {.min = from_ms(min, 0), .max = from_ms(max, 0), .factor = factor, .jitter = jitter},
		.random = random_word};
	struct hf_supervisor *sup = calloc(1, sizeof *sup);
	if (!sup)
		return NULL;
	struct hf_sup_child *table = malloc(FIRST_CAPACITY * sizeof *table);
	uint64_t *times = malloc((hf_sup_times(&settings) + 1) * sizeof *times);
	int result = hf_sup_init(sup, &settings, table, FIRST_CAPACITY, times);
	if (table && times && result == 0)
		return sup;
	sup->children = table;
	sup->times = times;
	sup_free(sup);
	return NULL;
}

/* `shutdown` below 0 means the default. -ENOMEM and the errors of hf_sup_add. */
int sup_add(struct hf_supervisor *sup, uint32_t id, uint32_t restart, double shutdown)
{
	const struct hf_sup_spec spec = {.id = id, .restart = restart, .shutdown = from_ms(shutdown, HF_SUP_USUAL)};
	if (sup->count == sup->capacity) {
		struct hf_sup_child *old = sup->children, *table = malloc(2 * (size_t)sup->capacity * sizeof *table);
		if (!table)
			return -HF_ENOMEM;
		hf_sup_move(sup, table, 2 * sup->capacity);
		free(old);
	}
	return hf_sup_add(sup, &spec, now());
}

int sup_restart(struct hf_supervisor *sup, uint32_t id)
{
	return hf_sup_restart(sup, id, now());
}

int sup_stop(struct hf_supervisor *sup, uint32_t id)
{
	return hf_sup_stop(sup, id);
}

void sup_close(struct hf_supervisor *sup, uint32_t kill)
{
	if (kill)
		hf_sup_kill(sup, now());
	else
		hf_sup_close(sup);
}

int sup_started(struct hf_supervisor *sup, uint32_t id, uint32_t generation, uint32_t supervisor)
{
	return hf_sup_started(sup, id, generation, supervisor, now());
}

int sup_ended(struct hf_supervisor *sup, uint32_t id, uint32_t generation, uint32_t reason, uint32_t code)
{
	return hf_sup_ended(sup, id, generation, (struct hf_sup_end){reason, code}, now());
}

/* Returns the kind of the next action, or 0. */
uint32_t sup_next(struct hf_supervisor *sup, struct hf_sup_step *out)
{
	struct hf_sup_action action;
	if (!hf_sup_next(sup, now(), &action))
		return 0;
	*out = (struct hf_sup_step){
		.key = action.id,
		.generation = action.generation,
		.forgotten = action.forgotten,
		.reason = action.end.reason,
		.code = action.end.code,
		.delay = action.delay == HF_SUP_FOREVER ? -1 : (double)action.delay / 1e6,
		.restarts = (double)sup->restarts,
	};
	return action.kind;
}

/* Returns the milliseconds until the next call of sup_next is due, or -1. */
double sup_delay(struct hf_supervisor *sup)
{
	uint64_t deadline = hf_sup_deadline(sup), moment = now();
	if (deadline == HF_SUP_FOREVER)
		return -1;
	return deadline > moment ? (double)(deadline - moment) / 1e6 : 0;
}
