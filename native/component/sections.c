/* sections.c - sections of components, and the public functions (Binary.md, "Component Definitions"). */
#include <stdlib.h>
#include <string.h>

#include "component/internal.h"

static const uint8_t header[] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};

/* ---- imports and exports ---- */

static void read_import(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	const uint8_t *where = r->at;
	struct hf__name name = hf__read_extern_name(cx, r);
	struct hf__path path = {
		.interface = hf__name(""), .name = name, .plans = scope->plans, .scope = scope, .imported = true};
	const struct hf__export *argument = NULL;
	if (scope->arguments && !hf__failed(r)) {
		argument = hf__exports_find(cx, scope->arguments, name);
		if (!argument)
			hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a component imports \"%n\", but gets no such argument",
			           &name);
	}
	if (hf__failed(r))
		return;
	struct hf__item item = hf__read_extern_type(cx, scope, r, argument ? &argument->item : NULL, path);
	hf__expose(cx, scope, r, where, true, argument != NULL, &item);
	hf__add_extern(cx, r, where, &scope->imports, name, item);
	hf__push(cx, scope, item);
}

static void plan_export(struct hf__context *cx, struct hf__name interface, struct hf__name name,
                        const struct hf__item *item);

static void plan_exports(struct hf__context *cx, struct hf__name interface, const struct hf__exports *exports)
{
	if (!hf__enter(cx))
		return;
	cx->depth++;
	for (uint32_t i = 0; i < exports->count && hf__spend(cx, 1); i++)
		plan_export(cx, interface, exports->items[i].name, &exports->items[i].item);
	cx->depth--;
}

static void plan_named(struct hf__context *cx, enum hf_plan_op op, struct hf__name interface, struct hf__name name,
                       uint32_t index)
{
	hf__step(cx, op);
	hf__word_name(cx, interface);
	hf__word_name(cx, name);
	hf__word(cx, index);
	(void)hf__step_end(cx, HF__SPACE_NONE);
}

/* Plans an export of the root. Modules, components and their types are left out: a host has no use for them. */
static void plan_export(struct hf__context *cx, struct hf__name interface, struct hf__name name,
                        const struct hf__item *item)
{
	bool type = item->sort == HF__TYPE;
	if (item->sort == HF__INSTANCE)
		plan_exports(cx, hf__join(cx, interface, name), &item->instance->exports);
	else if (item->sort == HF__FUNC)
		plan_named(cx, HF_PLAN_EXPORT, interface, name, item->index);
	else if (type && item->kind == HF__RESOURCE_TYPE)
		plan_named(cx, HF_PLAN_EXPORT_RESOURCE, interface, name, hf__plan_resource(cx, item->resource));
	else if (type && item->kind == HF__VALUE_TYPE)
		plan_named(cx, HF_PLAN_EXPORT_TYPE, interface, name, hf__plan_type(cx, item->type));
}

static void read_export(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	const uint8_t *where = r->at;
	struct hf__name name = hf__read_extern_name(cx, r);
	struct hf__item item = hf__read_sort_index(cx, scope, r);
	struct hf__path path = {.interface = hf__name(""), .name = name, .scope = scope};
	if (hf__byte_below(r, 2, "invalid optional type:") == 1 && !hf__failed(r))
		item = hf__read_extern_type(cx, scope, r, &item, path);
	hf__expose(cx, scope, r, where, false, false, &item);
	hf__add_extern(cx, r, where, &scope->exports, name, item);
	hf__push(cx, scope, item);
	if (scope->plans && !scope->closure && !hf__failed(r))
		plan_export(cx, hf__name(""), name, &item);
}

/* ---- sections ---- */

static void read_module(struct hf__context *cx, struct hf__scope *scope, struct hf__reader section)
{
	struct hf__item item = {.sort = HF__CORE_MODULE, .index = HF_PLAN_NONE};
	item.module = hf__read_module(cx, section);
	hf__push(cx, scope, item);
}

static void read_component(struct hf__context *cx, struct hf__scope *scope, struct hf__reader section)
{
	struct hf__item item = {.sort = HF__COMPONENT, .index = HF_PLAN_NONE};
	struct hf__closure *closure = hf__closure_of(cx, scope, HF__COMPONENT_TYPE, section.at, section.end);
	if (!closure)
		return;
	closure->is_component = true;
	item.closure = closure;
	if (scope->validates)
		(void)hf__run_component(cx, closure, NULL, NULL);
	hf__push(cx, scope, item);
}

static void read_start(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	(void)scope;
	hf__refuse(cx, r, r->at, HF_COMPONENT_UNSUPPORTED, "start functions of components are not supported");
}

static void read_value(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	(void)scope;
	hf__refuse(cx, r, r->at, HF_COMPONENT_UNSUPPORTED, "values that a component defines are not supported");
}

typedef void read_one(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r);

