/* canon.c - canonical definitions (Binary.md, "Canonical Definitions"; CanonicalABI.md, "canonopt Validation" and what follows it). */
#include <string.h>

#include "component/internal.h"

/* ---- options ---- */

enum { ENCODING, MEMORY = 3, REALLOC, POST_RETURN };

struct options {
	uint32_t seen; /* a bit for each of these */
	uint32_t encoding;
	struct hf__item memory, realloc, post_return;
	const uint8_t *where;
};

static bool has(const struct options *options, unsigned option)
{
	return options->seen >> option & 1;
}

static void check_memory(struct hf__context *cx, struct hf__reader *r, const uint8_t *where,
                         const struct hf__item *memory)
{
	if (hf__failed(r))
		return;
	if (memory->limits & HF__SIXTY_FOUR_BITS)
		hf__refuse(cx, r, where, HF_COMPONENT_UNSUPPORTED, "memories with 64-bit addresses are not supported");
	else if (memory->limits & HF__SHARED_MEMORY)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "the memory of a canonical function is shared");
}

static void check_realloc(struct hf__context *cx, struct hf__reader *r, const uint8_t *where,
                          const struct hf__item *realloc)
{
	static const struct hf__signature signature = {.params = 4, .results = 1, .text = "iiiii"};
	if (!hf__failed(r) && !hf__same_signature(realloc->signature, &signature))
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "realloc must take four i32 and return an i32");
}

static void read_option(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r, struct options *options)
{
	const uint8_t *where = r->at;
	uint8_t code = hf__byte(r);
	unsigned option = code < HF_PLAN_ENCODINGS ? ENCODING : code;
	if (code == 6 || code == 7) {
		hf__refuse_async(cx, r, where, "async functions");
		return;
	}
	if (code > 7) {
		hf__refuse(cx, r, where, code < 10 ? HF_COMPONENT_UNSUPPORTED : HF_COMPONENT_MALFORMED,
		           "unknown canonical option %u", (uint32_t)code);
		return;
	}
	if (has(options, option))
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a canonical option is given twice");
	options->seen |= 1u << option;
	if (option == ENCODING) {
		options->encoding = code;
	} else if (option == MEMORY) {
		options->memory = hf__read_index(cx, scope, r, HF__CORE_MEMORY);
		check_memory(cx, r, where, &options->memory);
	} else if (option == REALLOC) {
		options->realloc = hf__read_index(cx, scope, r, HF__CORE_FUNC);
		check_realloc(cx, r, where, &options->realloc);
	} else {
		options->post_return = hf__read_index(cx, scope, r, HF__CORE_FUNC);
	}
}

static struct options read_options(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	struct options options = {.where = r->at};
	options.memory.index = options.realloc.index = options.post_return.index = HF_PLAN_NONE;
	for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r); left--)
		read_option(cx, scope, r, &options);
	if (!hf__failed(r) && has(&options, REALLOC) && !has(&options, MEMORY))
		hf__refuse(cx, r, options.where, HF_COMPONENT_INVALID, "the canonical option realloc needs memory");
	return options;
}

/* Reading values from memory requires the option `memory`; writing lists or strings to memory also requires `realloc`. */
static void check_needs(struct hf__context *cx, struct hf__reader *r, const struct options *options, bool memory,
                        bool realloc)
{
	if (hf__failed(r))
		return;
	if ((memory || realloc) && !has(options, MEMORY))
		hf__refuse(cx, r, options->where, HF_COMPONENT_INVALID, "the canonical option memory is missing");
	else if (realloc && !has(options, REALLOC))
		hf__refuse(cx, r, options->where, HF_COMPONENT_INVALID, "the canonical option realloc is missing");
}

struct shape {
	bool params_stored, result_stored, params_lists, result_lists;
};

static struct shape shape_of(const struct hf__context *cx, const struct hf__node *func)
{
	struct shape shape = {.params_stored = func->flats > 16, .params_lists = func->lists};
	if (func->a != HF_PLAN_NONE) {
		shape.result_stored = hf__type(cx, func->a)->flats > 1;
		shape.result_lists = hf__type(cx, func->a)->lists;
	}
	return shape;
}

/* ---- lift and lower ---- */

