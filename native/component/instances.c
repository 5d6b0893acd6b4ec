/* instances.c - instances of core modules and of components (Binary.md, "Instance Definitions"). */
#include "component/internal.h"

static void add_argument(struct hf__context *cx, struct hf__reader *r, const uint8_t *where,
                         struct hf__exports *arguments, struct hf__name name, struct hf__item item)
{
	if (!hf__failed(r) && !hf__exports_add(cx, arguments, name, item))
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "the name \"%n\" is used twice", &name);
}

/* ---- of modules ---- */

static void check_import(struct hf__context *cx, struct hf__reader *r, const uint8_t *where,
                         const struct hf__import *import, const struct hf__exports *arguments)
{
	if (hf__failed(r) || !hf__spend_bytes(cx, (size_t)import->module.size + import->name.size))
		return;
	const struct hf__export *argument = hf__exports_find(cx, arguments, import->module);
	if (!argument) {
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a core module imports from \"%n\", but gets no such argument",
		           &import->module);
		return;
	}
	const struct hf__core_instance *instance = argument->item.core_instance;
	const struct hf__export *found =
		hf__exports_find(cx, instance->module ? &instance->module->exports : &instance->exports, import->name);
	const char *misfit = found ? hf__core_misfit(&import->item, &found->item) : "is missing";
	if (misfit)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a core module's import \"%n\" \"%n\" %s", &import->module,
		           &import->name, misfit);
}

static uint32_t plan_instantiate(struct hf__context *cx, struct hf__module *module, const struct hf__exports *arguments)
{
	uint32_t planned = hf__plan_module(cx, module);
	hf__step(cx, HF_PLAN_INSTANTIATE);
	hf__word(cx, planned);
	hf__word(cx, arguments->count);
	for (uint32_t i = 0; i < arguments->count; i++) {
		hf__word_name(cx, arguments->items[i].name);
		hf__word(cx, arguments->items[i].item.index);
	}
	return hf__step_end(cx, HF__SPACE_CORE_INSTANCE);
}

static void instantiate_module(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                               struct hf__item *instance)
{
	const uint8_t *where = r->at;
	struct hf__exports arguments = {0};
	struct hf__module *module = hf__read_index(cx, scope, r, HF__CORE_MODULE).module;
	for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r) && hf__spend(cx, 1); left--) {
		const uint8_t *here = r->at;
		struct hf__name name = hf__read_name(cx, r);
		if (hf__read_core_sort(cx, r) != HF__CORE_INSTANCE)
			hf__refuse(cx, r, here, HF_COMPONENT_INVALID, "the argument \"%n\" of a core module is not an instance",
			           &name);
		add_argument(cx, r, here, &arguments, name, hf__read_index(cx, scope, r, HF__CORE_INSTANCE));
	}
	if (hf__failed(r) || !hf__spend(cx, module->imports_count / 16))
		return;
	for (uint32_t i = 0; i < module->imports_count && !hf__failed(r); i++)
		check_import(cx, r, where, &module->imports[i], &arguments);
	instance->core_instance->module = module;
	if (scope->plans)
		instance->index = plan_instantiate(cx, module, &arguments);
}

static uint32_t plan_bundle(struct hf__context *cx, const struct hf__exports *exports)
{
	hf__step(cx, HF_PLAN_BUNDLE);
	hf__word(cx, exports->count);
	for (uint32_t i = 0; i < exports->count; i++) {
		hf__word_name(cx, exports->items[i].name);
		hf__word(cx, exports->items[i].item.sort);
		hf__word(cx, exports->items[i].item.index);
	}
	return hf__step_end(cx, HF__SPACE_CORE_INSTANCE);
}

static void bundle_items(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                         struct hf__item *instance)
{
	struct hf__exports *exports = &instance->core_instance->exports;
	for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r) && hf__spend(cx, 1); left--) {
		const uint8_t *where = r->at;
		struct hf__name name = hf__read_name(cx, r);
		enum hf__sort sort = hf__read_core_sort(cx, r);
		if ((unsigned)sort >= HF_PLAN_SORTS)
			hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a core instance cannot export a %s", hf__sort_text(sort));
		add_argument(cx, r, where, exports, name, hf__read_index(cx, scope, r, sort));
	}
	if (scope->plans && !hf__failed(r))
		instance->index = plan_bundle(cx, exports);
}

void hf__read_core_instance(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	struct hf__item item = {.sort = HF__CORE_INSTANCE, .index = HF_PLAN_NONE};
	item.core_instance = hf__alloc(cx, sizeof *item.core_instance);
	if (!item.core_instance)
		return;
	if (hf__byte_below(r, 2, "unknown kind of core instance:") == 0)
		instantiate_module(cx, scope, r, &item);
	else
		bundle_items(cx, scope, r, &item);
	hf__push(cx, scope, item);
}

/* ---- of components ---- */

struct hf__item hf__read_sort_index(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	const uint8_t *where = r->at;
	enum hf__sort sort = hf__read_sort(cx, r);
	if (sort < HF__FUNC && sort != HF__CORE_MODULE)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a component cannot import or export a %s", hf__sort_text(sort));
	return hf__read_index(cx, scope, r, sort);
}

static struct hf__instance *instantiate_component(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	struct hf__exports arguments = {0};
	const struct hf__closure *closure = hf__read_index(cx, scope, r, HF__COMPONENT).closure;
	for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r) && hf__spend(cx, 1); left--) {
		const uint8_t *here = r->at;
		struct hf__name name = hf__read_name(cx, r);
		add_argument(cx, r, here, &arguments, name, hf__read_sort_index(cx, scope, r));
	}
	if (hf__failed(r))
		return NULL;
	if (closure->is_component)
		return hf__run_component(cx, closure, &arguments, scope);
	struct hf__path nowhere = {.interface = hf__name(""), .name = hf__name("")};
	return hf__read_closure_type(cx, closure, &arguments, NULL, NULL, nowhere);
}

static struct hf__instance *bundle_exports(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	struct hf__instance *instance = hf__alloc(cx, sizeof *instance);
	if (!instance)
		return NULL;
	instance->exports.strong = true;
	for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r) && hf__spend(cx, 1); left--) {
		const uint8_t *where = r->at;
		struct hf__name name = hf__read_extern_name(cx, r);
		hf__add_extern(cx, r, where, &instance->exports, name, hf__read_sort_index(cx, scope, r));
	}
	return instance;
}

void hf__read_instance(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	struct hf__item item = {.sort = HF__INSTANCE, .index = HF_PLAN_NONE};
	if (hf__byte_below(r, 2, "unknown kind of instance:") == 0)
		item.instance = instantiate_component(cx, scope, r);
	else
		item.instance = bundle_exports(cx, scope, r);
	hf__push(cx, scope, item);
}
