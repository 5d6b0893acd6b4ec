/* component_plan.c - checks plans; written from plan.def, without looking at the parser. */
#include "support/component_plan.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "component/component.h"

enum space {
	TYPES,
	RESOURCES,
	INSTANCES,
	MODULES,
	CORE_INSTANCES,
	FUNCS,
	CORE_ITEMS,
	SPACES = CORE_ITEMS + HF_PLAN_SORTS
};

struct plan {
	const uint32_t *words;
	size_t count;
	const char *names;
	size_t names_size, component_size;
	uint32_t defined[SPACES];
	size_t *types;       /* the position of each type that a step defines */
	uint8_t *bundles;    /* whether each core instance is a bundle */
	uint8_t *depths;     /* of types */
	const uint32_t *at;  /* the next operand */
	const uint32_t *end; /* of the step */
	const char *fault;
};

static void fault(struct plan *plan, const char *what)
{
	if (!plan->fault)
		plan->fault = what;
}

static uint32_t word(struct plan *plan)
{
	if (plan->at == plan->end) {
		fault(plan, "a step is too short");
		return 0;
	}
	return *plan->at++;
}

static uint32_t below(struct plan *plan, uint32_t bound, const char *what)
{
	uint32_t value = word(plan);
	if (value >= bound)
		fault(plan, what);
	return value;
}

static uint32_t index_of(struct plan *plan, unsigned space)
{
	return below(plan, plan->defined[space], "an index is outside its space");
}

static void optional(struct plan *plan, unsigned space)
{
	if (plan->at != plan->end && *plan->at == HF_PLAN_NONE)
		plan->at++;
	else
		(void)index_of(plan, space);
}

struct text {
	const char *at;
	uint32_t size;
};

static struct text name(struct plan *plan)
{
	uint32_t offset = word(plan), size = word(plan);
	if (offset > plan->names_size || size > plan->names_size - offset) {
		fault(plan, "a name is outside the names");
		return (struct text){"", 0};
	}
	return (struct text){plan->names + offset, size};
}