static void check_lifted(struct hf__context *cx, struct hf__reader *r, const uint8_t *where,
                         const struct hf__item *function, const struct hf__node *func, const struct options *options)
{
	char room[18];
	struct hf__signature wanted = hf__flatten(cx, func, false, room);
	if (!hf__same_signature(function->signature, &wanted)) {
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a core function does not have the type of its lift");
		return;
	}
	struct hf__signature after = {.params = wanted.results, .text = wanted.text + wanted.params};
	if (has(options, POST_RETURN) && !hf__same_signature(options->post_return.signature, &after)) {
		hf__refuse(cx, r, options->where, HF_COMPONENT_INVALID,
		           "post-return must take the core function's results and return nothing");
		return;
	}
	struct shape shape = shape_of(cx, func);
	check_needs(cx, r, options, shape.result_lists || shape.result_stored, shape.params_lists || shape.params_stored);
}

static uint32_t plan_lift(struct hf__context *cx, const struct hf__scope *scope, const struct hf__item *function,
                          uint32_t type, const struct options *options)
{
	uint32_t planned = hf__plan_type(cx, type);
	hf__step(cx, HF_PLAN_LIFT);
	hf__word(cx, scope->instance);
	hf__word(cx, function->index);
	hf__word(cx, planned);
	hf__word(cx, options->memory.index);
	hf__word(cx, options->realloc.index);
	hf__word(cx, options->post_return.index);
	hf__word(cx, options->encoding);
	return hf__step_end(cx, HF__SPACE_FUNC);
}

static void read_lift(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	const uint8_t *where = r->at;
	struct hf__item item = {.sort = HF__FUNC, .index = HF_PLAN_NONE};
	(void)hf__byte_below(r, 1, "unknown sort of a lift:");
	struct hf__item function = hf__read_index(cx, scope, r, HF__CORE_FUNC);
	struct options options = read_options(cx, scope, r);
	struct hf__item type = hf__read_index(cx, scope, r, HF__TYPE);
	if (hf__failed(r))
		return;
	if (type.kind != HF__FUNC_TYPE) {
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "the type of a lift is not a function type");
		return;
	}
	item.type = type.type;
	check_lifted(cx, r, where, &function, hf__type(cx, item.type), &options);
	if (scope->plans && !hf__failed(r))
		item.index = plan_lift(cx, scope, &function, item.type, &options);
	hf__push(cx, scope, item);
}

/* The signature in the arena. */
static const struct hf__signature *keep(struct hf__context *cx, struct hf__signature signature)
{
	uint32_t size = signature.params + signature.results;
	struct hf__signature *kept = hf__alloc(cx, sizeof *kept);
	char *text = hf__alloc(cx, size + 1);
	if (!kept || !text)
		return NULL;
	memcpy(text, signature.text, size);
	*kept = (struct hf__signature){.params = signature.params, .results = signature.results, .text = text};
	return kept;
}

static uint32_t plan_lower(struct hf__context *cx, const struct hf__scope *scope, const struct hf__item *function,
                           const struct options *options)
{
	hf__step(cx, HF_PLAN_LOWER);
	hf__word(cx, scope->instance);
	hf__word(cx, function->index);
	hf__word(cx, options->memory.index);
	hf__word(cx, options->realloc.index);
	hf__word(cx, options->encoding);
	return hf__step_end(cx, HF__SPACE_CORE + HF_PLAN_SORT_FUNC);
}

static void read_lower(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	char room[18];
	struct hf__item item = {.sort = HF__CORE_FUNC, .index = HF_PLAN_NONE};
	(void)hf__byte_below(r, 1, "unknown sort of a lower:");
	struct hf__item function = hf__read_index(cx, scope, r, HF__FUNC);
	struct options options = read_options(cx, scope, r);
	if (hf__failed(r))
		return;
	if (has(&options, POST_RETURN))
		hf__refuse(cx, r, options.where, HF_COMPONENT_INVALID, "a lower has the canonical option post-return");
	const struct hf__node *func = hf__type(cx, function.type);
	struct shape shape = shape_of(cx, func);
	check_needs(cx, r, &options, shape.params_lists || shape.params_stored || shape.result_stored, shape.result_lists);
	item.signature = keep(cx, hf__flatten(cx, func, true, room));
	if (scope->plans && !hf__failed(r))
		item.index = plan_lower(cx, scope, &function, &options);
	hf__push(cx, scope, item);
}

