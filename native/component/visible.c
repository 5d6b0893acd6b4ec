/* visible.c - names of types (Explainer.md, "External Visibility of Types"): other components must be able to name the types that imports and exports
 * use. So each resource, record, variant, flags or enum in the type of an import must itself have been imported in the same scope, and each one in
 * the type of an export must have been imported or exported.
 *
 * Importing or exporting such a type makes an equal type that also has a name, which is a number. One map holds the named types of all scopes, keyed by
 * the number of the scope. */
#include "component/internal.h"

enum tag { NAME = 1, TYPE, RESOURCE };

static uint64_t key_of(const struct hf__scope *scope, enum tag tag, uint32_t number)
{
	return (uint64_t)scope->number << 32 | (uint64_t)tag << 30 | number;
}

static void add(struct hf__context *cx, const struct hf__scope *scope, enum tag tag, uint32_t number, bool imported)
{
	bool is_new;
	uint32_t *known = hf__map_at(cx, &cx->visible, key_of(scope, tag, number), &is_new);
	if (known)
		*known = (is_new ? 0 : *known) | imported;
}

static bool knows(struct hf__context *cx, const struct hf__scope *scope, enum tag tag, uint32_t number, bool imported)
{
	const uint32_t *known = hf__map_find(cx, &cx->visible, key_of(scope, tag, number));
	return known && (*known || !imported);
}

static bool needs_name(uint8_t op)
{
	return op == HF_PLAN_RECORD || op == HF_PLAN_VARIANT || op == HF_PLAN_FLAGS || op == HF_PLAN_ENUM;
}

/* ---- whether everything has a name ---- */

static bool type_is_named(struct hf__context *cx, const struct hf__scope *scope, uint32_t type, bool imported);

static bool parts_are_named(struct hf__context *cx, const struct hf__scope *scope, uint32_t type, bool imported)
{
	const struct hf__node *node = hf__type(cx, type);
	if (node->op == HF_PLAN_OWN || node->op == HF_PLAN_BORROW)
		return knows(cx, scope, node->b ? NAME : RESOURCE, node->b ? node->b : node->a, imported);
	if (!hf__spend(cx, node->count / 16))
		return false;
	for (uint32_t i = 0; i < node->count; i++) {
		if (!type_is_named(cx, scope, node->fields[i].type, imported))
			return false;
	}
	return type_is_named(cx, scope, node->a, imported) && type_is_named(cx, scope, node->b, imported);
}

/* A walk visits a type once, however often it occurs in others. Recursion is limited by the depth of types. */
static bool type_is_named(struct hf__context *cx, const struct hf__scope *scope, uint32_t type, bool imported)
{
	if (type == HF_PLAN_NONE || type < HF_PLAN_PRIMITIVES || cx->nodes[type].walk == cx->walks)
		return true;
	if (!hf__spend(cx, 1))
		return false;
	bool named = needs_name(cx->nodes[type].op) ? knows(cx, scope, TYPE, type, imported)
	                                            : parts_are_named(cx, scope, type, imported);
	if (named)
		cx->nodes[type].walk = cx->walks;
	return named;
}

static bool expose_all(struct hf__context *cx, struct hf__scope *scope, const struct hf__exports *exports,
                       bool imported);

/* Makes an instance that is used once, to see its exports. */
static bool exports_are_named(struct hf__context *cx, struct hf__scope *scope, const struct hf__closure *closure,
                              bool imported)
{
	struct hf__path path = {.interface = hf__name(""), .name = hf__name(""), .scope = scope, .imported = imported};
	const struct hf__instance *instance = hf__read_closure_type(cx, closure, NULL, NULL, NULL, path);
	return instance && expose_all(cx, scope, &instance->exports, imported);
}

static bool item_is_named(struct hf__context *cx, struct hf__scope *scope, const struct hf__item *item, bool imported)
{
	cx->walks++;
	if (item->sort == HF__FUNC)
		return parts_are_named(cx, scope, item->type, imported);
	if (item->sort != HF__TYPE)
		return true;
	if (item->kind == HF__INSTANCE_TYPE)
		return exports_are_named(cx, scope, item->closure, imported);
	/* Checks only the parts of the type: the type itself is about to get a name. */
	bool parts = item->kind <= HF__FUNC_TYPE && item->type >= HF_PLAN_PRIMITIVES;
	return !parts || parts_are_named(cx, scope, item->type, imported);
}

/* ---- names ---- */

static void give_name(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, struct hf__item *item)
{
	if (item->sort != HF__TYPE || hf__failed(r))
		return;
	if (item->kind == HF__RESOURCE_TYPE) {
		item->name = ++cx->type_names;
	} else if (item->kind == HF__VALUE_TYPE && needs_name(hf__type(cx, item->type)->op)) {
		struct hf__node node = *hf__type(cx, item->type);
		struct hf__node named = {.op = node.op, .count = node.count, .fields = node.fields, .a = node.a, .b = node.b};
		named.name = ++cx->type_names;
		item->type = hf__make_type(cx, r, where, named);
	}
}

static void know(struct hf__context *cx, const struct hf__scope *scope, const struct hf__item *item, bool imported)
{
	if (item->sort != HF__TYPE)
		return;
	if (item->kind == HF__RESOURCE_TYPE)
		add(cx, scope, item->name ? NAME : RESOURCE, item->name ? item->name : item->resource, imported);
	else if (item->kind == HF__VALUE_TYPE && item->type >= HF_PLAN_PRIMITIVES)
		add(cx, scope, TYPE, item->type, imported);
}

static bool expose(struct hf__context *cx, struct hf__scope *scope, const struct hf__item *item, bool imported)
{
	if (item->sort == HF__INSTANCE)
		return expose_all(cx, scope, &item->instance->exports, imported);
	bool named = item_is_named(cx, scope, item, imported);
	know(cx, scope, item, imported);
	return named;
}

/* The exports of an instance are in an order in which each refers only to earlier ones. */
static bool expose_all(struct hf__context *cx, struct hf__scope *scope, const struct hf__exports *exports,
                       bool imported)
{
	bool named = hf__enter(cx);
	cx->depth++;
	for (uint32_t i = 0; named && i < exports->count && hf__spend(cx, 1); i++)
		named = expose(cx, scope, &exports->items[i].item, imported);
	cx->depth--;
	return named;
}

/* Only components, and their types, have imports and exports; an instance's type is checked where it is used. */
static bool checks(const struct hf__scope *scope)
{
	return scope->namer == scope && (scope->is_component || scope->closure->kind == HF__COMPONENT_TYPE);
}

void hf__expose(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r, const uint8_t *where,
                bool imported, bool given, struct hf__item *item)
{
	if (hf__failed(r))
		return;
	bool named = !checks(scope) || (item->sort == HF__INSTANCE ? expose(cx, scope, item, imported)
	                                                           : item_is_named(cx, scope, item, imported));
	if (!given)
		give_name(cx, r, where, item);
	know(cx, scope->namer, item, scope->namer == scope ? imported : scope->names_imports);
	if (!named)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "an %s uses a type that is not %s itself",
		           imported ? "import" : "export", imported ? "imported" : "imported or exported");
}
