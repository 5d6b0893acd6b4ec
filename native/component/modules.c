/* modules.c - core modules, as far as components need them: their imports and exports, and the types of functions (core, 5.5). The engine
 * validates the rest when it compiles them. */
#include <stdlib.h>
#include <string.h>

#include "component/internal.h"

#define NEWER "; a core module may use a newer feature:"

struct core_types {
	const struct hf__signature **items; /* NULL: not a function type */
	uint32_t count, room;
};

/* ---- types ---- */

static void skip_heap_type(struct hf__reader *r)
{
	(void)hf__s33(r);
}

/* The letter of a value type. */
static char read_letter(struct hf__reader *r)
{
	const uint8_t *where = r->at;
	uint8_t code = hf__byte(r);
	switch (code) {
	case 0x7f:
		return 'i';
	case 0x7e:
		return 'l';
	case 0x7d:
		return 'f';
	case 0x7c:
		return 'd';
	case 0x64:
	case 0x63:
		skip_heap_type(r);
		return '?';
	default:
		if (code != 0x7b && (code < 0x69 || code > 0x74))
			hf__fail_at(r, where, "unknown core type" NEWER, code);
		return '?';
	}
}

/* The letters of a vector of types, after those that are there. */
static char *read_letters(struct hf__context *cx, struct hf__reader *r, char *before, uint32_t have, uint32_t *count)
{
	*count = hf__count(r);
	char *letters = hf__alloc(cx, (size_t)have + *count + 1);
	if (!letters)
		return NULL;
	if (have > 0)
		memcpy(letters, before, have);
	for (uint32_t i = 0; i < *count && !hf__failed(r); i++)
		letters[have + i] = read_letter(r);
	return letters;
}

static const struct hf__signature *read_signature(struct hf__context *cx, struct hf__reader *r)
{
	struct hf__signature *signature = hf__alloc(cx, sizeof *signature);
	if (!signature)
		return NULL;
	char *params = read_letters(cx, r, NULL, 0, &signature->params);
	if (!params)
		return NULL;
	signature->text = read_letters(cx, r, params, signature->params, &signature->results);
	return signature->text ? signature : NULL;
}

static void skip_field(struct hf__reader *r)
{
	if (r->at != r->end && (*r->at == 0x77 || *r->at == 0x78))
		r->at++;
	else
		(void)read_letter(r);
	(void)hf__byte_below(r, 2, "unknown kind of field" NEWER);
}

static const struct hf__signature *read_composite(struct hf__context *cx, struct hf__reader *r)
{
	const uint8_t *where = r->at;
	uint8_t code = hf__byte(r);
	switch (code) {
	case 0x60:
		return read_signature(cx, r);
	case 0x5f:
		for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r); left--)
			skip_field(r);
		return NULL;
	case 0x5e:
		skip_field(r);
		return NULL;
	default:
		hf__fail_at(r, where, "unknown kind of core type" NEWER, code);
		return NULL;
	}
}

/* An item takes more memory in the parser than bytes in the module, so items cost fuel: one unit for eight. */
static bool spend_eighth(struct hf__context *cx, uint32_t number)
{
	return number % 8 != 0 || hf__spend(cx, 1);
}

static void add_type(struct hf__context *cx, struct core_types *types, const struct hf__signature *signature)
{
	const struct hf__signature **items = hf__more_in_arena(cx, types->items, types->count, &types->room, sizeof *items);
	if (!items)
		return;
	types->items = items;
	types->items[types->count++] = signature;
}

static void read_subtype(struct hf__context *cx, struct hf__reader *r, struct core_types *types)
{
	if (r->at != r->end && (*r->at == 0x50 || *r->at == 0x4f)) {
		r->at++;
		for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r); left--)
			(void)hf__u32(r);
	}
	add_type(cx, types, read_composite(cx, r));
}

static void read_group(struct hf__context *cx, struct hf__reader *r, struct core_types *types)
{
	uint32_t left = 1;
	if (r->at != r->end && *r->at == 0x4e) {
		r->at++;
		left = hf__count(r);
	}
	for (; left > 0 && !hf__failed(r) && spend_eighth(cx, types->count); left--)
		read_subtype(cx, r, types);
}

/* ---- items ---- */

static uint32_t read_limits(struct hf__reader *r)
{
	uint8_t flags = hf__byte_below(r, 8, "unknown kind of limits" NEWER);
	bool wide = flags & HF__SIXTY_FOUR_BITS;
	for (unsigned left = flags & HF__HAS_MAXIMUM_SIZE ? 2 : 1; left > 0; left--)
		(void)(wide ? hf__u64(r) : hf__u32(r));
	return flags;
}

static const struct hf__signature *type_at(struct hf__reader *r, const struct core_types *types)
{
	uint32_t index = hf__index(r, types->count, "unknown core type:");
	return hf__failed(r) ? NULL : types->items[index];
}

