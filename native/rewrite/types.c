/* types.c - value types, recursive groups, limits (core, 5.3). */
#include "rewrite/module.h"

#define NEWER "; the module uses a feature that the rewriter does not know: run it without `interruptible`"

static void skip_type_index(struct hf__reader *r, const struct hf__module *module)
{
	(void)hf__index(r, module->types, "unknown type:");
}

/* Abstract heap types are negative numbers of one byte, encoded as these. */
static bool is_abstract(uint8_t byte)
{
	return byte >= 0x69 && byte <= 0x74;
}

void hf__skip_heap_type(struct hf__reader *r, const struct hf__module *module)
{
	const uint8_t *where = r->at;
	if (r->at != r->end && is_abstract(*r->at)) {
		r->at++;
		return;
	}
	int64_t type = hf__s33(r);
	if (type < 0)
		hf__fail_at(r, where, "unknown heap type" NEWER, 0);
	else if (type >= module->types)
		hf__fail_at(r, where, "unknown type:", (uint32_t)type);
}

void hf__skip_value_type(struct hf__reader *r, const struct hf__module *module)
{
	const uint8_t *where = r->at;
	uint8_t byte = hf__byte(r);
	if (byte == 0x63 || byte == 0x64)
		hf__skip_heap_type(r, module);
	else if ((byte < 0x7b || byte > 0x7f) && !is_abstract(byte))
		hf__fail_at(r, where, "unknown type" NEWER ":", byte);
}

void hf__skip_block_type(struct hf__reader *r, const struct hf__module *module)
{
	if (r->at != r->end && *r->at == 0x40) {
		r->at++;
	} else if (r->at != r->end && *r->at < 0x80 && *r->at & 0x40) {
		hf__skip_value_type(r, module);
	} else {
		const uint8_t *where = r->at;
		int64_t type = hf__s33(r);
		if (type < 0 || type >= module->types)
			hf__fail_at(r, where, "unknown type:", (uint32_t)type);
	}
}

struct hf__limits hf__read_limits(struct hf__reader *r)
{
	struct hf__limits limits = {.maximum = UINT64_MAX};
	const uint8_t *where = r->at;
	limits.flags = hf__byte(r);
	if (limits.flags > (HF__HAS_MAXIMUM | HF__SHARED | HF__SIXTY_FOUR))
		hf__fail_at(r, where, "unknown kind of limits" NEWER ":", limits.flags);
	bool wide = limits.flags & HF__SIXTY_FOUR;
	limits.initial = wide ? hf__u64(r) : hf__u32(r);
	if (limits.flags & HF__HAS_MAXIMUM)
		limits.maximum = wide ? hf__u64(r) : hf__u32(r);
	return limits;
}

void hf__skip_table_type(struct hf__reader *r, const struct hf__module *module)
{
	hf__skip_value_type(r, module);
	const uint8_t *where = r->at;
	if (hf__read_limits(r).flags & HF__SHARED)
		hf__fail_at(r, where, "unknown kind of table" NEWER ":", *where);
}

void hf__skip_global_type(struct hf__reader *r, const struct hf__module *module)
{
	hf__skip_value_type(r, module);
	(void)hf__byte_below(r, 2, "unknown kind of global" NEWER ":");
}

uint32_t hf__read_tag_type(struct hf__reader *r, const struct hf__module *module)
{
	(void)hf__byte_below(r, 1, "unknown kind of tag" NEWER ":");
	return hf__index(r, module->types, "unknown type:");
}

/* exnref, (ref exn), (ref null exn) */
bool hf__is_exception(const struct hf__reader *r)
{
	const uint8_t *at = r->at;
	bool reference = r->end - at >= 2 && (*at == 0x63 || *at == 0x64);
	return at != r->end && at[reference ? 1 : 0] == 0x69;
}

/* ---- the type section ---- */

static void skip_field(struct hf__reader *r, const struct hf__module *module)
{
	if (r->at != r->end && (*r->at == 0x77 || *r->at == 0x78))
		r->at++; /* i16, i8 */
	else
		hf__skip_value_type(r, module);
	(void)hf__byte_below(r, 2, "unknown kind of field" NEWER ":");
}

/* The most values that an exception may carry. Each frame of a deep recursion can hold an exception: with 1,000 vectors each, they filled 850 MB.
 * Compilers use one or two values. */
#define CARRIED_MOST 4

/* Whether an exception with these parameters keeps other exceptions, or large values, in the engine's heap. */
static bool skip_parameters(struct hf__reader *r, const struct hf__module *module)
{
	uint32_t count = hf__count(r);
	bool keeps = count > CARRIED_MOST;
	for (; count > 0; count--) {
		keeps |= hf__is_exception(r);
		hf__skip_value_type(r, module);
	}
	return keeps;
}

static void skip_function(struct hf__reader *r, struct hf__module *module, uint32_t number)
{
	bool keeps = skip_parameters(r, module);
	for (uint32_t results = hf__count(r); results > 0; results--)
		hf__skip_value_type(r, module);
	bool first_time = module->keeping.count == 0 || module->keeping.items[module->keeping.count - 1] < number;
	if (keeps && first_time && !hf__failed(r) && !hf__numbers_add(&module->keeping, number))
		hf__fail(r, "not enough memory");
}

static void skip_composite(struct hf__reader *r, struct hf__module *module, uint32_t number)
{
	const uint8_t *where = r->at;
	uint8_t kind = hf__byte(r);
	if (!module->objects && (kind == 0x5f || kind == 0x5e))
		module->objects = where;
	switch (kind) {
	case 0x60:
		skip_function(r, module, number);
		break;
	case 0x5f:
		for (uint32_t left = hf__count(r); left > 0; left--)
			skip_field(r, module);
		break;
	case 0x5e:
		skip_field(r, module);
		break;
	default:
		hf__fail_at(r, where, "unknown kind of type" NEWER ":", kind);
	}
}

static void skip_subtype(struct hf__reader *r, struct hf__module *module, uint32_t number)
{
	if (r->at != r->end && (*r->at == 0x50 || *r->at == 0x4f)) {
		r->at++;
		if (hf__index(r, 2, "a type has too many supertypes:") == 1)
			skip_type_index(r, module);
	}
	skip_composite(r, module, number);
}

static uint32_t group_size(struct hf__reader *r)
{
	if (r->at == r->end || *r->at != 0x4e)
		return 1;
	r->at++;
	return hf__count(r);
}

static void walk_types(struct hf__reader r, struct hf__module *module, uint32_t *counted)
{
	for (uint32_t groups = hf__count(&r); groups > 0 && !hf__failed(&r); groups--) {
		for (uint32_t left = group_size(&r); left > 0 && !hf__failed(&r); left--, (*counted)++)
			skip_subtype(&r, module, *counted);
	}
	if (r.at != r.end)
		hf__fail(&r, "the type section is longer than its types");
}

/* Reads the section twice, because types may refer to later ones in their group: first to count them, then to check the indices. */
void hf__read_types(struct hf__reader *r, struct hf__module *module)
{
	uint32_t count = 0, again = 0;
	module->types = UINT32_MAX;
	walk_types(*r, module, &count);
	module->types = count;
	walk_types(*r, module, &again);
}