static void read_section(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r, uint8_t id)
{
	static read_one *const readers[] = {
		[2] = hf__read_core_instance, [3] = hf__read_core_type, [5] = hf__read_instance,
		[6] = hf__read_alias,         [7] = hf__read_type,      [8] = hf__read_canon,
		[10] = read_import,           [11] = read_export,       [12] = read_value,
	};
	if (id == 9) {
		read_start(cx, scope, r);
		return;
	}
	for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r) && hf__spend(cx, 1); left--) {
		const uint8_t *start = cx->at = r->at;
		readers[id](cx, scope, r);
		(void)hf__spend_bytes(cx, (size_t)(r->at - start));
	}
	if (!hf__failed(r) && r->at != r->end)
		hf__fail(r, "a section is longer than its contents");
}

static void read_sections(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	const uint8_t *start = r->at;
	hf__skip(r, sizeof header);
	if (!hf__failed(r) && memcmp(start, header, sizeof header) != 0)
		hf__refuse(cx, r, start, HF_COMPONENT_MALFORMED, "this is not a component of version 13, layer 1");
	while (r->at != r->end && hf__spend(cx, 1)) {
		uint8_t id = hf__byte_below(r, 13, "unknown section:");
		struct hf__reader section = hf__part(r, hf__u32(r));
		cx->at = section.at;
		if (hf__failed(r))
			return;
		if (id == 0)
			(void)hf__spend_bytes(cx,
			                      hf__read_name(cx, &section).size); /* a custom section: the rest may be anything */
		else if (id == 1)
			read_module(cx, scope, section);
		else if (id == 4)
			read_component(cx, scope, section);
		else
			read_section(cx, scope, &section, id);
	}
}

/* ---- instances ---- */

static void plan_instance(struct hf__context *cx, struct hf__scope *scope, const struct hf__scope *from)
{
	hf__step(cx, HF_PLAN_INSTANCE);
	hf__word(cx, from ? from->instance : HF_PLAN_NONE);
	scope->instance = hf__step_end(cx, HF__SPACE_INSTANCE);
}

struct hf__instance *hf__run_component(struct hf__context *cx, const struct hf__closure *closure,
                                       const struct hf__exports *arguments, const struct hf__scope *from)
{
	struct hf__scope *scope = hf__enter(cx) ? hf__scope_of(cx, closure) : NULL;
	if (!scope)
		return NULL;
	scope->arguments = arguments;
	scope->validates = !from;
	scope->plans = from && from->plans;
	if (scope->plans)
		plan_instance(cx, scope, from);
	struct hf__reader r = hf__range(cx, closure->at, closure->end);
	cx->depth++;
	read_sections(cx, scope, &r);
	cx->depth--;
	struct hf__instance *instance = hf__ended(cx) ? NULL : hf__alloc(cx, sizeof *instance);
	if (instance)
		instance->exports = scope->exports;
	return instance;
}

static void run_root(struct hf__context *cx)
{
	struct hf__scope *scope = hf__types_begin(cx) ? hf__scope_of(cx, NULL) : NULL;
	if (!scope)
		return;
	scope->plans = scope->validates = true;
	plan_instance(cx, scope, NULL);
	struct hf__reader r = hf__range(cx, cx->bytes, cx->bytes + cx->size);
	cx->depth++;
	read_sections(cx, scope, &r);
}

/* ---- the public functions ---- */

struct hf_component {
	uint32_t *words;
	char *names;
	uint32_t words_count, names_size, fuel;
};

bool hf_component_is(const uint8_t *bytes, size_t size)
{
	return size >= sizeof header && memcmp(bytes, header, sizeof header) == 0;
}

static void explain(struct hf_component_error *error, const struct hf__context *cx)
{
	*error = cx->error;
	error->fault = cx->kind;
	error->offset = cx->fault.offset;
	if (cx->fault.what != cx->error.text)
		hf__explain(error, &cx->fault);
}

/* The plan outlives the context that made it. */
static struct hf_component *take_plan(struct hf__context *cx)
{
	struct hf_component *component = hf__ended(cx) ? NULL : malloc(sizeof *component);
	if (!component) {
		hf__no_memory(cx);
		return NULL;
	}
	*component = (struct hf_component){
		.words = cx->words,
		.words_count = cx->words_count,
		.names = cx->names,
		.names_size = cx->names_size,
		.fuel = cx->fuel,
	};
	cx->words = NULL;
	cx->names = NULL;
	return component;
}

struct hf_component *hf_component_open(const uint8_t *bytes, size_t size, struct hf_component_error *error)
{
	struct hf__context cx = {.bytes = bytes, .size = size};
	cx.at = bytes;
	if (size > UINT32_MAX)
		hf__refuse(&cx, NULL, bytes, HF_COMPONENT_LIMIT, "the component is larger than 4 GiB");
	else
		run_root(&cx);
	struct hf_component *component = take_plan(&cx);
	if (!component)
		explain(error, &cx);
	hf__context_release(&cx);
	return component;
}

const uint32_t *hf_component_words(const struct hf_component *component, size_t *count)
{
	*count = component->words_count;
	return component->words;
}

const char *hf_component_names(const struct hf_component *component, size_t *size)
{
	*size = component->names_size;
	return component->names ? component->names : "";
}

uint32_t hf_component_fuel(const struct hf_component *component)
{
	return component->fuel;
}

void hf_component_close(struct hf_component *component)
{
	free(component->words);
	free(component->names);
	free(component);
}
