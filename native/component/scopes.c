/* scopes.c - index spaces and aliases (Binary.md, "Alias Definitions"). */
#include <string.h>

#include "component/internal.h"

struct hf__scope *hf__scope_of(struct hf__context *cx, const struct hf__closure *closure)
{
	struct hf__scope *scope = hf__alloc(cx, sizeof *scope);
	if (!scope)
		return NULL;
	scope->closure = closure;
	scope->parent = closure ? closure->parent : NULL;
	scope->is_component = !closure || closure->is_component;
	scope->imports.strong = scope->exports.strong = true;
	scope->instance = HF_PLAN_NONE;
	scope->namer = scope;
	scope->number = ++cx->scopes;
	return scope;
}

void hf__push(struct hf__context *cx, struct hf__scope *scope, struct hf__item item)
{
	struct hf__space *space = &scope->spaces[item.sort];
	if (hf__ended(cx))
		return;
	struct hf__item *items = hf__more_in_arena(cx, space->items, space->count, &space->room, sizeof *items);
	if (!items)
		return;
	space->items = items;
	space->items[space->count++] = item;
}

const char *hf__sort_text(enum hf__sort sort)
{
	static const char *const texts[HF__SORTS] = {
		[HF__CORE_FUNC] = "core function", [HF__CORE_TABLE] = "core table",
		[HF__CORE_MEMORY] = "core memory", [HF__CORE_GLOBAL] = "core global",
		[HF__CORE_TAG] = "core tag",       [HF__CORE_TYPE] = "core type",
		[HF__CORE_MODULE] = "core module", [HF__CORE_INSTANCE] = "core instance",
		[HF__FUNC] = "function",           [HF__TYPE] = "type",
		[HF__COMPONENT] = "component",     [HF__INSTANCE] = "instance",
	};
	return texts[sort];
}

static struct hf__item item_in(struct hf__context *cx, const struct hf__scope *scope, struct hf__reader *r,
                               const uint8_t *where, enum hf__sort sort, uint32_t index, uint32_t count)
{
	if (hf__failed(r))
		return (struct hf__item){0};
	if (index < count)
		return scope->spaces[sort].items[index];
	hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "there is no %s %u", hf__sort_text(sort), index);
	return (struct hf__item){0};
}

struct hf__item hf__item_at(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r, const uint8_t *where,
                            enum hf__sort sort, uint32_t index)
{
	return item_in(cx, scope, r, where, sort, index, scope->spaces[sort].count);
}

struct hf__item hf__read_index(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                               enum hf__sort sort)
{
	const uint8_t *where = r->at;
	return hf__item_at(cx, scope, r, where, sort, hf__u32(r));
}

/* ---- sorts ---- */

static void refuse_values(struct hf__context *cx, struct hf__reader *r, const uint8_t *where)
{
	hf__refuse(cx, r, where, HF_COMPONENT_UNSUPPORTED,
	           "values that are imported, exported or defined are not supported");
}

enum hf__sort hf__read_core_sort(struct hf__context *cx, struct hf__reader *r)
{
	const uint8_t *where = r->at;
	uint8_t code = hf__byte(r);
	switch (code) {
	case 0x10:
		return HF__CORE_TYPE;
	case 0x11:
		return HF__CORE_MODULE;
	case 0x12:
		return HF__CORE_INSTANCE;
	default:
		if (code < HF_PLAN_SORTS)
			return (enum hf__sort)code;
		hf__refuse(cx, r, where, HF_COMPONENT_MALFORMED, "unknown core sort %u", (uint32_t)code);
		return HF__CORE_FUNC;
	}
}

enum hf__sort hf__read_sort(struct hf__context *cx, struct hf__reader *r)
{
	const uint8_t *where = r->at;
	uint8_t code = hf__byte(r);
	switch (code) {
	case 0:
		return hf__read_core_sort(cx, r);
	case 1:
		return HF__FUNC;
	case 2:
		refuse_values(cx, r, where);
		return HF__FUNC;
	case 3:
		return HF__TYPE;
	case 4:
		return HF__COMPONENT;
	case 5:
		return HF__INSTANCE;
	default:
		hf__refuse(cx, r, where, HF_COMPONENT_MALFORMED, "unknown sort %u", (uint32_t)code);
		return HF__FUNC;
	}
}

/* ---- aliases ---- */

/* Whether the type must not be used outside the component that contains it. */
static bool has_resources(const struct hf__context *cx, const struct hf__item *item)
{
	if (item->sort != HF__TYPE)
		return item->sort == HF__COMPONENT && item->closure->tainted;
	switch (item->kind) {
	case HF__RESOURCE_TYPE:
		return true;
	case HF__INSTANCE_TYPE:
	case HF__COMPONENT_TYPE:
		return item->closure->tainted;
	default:
		return hf__type(cx, item->type)->resources;
	}
}