static struct hf__item core_item(uint8_t sort)
{
	return (struct hf__item){.sort = sort, .index = HF_PLAN_NONE};
}

/* The description of an import, and of an export in the type of a module. */
static struct hf__item read_description(struct hf__reader *r, const struct core_types *types)
{
	struct hf__item item = core_item(hf__byte_below(r, HF_PLAN_SORTS, "unknown kind of core import or export" NEWER));
	switch (item.sort) {
	case HF__CORE_FUNC:
		item.signature = type_at(r, types);
		break;
	case HF__CORE_TABLE:
		(void)read_letter(r);
		(void)read_limits(r);
		break;
	case HF__CORE_MEMORY:
		item.limits = read_limits(r);
		break;
	case HF__CORE_GLOBAL:
		(void)read_letter(r);
		(void)hf__byte_below(r, 2, "unknown kind of global" NEWER);
		break;
	default:
		(void)hf__byte_below(r, 1, "unknown kind of tag" NEWER);
		item.signature = type_at(r, types);
	}
	return item;
}

static void read_import(struct hf__context *cx, struct hf__reader *r, struct hf__module *module,
                        const struct core_types *types)
{
	struct hf__import *imports =
		hf__more_in_arena(cx, module->imports, module->imports_count, &module->imports_room, sizeof *imports);
	if (!imports)
		return;
	module->imports = imports;
	struct hf__import *import = &imports[module->imports_count++];
	const uint8_t *where = r->at;
	import->module = hf__read_name(cx, r);
	import->name = hf__read_name(cx, r);
	if (hf__failed(r))
		return;
	/* Both names as one: they are adjacent in the module. */
	const char *text = import->module.text;
	struct hf__name both = {.text = text, .size = (uint32_t)((const char *)r->at - text)};
	import->item = read_description(r, types);
	if (!hf__failed(r) && !hf__exports_add(cx, &module->imported, both, import->item))
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a core module imports \"%n\" \"%n\" twice", &import->module,
		           &import->name);
}

static void add_export(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, struct hf__module *module,
                       struct hf__name name, struct hf__item item)
{
	if (!hf__failed(r) && !hf__exports_add(cx, &module->exports, name, item))
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a core module exports \"%n\" twice", &name);
}

/* ---- modules ---- */

/* The most functions, or items of another kind, of a module: the limit of engines. */
#define ITEMS_MOST 1000000

/* The index spaces of a module, as far as its exports need them. */
struct spaces {
	struct core_types types;
	uint32_t counts[HF_PLAN_SORTS];
	/* Of functions and of tags the signatures, of memories the limits. */
	struct known {
		union known_item {
			const struct hf__signature *signature;
			uint32_t limits;
		} * items;
		uint32_t room;
	} known[HF_PLAN_SORTS];
};

static void add_item(struct hf__context *cx, struct hf__reader *r, struct spaces *spaces, struct hf__item item)
{
	struct known *known = &spaces->known[item.sort];
	uint32_t *count = &spaces->counts[item.sort];
	if (*count >= ITEMS_MOST) {
		hf__refuse(cx, r, r->at, HF_COMPONENT_LIMIT, "a core module has more than %u functions, or other items",
		           (uint32_t)ITEMS_MOST);
		return;
	}
	if (item.sort != HF__CORE_TABLE && item.sort != HF__CORE_GLOBAL) {
		union known_item *items = hf__more(cx, known->items, *count, &known->room, sizeof *items);
		if (!items)
			return;
		known->items = items;
		if (item.sort == HF__CORE_MEMORY)
			items[*count].limits = item.limits;
		else
			items[*count].signature = item.signature;
	}
	++*count;
}

static struct hf__item item_at(const struct spaces *spaces, uint8_t sort, uint32_t index)
{
	struct hf__item item = core_item(sort);
	if (sort == HF__CORE_MEMORY)
		item.limits = spaces->known[sort].items[index].limits;
	else if (sort != HF__CORE_TABLE && sort != HF__CORE_GLOBAL)
		item.signature = spaces->known[sort].items[index].signature;
	return item;
}

static void read_imports(struct hf__context *cx, struct hf__reader *r, struct hf__module *module, struct spaces *spaces)
{
	for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r) && spend_eighth(cx, left); left--) {
		read_import(cx, r, module, &spaces->types);
		if (!hf__failed(r))
			add_item(cx, r, spaces, module->imports[module->imports_count - 1].item);
	}
}

