/* plan.c - writes the plan (plan.def). */
#include <string.h>

#include "component/internal.h"

/* The most words of a plan. A unit of fuel usually adds few words, but a list of fields or arguments that was read once may be planned many times. */
#define WORDS_MOST (1u << 23)

void hf__word(struct hf__context *cx, uint32_t word)
{
	if (cx->words_count >= WORDS_MOST) {
		hf__refuse(cx, NULL, cx->at, HF_COMPONENT_LIMIT, "the plan to instantiate the component is too long");
		return;
	}
	uint32_t *words = hf__more(cx, cx->words, cx->words_count, &cx->words_room, sizeof *words);
	if (!words)
		return;
	cx->words = words;
	cx->words[cx->words_count++] = word;
}

void hf__step(struct hf__context *cx, enum hf_plan_op op)
{
	cx->step = cx->words_count;
	hf__word(cx, op);
}

uint32_t hf__step_end(struct hf__context *cx, unsigned space)
{
	if (hf__ended(cx))
		return 0;
	cx->words[cx->step] |= (cx->words_count - cx->step) << HF_PLAN_OP_BITS;
	return space == HF__SPACE_NONE ? 0 : cx->next[space]++;
}

/* ---- names ---- */

static uint32_t append_name(struct hf__context *cx, struct hf__name name)
{
	if (name.size > HF_COMPONENT_NAMES_SIZE - cx->names_size) {
		hf__refuse(cx, NULL, cx->at, HF_COMPONENT_LIMIT, "the component's names are too long");
		return 0;
	}
	while (cx->names_size + name.size > cx->names_room) {
		char *names = hf__more(cx, cx->names, cx->names_room, &cx->names_room, 1);
		if (!names)
			return 0;
		cx->names = names;
	}
	if (name.size > 0)
		memcpy(cx->names + cx->names_size, name.text, name.size);
	cx->names_size += name.size;
	return cx->names_size - name.size;
}

/* A name that was read from the component is written once for each place where it was read. */
void hf__word_name(struct hf__context *cx, struct hf__name name)
{
	uintptr_t text = (uintptr_t)name.text, bytes = (uintptr_t)cx->bytes;
	bool inside = name.size > 0 && text >= bytes && text < bytes + cx->size, is_new = true;
	uint32_t *known = NULL, offset = 0;
	if (inside)
		known = hf__map_at(cx, &cx->known_names, (uint64_t)(text - bytes) << 32 | name.size, &is_new);
	if (known && !is_new)
		offset = *known;
	else if (name.size > 0)
		offset = append_name(cx, name);
	if (known)
		*known = offset;
	hf__word(cx, offset);
	hf__word(cx, name.size);
}

/* ---- types ---- */

uint32_t hf__plan_resource(struct hf__context *cx, uint32_t resource)
{
	struct hf__resource *planned = &cx->resources[resource];
	if (planned->plan != HF_PLAN_NONE)
		return planned->plan;
	if (planned->owner) {
		hf__step(cx, HF_PLAN_RESOURCE);
		hf__word(cx, planned->instance);
		hf__word(cx, planned->dtor);
	} else {
		hf__step(cx, HF_PLAN_RESOURCE_IMPORTED);
		hf__word_name(cx, planned->interface);
		hf__word_name(cx, planned->name);
	}
	return planned->plan = hf__step_end(cx, HF__SPACE_RESOURCE);
}

/* Plans the types that this type refers to first. Recursion is limited by the depth of types. */
static void plan_parts(struct hf__context *cx, const struct hf__node *node)
{
	for (uint32_t i = 0; i < node->count && !hf__ended(cx); i++) {
		if (node->fields[i].type != HF_PLAN_NONE)
			(void)hf__plan_type(cx, node->fields[i].type);
	}
	if (node->op == HF_PLAN_OWN || node->op == HF_PLAN_BORROW) {
		(void)hf__plan_resource(cx, node->a);
		return;
	}
	if (node->a != HF_PLAN_NONE)
		(void)hf__plan_type(cx, node->a);
	if (node->b != HF_PLAN_NONE)
		(void)hf__plan_type(cx, node->b);
}

static void word_type(struct hf__context *cx, uint32_t type)
{
	hf__word(cx, type == HF_PLAN_NONE ? type : hf__type(cx, type)->plan);
}

static void word_fields(struct hf__context *cx, const struct hf__node *node, bool names, bool types)
{
	hf__word(cx, node->count);
	for (uint32_t i = 0; i < node->count && !hf__ended(cx); i++) {
		if (names)
			hf__word_name(cx, node->fields[i].name);
		if (types)
			word_type(cx, node->fields[i].type);
	}
}

static void word_func(struct hf__context *cx, const struct hf__node *node)
{
	char room[18];
	bool params = node->flats > 16, result = node->a != HF_PLAN_NONE && hf__type(cx, node->a)->flats > 1;
	struct hf__signature signature = hf__flatten(cx, node, false, room);
	hf__word(cx, (params ? HF_PLAN_PARAMS_IN_MEMORY : 0) | (result ? HF_PLAN_RESULT_IN_MEMORY : 0));
	word_fields(cx, node, true, true);
	word_type(cx, node->a);
	hf__word_name(cx, (struct hf__name){.text = room, .size = signature.params});
	hf__word_name(cx, (struct hf__name){.text = room + signature.params, .size = result ? 0 : signature.results});
}

static void word_parts(struct hf__context *cx, const struct hf__node *node)
{
	switch (node->op) {
	case HF_PLAN_RECORD:
	case HF_PLAN_VARIANT:
		word_fields(cx, node, true, true);
		break;
	case HF_PLAN_TUPLE:
		word_fields(cx, node, false, true);
		break;
	case HF_PLAN_FLAGS:
	case HF_PLAN_ENUM:
		word_fields(cx, node, true, false);
		break;
	case HF_PLAN_RESULT:
		word_type(cx, node->a);
		word_type(cx, node->b);
		break;
	case HF_PLAN_OWN:
	case HF_PLAN_BORROW:
		hf__word(cx, cx->resources[node->a].plan);
		break;
	case HF_PLAN_FUNC:
		word_func(cx, node);
		break;
	default: /* list, option */
		word_type(cx, node->a);
	}
}

uint32_t hf__plan_type(struct hf__context *cx, uint32_t type)
{
	type = hf__type(cx, type)->same;
	struct hf__node node = *hf__type(cx, type);
	if (node.plan != HF_PLAN_NONE || hf__ended(cx))
		return node.plan;
	plan_parts(cx, &node);
	hf__step(cx, (enum hf_plan_op)node.op);
	word_parts(cx, &node);
	return cx->nodes[type].plan = hf__step_end(cx, HF__SPACE_TYPE);
}

uint32_t hf__plan_module(struct hf__context *cx, struct hf__module *module)
{
	if (module->plan != HF_PLAN_NONE)
		return module->plan;
	hf__step(cx, HF_PLAN_MODULE);
	hf__word(cx, module->offset);
	hf__word(cx, module->size);
	return module->plan = hf__step_end(cx, HF__SPACE_MODULE);
}
