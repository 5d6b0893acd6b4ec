/* entries.c - chooses the functions that need a check at their entry, in addition to the checks at loop heads.
 *
 * Code without loops can run forever, or for a very long time, through calls alone: by recursion, by tail calls, or by functions that each call the
 * next one twice. Three rules ensure that every endless path through the code contains a check:
 *   1. Calls through tables and references may reach any function whose reference is taken. If such a function can itself make such a call, directly or not, it is
 *      assumed to be on a cycle and gets a check. (Only the host calls exports, and none of our imports lets the guest do so.)
 *   2. For the remaining functions, a walk over the direct calls gives a check to each function that it meets again while that function is still open: so every cycle has a check.
 *   3. The rest has no cycles, so the most bytes of code that a call can run are known: a function that exceeds BOUND gets a check. So the
 *      number of instructions between two checks is at most BOUND times the number of calls in a body. */
#include "rewrite/module.h"

#include <stdlib.h>
#include <string.h>

/* In bytes of code. Larger bounds hardly save checks (of clang's 133,398 functions 65,583 get one with 2^10, 51,239 with 2^14, 45,632 with 2^16, 71,176
 * with 2^20), and with fuel the guest checks for the host's order only after many multiples of this bound. */
#define BOUND (UINT64_C(1) << 14)

enum colour { UNSEEN, OPEN, DONE };

struct loop_walk {
	struct hf__module *module;
	uint8_t *colour;
	uint64_t *cost;
	uint64_t cost_of_any; /* the largest cost of a function that a call through a table may reach */
	struct frame {
		uint32_t function, next;
	} * stack;
	uint32_t depth;
};

/* ---- functions that may lead to a call through a table ---- */

/* Callers of each function: `first[f]` to `first[f + 1]` in `callers`. */
struct reverse {
	uint32_t *first, *callers;
};

static bool reverse_make(const struct hf__module *module, struct reverse *reverse)
{
	uint32_t n = module->defined_count;
	reverse->first = calloc((size_t)n + 2, sizeof *reverse->first);
	reverse->callers = malloc(((size_t)module->calls.count + 1) * sizeof *reverse->callers);
	if (!reverse->first || !reverse->callers)
		return false;
	for (uint32_t i = 0; i < module->calls.count; i++) {
		if (module->calls.items[i] != HF__CALLS_ANY)
			reverse->first[module->calls.items[i] + 2]++;
	}
	for (uint32_t f = 0; f < n; f++)
		reverse->first[f + 2] += reverse->first[f + 1];
	for (uint32_t f = 0; f < n; f++) {
		for (uint32_t i = module->defined[f].calls; i < module->defined[f + 1].calls; i++) {
			if (module->calls.items[i] != HF__CALLS_ANY)
				reverse->callers[reverse->first[module->calls.items[i] + 1]++] = f;
		}
	}
	return true;
}

/* Propagates `calls_any` from functions that make such calls to their callers. Afterwards it means that the function makes such a call, directly or
 * indirectly. */
static bool spread_calls_any(struct hf__module *module)
{
	struct reverse reverse;
	uint32_t n = module->defined_count, waiting = 0;
	uint32_t *queue = malloc(((size_t)n + 1) * sizeof *queue);
	bool made = reverse_make(module, &reverse) && queue;
	for (uint32_t f = 0; made && f < n; f++) {
		if (module->defined[f].calls_any)
			queue[waiting++] = f;
	}
	while (made && waiting > 0) {
		uint32_t f = queue[--waiting];
		for (uint32_t i = reverse.first[f]; i < reverse.first[f + 1]; i++) {
			struct hf__function *caller = &module->defined[reverse.callers[i]];
			if (!caller->calls_any) {
				caller->calls_any = true;
				queue[waiting++] = reverse.callers[i];
			}
		}
	}
	free(reverse.first);
	free(reverse.callers);
	free(queue);
	return made;
}

static bool is_taken(const struct hf__module *module, uint32_t f)
{
	return module->taken[module->imported_functions + f] != 0;
}

/* ---- the walk ---- */

static void enter(struct loop_walk *walk, uint32_t f)
{
	const struct hf__function *function = &walk->module->defined[f];
	walk->colour[f] = OPEN;
	walk->cost[f] = function->end - function->code;
	walk->stack[walk->depth++] = (struct frame){f, function->calls};
}

static void leave(struct loop_walk *walk)
{
	uint32_t f = walk->stack[--walk->depth].function;
	struct hf__function *function = &walk->module->defined[f];
	walk->colour[f] = DONE;
	if (walk->cost[f] > BOUND)
		function->has_check = true;
}

/* Follows one call of the function at the top of the stack. */
static void follow(struct loop_walk *walk, uint32_t callee)
{
	uint32_t caller = walk->stack[walk->depth - 1].function;
	if (callee == HF__CALLS_ANY) {
		walk->cost[caller] += walk->cost_of_any;
		return;
	}
	struct hf__function *function = &walk->module->defined[callee];
	if (function->has_check)
		return;
	if (walk->colour[callee] == OPEN) {
		function->has_check = true;
	} else if (walk->colour[callee] == DONE) {
		walk->cost[caller] += walk->cost[callee];
	} else {
		walk->stack[walk->depth - 1].next--; /* process this call again when the callee is done */
		enter(walk, callee);
	}
}

static void walk_from(struct loop_walk *walk, uint32_t root)
{
	if (walk->colour[root] != UNSEEN)
		return;
	enter(walk, root);
	while (walk->depth > 0) {
		struct frame *top = &walk->stack[walk->depth - 1];
		if (top->next == walk->module->defined[top->function + 1].calls)
			leave(walk);
		else
			follow(walk, walk->module->calls.items[top->next++]);
	}
}

static void walk_all(struct loop_walk *walk)
{
	struct hf__module *module = walk->module;
	uint32_t n = module->defined_count;
	/* First visit the functions that a call through a table may reach: either they make no such calls, or they already have a check. */
	for (uint32_t f = 0; f < n; f++) {
		if (is_taken(module, f) && !module->defined[f].calls_any)
			walk_from(walk, f);
	}
	for (uint32_t f = 0; f < n; f++) {
		if (is_taken(module, f) && !module->defined[f].has_check && walk->cost[f] > walk->cost_of_any)
			walk->cost_of_any = walk->cost[f];
	}
	for (uint32_t f = 0; f < n; f++)
		walk_from(walk, f);
}

bool hf__choose_entries(struct hf__module *module)
{
	uint32_t n = module->defined_count;
	if (!spread_calls_any(module))
		return false;
	for (uint32_t f = 0; f < n; f++)
		module->defined[f].has_check = is_taken(module, f) && module->defined[f].calls_any;
	struct loop_walk walk = {
		.module = module,
		.colour = calloc((size_t)n + 1, 1),
		.cost = calloc((size_t)n + 1, sizeof *walk.cost),
		.stack = malloc(((size_t)n + 1) * sizeof *walk.stack),
	};
	bool made = walk.colour && walk.cost && walk.stack;
	if (made)
		walk_all(&walk);
	free(walk.colour);
	free(walk.cost);
	free(walk.stack);
	return made;
}