/* Notes that the scopes up to the outer one refer to a resource type outside; components must not. */
static bool taint(struct hf__scope *scope, const struct hf__scope *outer)
{
	for (; scope != outer; scope = scope->parent) {
		if (scope->is_component)
			return false;
		scope->tainted = true;
	}
	return true;
}

struct hf__item hf__outer_item(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                               const uint8_t *where, enum hf__sort sort, uint32_t outer, uint32_t index)
{
	struct hf__scope *target = scope;
	uint32_t count = scope->spaces[sort].count;
	for (; outer > 0 && target; outer--) {
		count = target->closure ? target->closure->visible[sort] : 0;
		target = target->parent;
	}
	if (!target) {
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "an outer alias refers to a scope that does not exist");
		return (struct hf__item){0};
	}
	struct hf__item item = item_in(cx, target, r, where, sort, index, count);
	if (!hf__failed(r) && has_resources(cx, &item) && !taint(scope, target))
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID,
		           "an outer alias of a type that refers to resources leaves its component");
	return item;
}

static void read_outer_alias(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                             const uint8_t *where, enum hf__sort sort)
{
	bool in_type = sort == HF__CORE_TYPE || sort == HF__TYPE;
	bool in_component = in_type || sort == HF__CORE_MODULE || sort == HF__COMPONENT;
	uint32_t outer = hf__u32(r), index = hf__u32(r);
	if (!in_component || (!in_type && !scope->is_component))
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "an outer alias cannot refer to a %s", hf__sort_text(sort));
	if (!hf__failed(r))
		hf__push(cx, scope, hf__outer_item(cx, scope, r, where, sort, outer, index));
}

static void read_export_alias(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                              const uint8_t *where, enum hf__sort sort)
{
	struct hf__item instance = hf__read_index(cx, scope, r, HF__INSTANCE);
	struct hf__name name = hf__read_name(cx, r);
	if (hf__failed(r))
		return;
	if (!scope->is_component && sort != HF__INSTANCE && sort != HF__TYPE) {
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "in a type, an alias cannot refer to a %s", hf__sort_text(sort));
		return;
	}
	const struct hf__export *found = hf__exports_find(cx, &instance.instance->exports, name);
	if (!found)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "an instance has no export \"%n\"", &name);
	else if (found->item.sort != sort)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "the export \"%n\" of an instance is a %s, not a %s", &name,
		           hf__sort_text(found->item.sort), hf__sort_text(sort));
	else
		hf__push(cx, scope, found->item);
}

/* An export of an instance of a module is planned once. */
static uint32_t plan_alias(struct hf__context *cx, const struct hf__item *instance, const struct hf__export *export)
{
	const struct hf__exports *exports = &instance->core_instance->module->exports;
	uint64_t key = (uint64_t)instance->index << 32 | (uint32_t)(export - exports->items + 1);
	bool is_new;
	uint32_t *known = hf__map_at(cx, &cx->known_aliases, key, &is_new);
	if (!known || !is_new)
		return known ? *known : HF_PLAN_NONE;
	hf__step(cx, HF_PLAN_ALIAS);
	hf__word(cx, export->item.sort);
	hf__word(cx, instance->index);
	hf__word_name(cx, export->name);
	return *known = hf__step_end(cx, HF__SPACE_CORE + export->item.sort);
}

static void read_core_alias(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r, const uint8_t *where,
                            enum hf__sort sort)
{
	struct hf__item instance = hf__read_index(cx, scope, r, HF__CORE_INSTANCE);
	struct hf__name name = hf__read_name(cx, r);
	if (hf__failed(r))
		return;
	const struct hf__module *module = instance.core_instance->module;
	const struct hf__exports *exports = module ? &module->exports : &instance.core_instance->exports;
	const struct hf__export *found = hf__exports_find(cx, exports, name);
	if (!found || found->item.sort != sort || !scope->is_component) {
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a core instance has no export \"%n\" that is a %s", &name,
		           hf__sort_text(sort));
		return;
	}
	struct hf__item item = found->item;
	if (module && scope->plans)
		item.index = plan_alias(cx, &instance, found);
	hf__push(cx, scope, item);
}

void hf__read_alias(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	const uint8_t *where = r->at;
	enum hf__sort sort = hf__read_sort(cx, r);
	switch (hf__byte_below(r, 3, "unknown kind of alias:")) {
	case 0:
		read_export_alias(cx, scope, r, where, sort);
		break;
	case 1:
		read_core_alias(cx, scope, r, where, sort);
		break;
	default:
		read_outer_alias(cx, scope, r, where, sort);
	}
}