/* ---- resources ---- */

static void read_resource_function(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                                   enum hf_plan_op op)
{
	static const struct hf__signature signatures[] = {{.params = 1, .results = 1, .text = "ii"},
	                                                  {.params = 1, .text = "i"}};
	const uint8_t *where = r->at;
	struct hf__item type = hf__read_index(cx, scope, r, HF__TYPE);
	struct hf__item item = {.sort = HF__CORE_FUNC, .index = HF_PLAN_NONE};
	if (hf__failed(r))
		return;
	if (type.kind != HF__RESOURCE_TYPE)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "the type is not a resource type");
	else if (op != HF_PLAN_RESOURCE_DROP && cx->resources[type.resource].owner != scope)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "the resource is not defined in this component");
	item.signature = &signatures[op == HF_PLAN_RESOURCE_DROP];
	if (scope->plans && !hf__failed(r)) {
		uint32_t planned = hf__plan_resource(cx, type.resource);
		hf__step(cx, op);
		hf__word(cx, scope->instance);
		hf__word(cx, planned);
		item.index = hf__step_end(cx, HF__SPACE_CORE + HF_PLAN_SORT_FUNC);
	}
	hf__push(cx, scope, item);
}

/* ---- later features ---- */

static const char *const built_ins[] = {
	[0x05] = "task.cancel",
	[0x06] = "subtask.cancel",
	[0x07] = "resource.drop async",
	[0x08] = "backpressure.set",
	[0x09] = "task.return",
	[0x0a] = "context.get",
	[0x0b] = "context.set",
	[0x0c] = "thread.yield",
	[0x0d] = "subtask.drop",
	[0x0e] = "stream.new",
	[0x0f] = "stream.read",
	[0x10] = "stream.write",
	[0x11] = "stream.cancel-read",
	[0x12] = "stream.cancel-write",
	[0x13] = "stream.drop-readable",
	[0x14] = "stream.drop-writable",
	[0x15] = "future.new",
	[0x16] = "future.read",
	[0x17] = "future.write",
	[0x18] = "future.cancel-read",
	[0x19] = "future.cancel-write",
	[0x1a] = "future.drop-readable",
	[0x1b] = "future.drop-writable",
	[0x1c] = "error-context.new",
	[0x1d] = "error-context.debug-message",
	[0x1e] = "error-context.drop",
	[0x1f] = "waitable-set.new",
	[0x20] = "waitable-set.wait",
	[0x21] = "waitable-set.poll",
	[0x22] = "waitable-set.drop",
	[0x23] = "waitable.join",
	[0x24] = "backpressure.inc",
	[0x25] = "backpressure.dec",
	[0x26] = "thread.index",
	[0x27] = "thread.new-indirect",
	[0x28] = "thread.resume-later",
	[0x29] = "thread.suspend",
	[0x2a] = "thread.suspend-then-resume",
	[0x2b] = "thread.yield-then-resume",
	[0x2c] = "thread.suspend-then-promote",
	[0x2d] = "thread.yield-then-promote",
	[0x40] = "thread.spawn-ref",
	[0x41] = "thread.spawn-indirect",
	[0x42] = "thread.available-parallelism",
};

static void refuse_built_in(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, uint8_t code)
{
	if (code < sizeof built_ins / sizeof built_ins[0] && built_ins[code])
		hf__refuse_async(cx, r, where, built_ins[code]);
	else
		hf__refuse(cx, r, where, HF_COMPONENT_MALFORMED, "unknown canonical function %u", (uint32_t)code);
}

void hf__read_canon(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	const uint8_t *where = r->at;
	uint8_t code = hf__byte(r);
	if (hf__failed(r))
		return;
	switch (code) {
	case 0:
		read_lift(cx, scope, r);
		break;
	case 1:
		read_lower(cx, scope, r);
		break;
	case 2:
		read_resource_function(cx, scope, r, HF_PLAN_RESOURCE_NEW);
		break;
	case 3:
		read_resource_function(cx, scope, r, HF_PLAN_RESOURCE_DROP);
		break;
	case 4:
		read_resource_function(cx, scope, r, HF_PLAN_RESOURCE_REP);
		break;
	default:
		refuse_built_in(cx, r, where, code);
	}
}