/* Only the number of tables and globals matters: their initial values are not read. */
static void read_items(struct hf__context *cx, struct hf__reader *r, struct spaces *spaces, uint8_t sort)
{
	for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r); left--) {
		struct hf__item item = core_item(sort);
		if (sort == HF__CORE_TAG)
			(void)hf__byte_below(r, 1, "unknown kind of tag" NEWER);
		if (sort == HF__CORE_FUNC || sort == HF__CORE_TAG)
			item.signature = type_at(r, &spaces->types);
		if (sort == HF__CORE_MEMORY)
			item.limits = read_limits(r);
		add_item(cx, r, spaces, item);
	}
}

static void read_exports(struct hf__context *cx, struct hf__reader *r, struct hf__module *module,
                         const struct spaces *spaces)
{
	for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r) && spend_eighth(cx, left); left--) {
		const uint8_t *where = r->at;
		struct hf__name name = hf__read_name(cx, r);
		uint8_t sort = hf__byte_below(r, HF_PLAN_SORTS, "unknown kind of core export" NEWER);
		if (hf__failed(r))
			return;
		uint32_t index = hf__index(r, spaces->counts[sort], "a core module exports an unknown item:");
		if (!hf__failed(r))
			add_export(cx, r, where, module, name, item_at(spaces, sort, index));
	}
}

static void read_section(struct hf__context *cx, struct hf__reader *r, uint8_t id, struct hf__module *module,
                         struct spaces *spaces)
{
	switch (id) {
	case 1:
		for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r); left--)
			read_group(cx, r, &spaces->types);
		break;
	case 2:
		read_imports(cx, r, module, spaces);
		break;
	case 3:
		read_items(cx, r, spaces, HF__CORE_FUNC);
		break;
	case 4:
		read_items(cx, r, spaces, HF__CORE_TABLE);
		break;
	case 5:
		read_items(cx, r, spaces, HF__CORE_MEMORY);
		break;
	case 6:
		read_items(cx, r, spaces, HF__CORE_GLOBAL);
		break;
	case 7:
		read_exports(cx, r, module, spaces);
		break;
	case 13:
		read_items(cx, r, spaces, HF__CORE_TAG);
		break;
	default:
		break;
	}
}

static void read_sections(struct hf__context *cx, struct hf__reader *r, struct hf__module *module)
{
	static const uint8_t header[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
	struct spaces spaces = {0};
	const uint8_t *start = r->at;
	hf__skip(r, sizeof header);
	if (!hf__failed(r) && memcmp(start, header, sizeof header) != 0)
		hf__refuse(cx, r, start, HF_COMPONENT_MALFORMED, "a core module does not start with the header of version 1");
	/* The rank of each section id in the required order; 0: a custom section, which may be anywhere. */
	static const uint8_t ranks[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11, 6};
	uint8_t last = 0;
	while (r->at != r->end) {
		const uint8_t *where = r->at;
		uint8_t id = hf__byte_below(r, sizeof ranks, "unknown section" NEWER);
		if (hf__failed(r))
			break;
		if (ranks[id] && ranks[id] <= last)
			hf__refuse(cx, r, where, HF_COMPONENT_MALFORMED, "a section of a core module is out of order");
		last = ranks[id] ? ranks[id] : last;
		struct hf__reader section = hf__part(r, hf__u32(r));
		read_section(cx, &section, id, module, &spaces);
	}
	for (unsigned sort = 0; sort < HF_PLAN_SORTS; sort++)
		free(spaces.known[sort].items);
}

/* Finds a module with the same bytes that was read before: each instantiation of a component reads its modules again, and compositions contain copies.
 * Comparing costs fuel, because nothing else limits it. */
static struct hf__module *known_module(struct hf__context *cx, const struct hf__reader *section)
{
	size_t size = (size_t)(section->end - section->at);
	uint32_t steps = 0;
	for (struct hf__module *module = cx->modules; module; module = module->next) {
		const uint8_t *bytes = cx->bytes + module->offset;
		if (++steps % 16 == 0 && !hf__spend(cx, 1))
			return NULL;
		if (module->size != size)
			continue;
		if (bytes == section->at)
			return module;
		if (!hf__spend(cx, 1 + (uint32_t)(size >> 10)))
			return NULL;
		if (memcmp(bytes, section->at, size) == 0)
			return module;
	}
	return NULL;
}

struct hf__module *hf__read_module(struct hf__context *cx, struct hf__reader section)
{
	struct hf__module *module = known_module(cx, &section);
	if (module || hf__ended(cx))
		return module;
	module = hf__alloc(cx, sizeof *module);
	if (!module)
		return NULL;
	module->offset = (uint32_t)(section.at - cx->bytes);
	module->size = (uint32_t)(section.end - section.at);
	module->plan = HF_PLAN_NONE;
	read_sections(cx, &section, module);
	module->next = cx->modules;
	cx->modules = module;
	return module;
}

/* ---- the types of modules, and other core types ---- */

static void read_type_alias(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                            struct core_types *types)
{
	const uint8_t *where = r->at;
	if (hf__byte(r) != 0x10 || hf__byte(r) != 1) {
		hf__refuse(cx, r, where, HF_COMPONENT_MALFORMED, "unknown alias in the type of a core module");
		return;
	}
	uint32_t outer = hf__u32(r);
	if (outer == 0) { /* this type itself */
		add_type(cx, types, type_at(r, types));
		return;
	}
	struct hf__item item = hf__outer_item(cx, scope, r, where, HF__CORE_TYPE, outer - 1, hf__u32(r));
	if (!hf__failed(r) && item.kind != HF__FUNC_TYPE)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "an alias in the type of a module refers to no core type");
	if (!hf__failed(r))
		add_type(cx, types, item.signature);
}