static bool same(struct text a, struct text b)
{
	return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

/* ---- types ---- */

static uint8_t op_of(const struct plan *plan, uint32_t type)
{
	if (type < HF_PLAN_PRIMITIVES || type >= plan->defined[TYPES])
		return 0;
	return (uint8_t)plan->words[plan->types[type - HF_PLAN_PRIMITIVES]];
}

static uint32_t function_type(struct plan *plan)
{
	uint32_t type = index_of(plan, TYPES);
	if (!plan->fault && op_of(plan, type) != HF_PLAN_FUNC)
		fault(plan, "a function's type is not a function type");
	return type;
}

static void part(struct plan *plan, uint8_t *depth)
{
	uint32_t type = index_of(plan, TYPES);
	if (plan->fault)
		return;
	if (op_of(plan, type) == HF_PLAN_FUNC)
		fault(plan, "a value's type is a function type");
	uint8_t below_it = type < HF_PLAN_PRIMITIVES ? 0 : plan->depths[type - HF_PLAN_PRIMITIVES];
	if (*depth < below_it + 1)
		*depth = (uint8_t)(below_it + 1);
}

static void optional_part(struct plan *plan, uint8_t *depth)
{
	if (plan->at != plan->end && *plan->at == HF_PLAN_NONE)
		plan->at++;
	else
		part(plan, depth);
}

static uint32_t some(struct plan *plan)
{
	uint32_t count = word(plan);
	if (count == 0)
		fault(plan, "a type has no parts");
	return count;
}

static void parts(struct plan *plan, uint8_t op, uint8_t *depth, uint32_t count)
{
	for (; count > 0 && !plan->fault; count--) {
		if (op != HF_PLAN_TUPLE)
			(void)name(plan);
		if (op == HF_PLAN_VARIANT)
			optional_part(plan, depth);
		else if (op != HF_PLAN_FLAGS && op != HF_PLAN_ENUM)
			part(plan, depth);
	}
}

static void letters(struct plan *plan, struct text text, uint32_t most)
{
	if (text.size > most)
		fault(plan, "a core signature is too long");
	for (uint32_t i = 0; i < text.size && !plan->fault; i++) {
		if (!memchr("ilfd", text.at[i], 4))
			fault(plan, "a core signature has an unknown letter");
	}
}

static void func(struct plan *plan, uint8_t *depth)
{
	uint32_t flags = below(plan, 4, "unknown flags of a function's type");
	parts(plan, HF_PLAN_FUNC, depth, word(plan));
	optional_part(plan, depth);
	struct text params = name(plan), results = name(plan);
	letters(plan, params, flags & HF_PLAN_PARAMS_IN_MEMORY ? 1 : 16);
	letters(plan, results, flags & HF_PLAN_RESULT_IN_MEMORY ? 0 : 1);
}

static bool is_known(const struct plan *plan, const uint32_t *step)
{
	for (uint32_t i = 0; i < plan->defined[TYPES] - HF_PLAN_PRIMITIVES && i < 500; i++) {
		const uint32_t *other = plan->words + plan->types[i];
		if (*other == *step && memcmp(other, step, (*step >> HF_PLAN_OP_BITS) * sizeof *step) == 0)
			return true;
	}
	return false;
}

static void type(struct plan *plan, uint8_t op, const uint32_t *step)
{
	uint8_t depth = 1;
	uint32_t count;
	switch (op) {
	case HF_PLAN_RECORD:
	case HF_PLAN_VARIANT:
	case HF_PLAN_TUPLE:
	case HF_PLAN_ENUM:
		parts(plan, op, &depth, some(plan));
		break;
	case HF_PLAN_FLAGS:
		count = some(plan);
		if (count > 32)
			fault(plan, "more than 32 flags");
		parts(plan, op, &depth, count);
		break;
	case HF_PLAN_LIST:
	case HF_PLAN_OPTION:
		part(plan, &depth);
		break;
	case HF_PLAN_RESULT:
		optional_part(plan, &depth);
		optional_part(plan, &depth);
		break;
	case HF_PLAN_OWN:
	case HF_PLAN_BORROW:
		(void)index_of(plan, RESOURCES);
		break;
	default:
		func(plan, &depth);
	}
	if (plan->fault)
		return;
	if (depth > HF_COMPONENT_TYPE_DEPTH)
		fault(plan, "a type is too deep");
	if (is_known(plan, step))
		fault(plan, "a type occurs twice");
	plan->depths[plan->defined[TYPES] - HF_PLAN_PRIMITIVES] = depth;
	plan->types[plan->defined[TYPES]++ - HF_PLAN_PRIMITIVES] = (size_t)(step - plan->words);
}

/* ---- instances and items ---- */

static void instance(struct plan *plan)
{
	if (plan->defined[INSTANCES] == 0 && word(plan) != HF_PLAN_NONE)
		fault(plan, "the root has a parent");
	else if (plan->defined[INSTANCES] > 0)
		(void)index_of(plan, INSTANCES);
	plan->defined[INSTANCES]++;
}

static void module(struct plan *plan)
{
	uint32_t offset = word(plan), size = word(plan);
	if (offset > plan->component_size || size > plan->component_size - offset)
		fault(plan, "a module is outside the component");
	plan->defined[MODULES]++;
}

static void core_instance(struct plan *plan, bool bundle)
{
	struct text *seen = NULL;
	if (!bundle)
		(void)index_of(plan, MODULES);
	uint32_t count = word(plan);
	if (count > (size_t)(plan->end - plan->at))
		fault(plan, "a step is too short");
	else
		seen = calloc(count + 1, sizeof *seen);
	for (uint32_t i = 0; i < count && !plan->fault; i++) {
		seen[i] = name(plan);
		for (uint32_t other = 0; other < i && other < 100; other++) {
			if (same(seen[other], seen[i]))
				fault(plan, "a name occurs twice");
		}
		if (bundle) {
			uint32_t sort = below(plan, HF_PLAN_SORTS, "unknown sort");
			(void)index_of(plan, CORE_ITEMS + (sort < HF_PLAN_SORTS ? sort : 0));
		} else {
			(void)index_of(plan, CORE_INSTANCES);
		}
	}
	free(seen);
	plan->bundles[plan->defined[CORE_INSTANCES]++] = bundle;
}

static void alias(struct plan *plan)
{
	uint32_t sort = below(plan, HF_PLAN_SORTS, "unknown sort");
	uint32_t from = index_of(plan, CORE_INSTANCES);
	(void)name(plan);
	if (plan->fault)
		return;
	if (plan->bundles[from])
		fault(plan, "an alias of a bundle");
	plan->defined[CORE_ITEMS + sort]++;
}

static void resource_function(struct plan *plan)
{
	(void)index_of(plan, INSTANCES);
	(void)index_of(plan, RESOURCES);
	plan->defined[CORE_ITEMS + HF_PLAN_SORT_FUNC]++;
}

static void options(struct plan *plan, unsigned functions)
{
	optional(plan, CORE_ITEMS + HF_PLAN_SORT_MEMORY);
	for (; functions > 0; functions--)
		optional(plan, CORE_ITEMS + HF_PLAN_SORT_FUNC);
	(void)below(plan, HF_PLAN_ENCODINGS, "unknown encoding");
}

static void item(struct plan *plan, uint32_t op)
{
	switch (op) {
	case HF_PLAN_ALIAS:
		alias(plan);
		break;
	case HF_PLAN_LOWER:
		(void)index_of(plan, INSTANCES);
		(void)index_of(plan, FUNCS);
		options(plan, 1);
		plan->defined[CORE_ITEMS + HF_PLAN_SORT_FUNC]++;
		break;
	case HF_PLAN_RESOURCE_NEW:
	case HF_PLAN_RESOURCE_DROP:
	case HF_PLAN_RESOURCE_REP:
		resource_function(plan);
		break;
	case HF_PLAN_IMPORT:
		(void)name(plan);
		(void)name(plan);
		(void)function_type(plan);
		(void)word(plan);
		(void)word(plan);
		plan->defined[FUNCS]++;
		break;
	case HF_PLAN_LIFT:
		(void)index_of(plan, INSTANCES);
		(void)index_of(plan, CORE_ITEMS + HF_PLAN_SORT_FUNC);
		(void)function_type(plan);
		options(plan, 2);
		plan->defined[FUNCS]++;
		break;
	case HF_PLAN_EXPORT:
	case HF_PLAN_EXPORT_RESOURCE:
	case HF_PLAN_EXPORT_TYPE:
		(void)name(plan);
		(void)name(plan);
		(void)index_of(plan, op == HF_PLAN_EXPORT ? FUNCS : op == HF_PLAN_EXPORT_TYPE ? TYPES : RESOURCES);
		break;
	default:
		fault(plan, "unknown operation");
	}
}

static void step(struct plan *plan, const uint32_t *start)
{
	uint32_t op = *start & ((1u << HF_PLAN_OP_BITS) - 1);
	if (plan->defined[INSTANCES] == 0 && op != HF_PLAN_INSTANCE)
		fault(plan, "the first step is not the root");
	else if (op >= HF_PLAN_RECORD && op <= HF_PLAN_FUNC)
		type(plan, (uint8_t)op, start);
	else if (op == HF_PLAN_RESOURCE_IMPORTED || op == HF_PLAN_RESOURCE) {
		(void)(op == HF_PLAN_RESOURCE ? index_of(plan, INSTANCES) : name(plan).size);
		if (op == HF_PLAN_RESOURCE)
			optional(plan, CORE_ITEMS + HF_PLAN_SORT_FUNC);
		else
			(void)name(plan);
		plan->defined[RESOURCES]++;
	} else if (op == HF_PLAN_INSTANCE)
		instance(plan);
	else if (op == HF_PLAN_MODULE)
		module(plan);
	else if (op == HF_PLAN_INSTANTIATE || op == HF_PLAN_BUNDLE)
		core_instance(plan, op == HF_PLAN_BUNDLE);
	else
		item(plan, op);
	if (plan->at != plan->end)
		fault(plan, "a step is too long");
}

static void steps(struct plan *plan)
{
	size_t at = 0;
	while (at < plan->count && !plan->fault) {
		size_t size = plan->words[at] >> HF_PLAN_OP_BITS;
		if (size == 0 || size > plan->count - at) {
			fault(plan, "a step has no size, or leaves the plan");
			return;
		}
		plan->at = plan->words + at + 1;
		plan->end = plan->words + at + size;
		step(plan, plan->words + at);
		at += size;
	}
	if (plan->defined[INSTANCES] == 0)
		fault(plan, "there is no root");
}

const char *plan_fault(const uint32_t *words, size_t count, const char *names, size_t names_size, size_t component_size)
{
	struct plan plan = {
		.words = words,
		.count = count,
		.names = names,
		.names_size = names_size,
		.component_size = component_size,
		.types = calloc(count + 1, sizeof(size_t)),
		.bundles = calloc(count + 1, 1),
		.depths = calloc(count + 1, 1),
	};
	if (!plan.types || !plan.bundles || !plan.depths)
		abort();
	plan.defined[TYPES] = HF_PLAN_PRIMITIVES;
	steps(&plan);
	free(plan.types);
	free(plan.bundles);
	free(plan.depths);
	return plan.fault;
}

/* ---- as text ---- */

/* The operands of each operation: n is a name, w is a word, and ( … ) is repeated as often as the word before it says. Hashes are left out. */
static const struct {
	const char *name, *operands;
} operations[] = {
	[HF_PLAN_RECORD] = {"record", "c(nw)"},
	[HF_PLAN_VARIANT] = {"variant", "c(nw)"},
	[HF_PLAN_LIST] = {"list", "w"},
	[HF_PLAN_TUPLE] = {"tuple", "c(w)"},
	[HF_PLAN_FLAGS] = {"flags", "c(n)"},
	[HF_PLAN_ENUM] = {"enum", "c(n)"},
	[HF_PLAN_OPTION] = {"option", "w"},
	[HF_PLAN_RESULT] = {"result", "ww"},
	[HF_PLAN_OWN] = {"own", "w"},
	[HF_PLAN_BORROW] = {"borrow", "w"},
	[HF_PLAN_FUNC] = {"func", "wc(nw)wnn"},
	[HF_PLAN_RESOURCE_IMPORTED] = {"resource-imported", "nn"},
	[HF_PLAN_RESOURCE] = {"resource", "ww"},
	[HF_PLAN_INSTANCE] = {"instance", "w"},
	[HF_PLAN_MODULE] = {"module", "ww"},
	[HF_PLAN_INSTANTIATE] = {"instantiate", "wc(nw)"},
	[HF_PLAN_BUNDLE] = {"bundle", "c(nww)"},
	[HF_PLAN_ALIAS] = {"alias", "wwn"},
	[HF_PLAN_LOWER] = {"lower", "wwwww"},
	[HF_PLAN_RESOURCE_NEW] = {"resource.new", "ww"},
	[HF_PLAN_RESOURCE_DROP] = {"resource.drop", "ww"},
	[HF_PLAN_RESOURCE_REP] = {"resource.rep", "ww"},
	[HF_PLAN_IMPORT] = {"import", "nnw"},
	[HF_PLAN_LIFT] = {"lift", "wwwwwww"},
	[HF_PLAN_EXPORT] = {"export", "nnw"},
	[HF_PLAN_EXPORT_RESOURCE] = {"export-resource", "nnw"},
	[HF_PLAN_EXPORT_TYPE] = {"export-type", "nnw"},
};

struct output {
	char *text;
	size_t size, room;
	const char *names;
};

static void print(struct output *output, const char *bytes, size_t size)
{
	if (output->size + size >= output->room) {
		output->room = (output->size + size + 1) * 2;
		output->text = realloc(output->text, output->room);
		if (!output->text)
			abort();
	}
	memcpy(output->text + output->size, bytes, size);
	output->size += size;
	output->text[output->size] = '\0';
}

static const uint32_t *print_operand(struct output *output, char kind, const uint32_t *at)
{
	char number[16];
	print(output, " ", 1);
	if (kind == 'n') {
		print(output, "\"", 1);
		print(output, output->names + at[0], at[1]);
		print(output, "\"", 1);
		return at + 2;
	}
	if (*at == HF_PLAN_NONE)
		print(output, "-", 1);
	else
		print(output, number, (size_t)snprintf(number, sizeof number, "%u", (unsigned)*at));
	return at + 1;
}

static void print_step(struct output *output, const uint32_t *at)
{
	const char *operands = operations[*at & 0xff].operands, *group = NULL;
	uint32_t times = 0;
	print(output, operations[*at & 0xff].name, strlen(operations[*at & 0xff].name));
	for (at++; *operands; operands++) {
		if (*operands == '(' && times == 0)
			operands = strchr(operands, ')');
		else if (*operands == '(')
			group = operands;
		else if (*operands == ')')
			operands = --times > 0 ? group : operands;
		else if (*operands == 'c')
			times = *at++;
		else
			at = print_operand(output, *operands, at);
	}
	print(output, "\n", 1);
}

char *plan_steps(const uint32_t *words, size_t count, const char *names)
{
	struct output output = {.names = names};
	for (size_t at = 0; at < count; at += words[at] >> HF_PLAN_OP_BITS)
		print_step(&output, words + at);
	return output.text;
}