static void read_module_declaration(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                                    struct hf__module *module, struct core_types *types)
{
	const uint8_t *where = r->at;
	switch (hf__byte_below(r, 4, "unknown declaration in the type of a core module:")) {
	case 0:
		read_import(cx, r, module, types);
		break;
	case 1:
		read_group(cx, r, types);
		break;
	case 2:
		read_type_alias(cx, scope, r, types);
		break;
	default: {
		struct hf__name name = hf__read_name(cx, r);
		add_export(cx, r, where, module, name, read_description(r, types));
	}
	}
}

static void read_module_type(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	struct core_types types = {0};
	struct hf__item item = {.sort = HF__CORE_TYPE, .kind = HF__COMPONENT_TYPE, .index = HF_PLAN_NONE};
	item.module = hf__alloc(cx, sizeof *item.module);
	if (!item.module)
		return;
	for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r) && hf__spend(cx, 1); left--)
		read_module_declaration(cx, scope, r, item.module, &types);
	hf__push(cx, scope, item);
}

/* A core:type, into the scope's space. 0x50 is the type of a module; a subtype that begins with it has a 0 before it. */
void hf__read_core_type(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	struct core_types types = {0};
	if (r->at != r->end && *r->at == 0x50) {
		r->at++;
		read_module_type(cx, scope, r);
		return;
	}
	if (r->at != r->end && *r->at == 0)
		r->at++;
	read_group(cx, r, &types);
	for (uint32_t i = 0; i < types.count && hf__spend(cx, 1); i++) {
		struct hf__item item = {.sort = HF__CORE_TYPE, .kind = HF__FUNC_TYPE, .index = HF_PLAN_NONE};
		item.signature = types.items[i];
		hf__push(cx, scope, item);
	}
}

/* ---- whether items fit ---- */

bool hf__same_signature(const struct hf__signature *a, const struct hf__signature *b)
{
	return a && b && a->params == b->params && a->results == b->results &&
	       memcmp(a->text, b->text, a->params + a->results) == 0;
}

const char *hf__core_misfit(const struct hf__item *wanted, const struct hf__item *given)
{
	if (wanted->sort != given->sort)
		return "is of another kind";
	if (wanted->sort == HF__CORE_FUNC && !hf__same_signature(wanted->signature, given->signature))
		return "is a function of another type";
	if (wanted->sort == HF__CORE_MEMORY &&
	    (wanted->limits & HF__SIXTY_FOUR_BITS) != (given->limits & HF__SIXTY_FOUR_BITS))
		return "is a memory of another address size";
	return NULL;
}

static const struct hf__import *find_import(const struct hf__module *module, const struct hf__import *wanted)
{
	for (uint32_t i = 0; i < module->imports_count; i++) {
		const struct hf__import *import = &module->imports[i];
		if (hf__same(import->module, wanted->module) && hf__same(import->name, wanted->name))
			return import;
	}
	return NULL;
}

/* The type must declare each import of the module, and the module must have each export of the type. */
bool hf__match_module(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, const struct hf__module *type,
                      const struct hf__module *module)
{
	for (uint32_t i = 0; i < module->imports_count && hf__spend(cx, 1 + type->imports_count); i++) {
		const struct hf__import *import = &module->imports[i], *declared = find_import(type, import);
		if (!declared || hf__core_misfit(&import->item, &declared->item)) {
			hf__refuse(cx, r, where, HF_COMPONENT_INVALID,
			           "a core module imports \"%n\" \"%n\", which its type does not declare", &import->module,
			           &import->name);
			return false;
		}
	}
	for (uint32_t i = 0; i < type->exports.count && hf__spend(cx, 1); i++) {
		const struct hf__export *wanted = &type->exports.items[i];
		const struct hf__export *given = hf__exports_find(cx, &module->exports, wanted->name);
		if (!given || hf__core_misfit(&wanted->item, &given->item)) {
			hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a core module does not export \"%n\" as its type declares",
			           &wanted->name);
			return false;
		}
	}
	return !hf__ended(cx);
}
