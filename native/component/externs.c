/* externs.c - the types of imports and exports: declaring an abstract item of a type, and matching an item with one (Binary.md, "Type Definitions"). */
#include <string.h>

#include "component/internal.h"

/* ---- annotated names ---- */

static bool is_handle(const struct hf__context *cx, uint32_t type, uint8_t op, uint32_t resource)
{
	return type != HF_PLAN_NONE && hf__type(cx, type)->op == op && hf__type(cx, type)->a == resource;
}

/* NULL: the function may have this name. */
static const char *misnamed(const struct hf__context *cx, char kind, const struct hf__item *item, uint32_t resource)
{
	const struct hf__node *func = hf__type(cx, item->type);
	if (kind == 'm') {
		bool self = func->count > 0 && hf__same(func->fields[0].name, hf__name("self")) &&
		            is_handle(cx, func->fields[0].type, HF_PLAN_BORROW, resource);
		return self ? NULL : "has no first parameter \"self\" that borrows the resource";
	}
	if (kind == 'c') {
		uint32_t result = func->a;
		if (result != HF_PLAN_NONE && hf__type(cx, result)->op == HF_PLAN_RESULT)
			result = hf__type(cx, result)->a;
		return is_handle(cx, result, HF_PLAN_OWN, resource) ? NULL : "does not return the resource";
	}
	return NULL;
}

static void check_annotation(struct hf__context *cx, struct hf__reader *r, const uint8_t *where,
                             const struct hf__exports *exports, struct hf__name name, const struct hf__item *item)
{
	struct hf__annotated annotated = hf__annotated(name);
	if (annotated.kind == 0)
		return;
	const struct hf__export *resource = hf__exports_find(cx, exports, annotated.resource);
	const char *wrong = NULL;
	if (item->sort != HF__FUNC)
		wrong = "is not a function";
	else if (!resource || resource->item.sort != HF__TYPE || resource->item.kind != HF__RESOURCE_TYPE)
		wrong = "names a resource that does not exist";
	else
		wrong = misnamed(cx, annotated.kind, item, resource->item.resource);
	if (wrong)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "\"%n\" %s", &name, wrong);
}

void hf__add_extern(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, struct hf__exports *exports,
                    struct hf__name name, struct hf__item item)
{
	if (hf__failed(r))
		return;
	check_annotation(cx, r, where, exports, name, &item);
	if (name.implements && item.sort != HF__INSTANCE)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "\"%n\" implements an interface, but is not an instance", &name);
	if (!hf__failed(r) && !hf__exports_add(cx, exports, name, item))
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "the name \"%n\" is used twice, or is too similar to another",
		           &name);
}

/* ---- abstract items ---- */

/* The most bytes of the names of instances in instances, joined. */
#define JOINED_MOST 4096

struct hf__name hf__join(struct hf__context *cx, struct hf__name outer, struct hf__name inner)
{
	if (outer.size == 0)
		return inner;
	struct hf__name joined = {.text = "", .size = 0};
	if (outer.size > JOINED_MOST || inner.size > JOINED_MOST) {
		hf__refuse(cx, NULL, cx->at, HF_COMPONENT_LIMIT, "the names of instances in instances are too long");
		return joined;
	}
	size_t size = (size_t)outer.size + 1 + inner.size;
	char *text = hf__spend_bytes(cx, size) ? hf__alloc(cx, size) : NULL;
	if (!text)
		return joined;
	memcpy(text, outer.text, outer.size);
	text[outer.size] = '/';
	memcpy(text + outer.size + 1, inner.text, inner.size);
	return (struct hf__name){.text = text, .size = outer.size + 1 + inner.size};
}

static uint32_t plan_import(struct hf__context *cx, struct hf__path path, uint32_t type)
{
	uint64_t hash = hf__type(cx, type)->hash;
	uint32_t planned = hf__plan_type(cx, type);
	hf__step(cx, HF_PLAN_IMPORT);
	hf__word_name(cx, path.interface);
	hf__word_name(cx, path.name);
	hf__word(cx, planned);
	hf__word(cx, (uint32_t)hash);
	hf__word(cx, (uint32_t)(hash >> 32));
	return hf__step_end(cx, HF__SPACE_FUNC);
}

/* ---- matching ---- */

static void refuse_match(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, struct hf__path path,
                         const char *what)
{
	hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "\"%n\" does not match its type: %s", &path.name, what);
}

/* Given the imports that the type declares, the component must export everything that the type declares. */
static void match_component(struct hf__context *cx, const struct hf__closure *type, const struct hf__closure *given)
{
	struct hf__exports imports = {0};
	struct hf__path nowhere = {.interface = hf__name(""), .name = hf__name("")};
	if (!hf__read_closure_type(cx, type, NULL, &imports, NULL, nowhere))
		return;
	const struct hf__instance *instance = given->is_component
	                                          ? hf__run_component(cx, given, &imports, NULL)
	                                          : hf__read_closure_type(cx, given, &imports, NULL, NULL, nowhere);
	if (instance)
		(void)hf__read_closure_type(cx, type, &imports, NULL, instance, nowhere);
}

/* ---- externtype ---- */

static struct hf__item type_index(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                                  enum hf__kind kind)
{
	static const char *const texts[] = {
		[HF__FUNC_TYPE] = "a function",
		[HF__INSTANCE_TYPE] = "an instance",
		[HF__COMPONENT_TYPE] = "a component",
	};
	const uint8_t *where = r->at;
	struct hf__item type = hf__read_index(cx, scope, r, HF__TYPE);
	if (!hf__failed(r) && type.kind != kind)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "the type is not that of %s", texts[kind]);
	return type;
}

static void refuse_import(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, struct hf__path path,
                          const char *what)
{
	if (path.plans)
		hf__refuse(cx, r, where, HF_COMPONENT_UNSUPPORTED, "it imports %s, \"%n\", which no host provides", what,
		           &path.name);
}

static struct hf__item read_module_extern(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                                          const struct hf__item *given, struct hf__path path)
{
	struct hf__item item = {.sort = HF__CORE_MODULE, .index = HF_PLAN_NONE};
	const uint8_t *where = r->at;
	if (hf__byte(r) != 0x11) {
		hf__refuse(cx, r, where, HF_COMPONENT_MALFORMED, "unknown kind of core import or export");
		return item;
	}
	struct hf__item type = hf__read_index(cx, scope, r, HF__CORE_TYPE);
	if (hf__failed(r))
		return item;
	if (type.kind != HF__COMPONENT_TYPE)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "the core type is not a module type");
	else if (!given)
		refuse_import(cx, r, where, path, "a core module");
	else
		(void)hf__match_module(cx, r, where, type.module, given->module);
	item.module = type.module;
	return given ? *given : item;
}

static struct hf__item read_func_extern(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                                        const struct hf__item *given, struct hf__path path)
{
	struct hf__item item = {.sort = HF__FUNC, .index = HF_PLAN_NONE};
	const uint8_t *where = r->at;
	item.type = type_index(cx, scope, r, HF__FUNC_TYPE).type;
	if (hf__failed(r))
		return item;
	if (given && !hf__same_type(cx, given->type, item.type))
		refuse_match(cx, r, where, path, "it is a function of another type");
	if (given)
		item.index = given->index;
	else if (path.plans)
		item.index = plan_import(cx, path, item.type);
	return item;
}

static bool same_type_item(const struct hf__context *cx, const struct hf__item *a, const struct hf__item *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == HF__RESOURCE_TYPE)
		return a->resource == b->resource;
	return a->kind == HF__INSTANCE_TYPE || a->kind == HF__COMPONENT_TYPE || hf__same_type(cx, a->type, b->type);
}

static struct hf__item read_type_extern(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                                        const struct hf__item *given, struct hf__path path)
{
	const uint8_t *where = r->at;
	struct hf__item item = {.sort = HF__TYPE, .kind = HF__RESOURCE_TYPE, .index = HF_PLAN_NONE};
	bool resource = hf__byte_below(r, 2, "unknown bound of a type:") == 1;
	if (!resource)
		item = hf__read_index(cx, scope, r, HF__TYPE);
	if (hf__failed(r))
		return item;
	if (given && resource && given->kind != HF__RESOURCE_TYPE)
		refuse_match(cx, r, where, path, "it is not a resource");
	else if (given && !resource && !same_type_item(cx, &item, given))
		refuse_match(cx, r, where, path, "it is another type");
	else if (!given && resource)
		item.resource = hf__make_resource(cx, (struct hf__resource){.interface = path.interface, .name = path.name});
	return given ? *given : item;
}

static struct hf__item read_component_extern(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                                             const struct hf__item *given, struct hf__path path)
{
	struct hf__item item = {.sort = HF__COMPONENT, .index = HF_PLAN_NONE};
	const uint8_t *where = r->at;
	item.closure = type_index(cx, scope, r, HF__COMPONENT_TYPE).closure;
	if (hf__failed(r))
		return item;
	if (given)
		match_component(cx, item.closure, given->closure);
	else
		refuse_import(cx, r, where, path, "a component");
	return given ? *given : item;
}

static struct hf__item read_instance_extern(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                                            const struct hf__item *given, struct hf__path path)
{
	struct hf__item item = {.sort = HF__INSTANCE, .index = HF_PLAN_NONE};
	const struct hf__closure *type = type_index(cx, scope, r, HF__INSTANCE_TYPE).closure;
	if (hf__failed(r))
		return item;
	path.interface = hf__join(cx, path.interface, path.name);
	item.instance = hf__read_closure_type(cx, type, NULL, NULL, given ? given->instance : NULL, path);
	return item;
}

typedef struct hf__item read_extern(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                                    const struct hf__item *given, struct hf__path path);

struct hf__item hf__read_extern_type(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                                     const struct hf__item *given, struct hf__path path)
{
	static const struct {
		read_extern *read;
		enum hf__sort sort;
	} kinds[] = {
		{read_module_extern, HF__CORE_MODULE},
		{read_func_extern, HF__FUNC},
		{NULL, HF__FUNC},
		{read_type_extern, HF__TYPE},
		{read_component_extern, HF__COMPONENT},
		{read_instance_extern, HF__INSTANCE},
	};
	const uint8_t *where = r->at;
	uint8_t code = hf__byte_below(r, 6, "unknown kind of import or export:");
	if (!hf__failed(r) && !kinds[code].read)
		hf__refuse(cx, r, where, HF_COMPONENT_UNSUPPORTED, "values that are imported or exported are not supported");
	if (!hf__failed(r) && given && given->sort != kinds[code].sort)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "\"%n\" is a %s where a %s is expected", &path.name,
		           hf__sort_text(given->sort), hf__sort_text(kinds[code].sort));
	return hf__failed(r) ? (struct hf__item){0} : kinds[code].read(cx, scope, r, given, path);
}

/* ---- the types of instances and components ---- */

/* Reads an import or export declared in a type: uses the item given under that name, or else an abstract item. */
static struct hf__item read_declared(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                                     const uint8_t *where, struct hf__name name, const struct hf__exports *given,
                                     struct hf__path path)
{
	const struct hf__export *found = given ? hf__exports_find(cx, given, name) : NULL;
	if (hf__failed(r))
		return (struct hf__item){0};
	if (given && !found) {
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "there is no \"%n\", which a type declares", &name);
		return (struct hf__item){0};
	}
	path.name = name;
	return hf__read_extern_type(cx, scope, r, found ? &found->item : NULL, path);
}

/* The parameters of reading a closure's type. */
struct reading {
	const struct hf__exports *arguments, *given;
	struct hf__path path;
};

static void read_declaration(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                             const struct reading *reading)
{
	const uint8_t *where = cx->at = r->at;
	uint8_t code = hf__byte_below(r, 5, "unknown declaration in a type:");
	if (hf__failed(r))
		return;
	if (code == 0) {
		hf__read_core_type(cx, scope, r);
	} else if (code == 1) {
		hf__read_type(cx, scope, r);
	} else if (code == 2) {
		hf__read_alias(cx, scope, r);
	} else {
		struct hf__name name = hf__read_extern_name(cx, r);
		if (code == 3 && scope->closure->kind != HF__COMPONENT_TYPE)
			hf__refuse(cx, r, where, HF_COMPONENT_MALFORMED, "the type of an instance has imports");
		struct hf__path path = reading->path;
		path.scope = scope;
		path.imported = code == 3;
		struct hf__item item =
			read_declared(cx, scope, r, where, name, code == 3 ? reading->arguments : reading->given, path);
		hf__expose(cx, scope, r, where, code == 3, (code == 3 ? reading->arguments : reading->given) != NULL, &item);
		hf__add_extern(cx, r, where, code == 3 ? &scope->imports : &scope->exports, name, item);
		hf__push(cx, scope, item);
	}
}

/* While a type is used for an import or export, the names of the types that it exports belong to the scope of that import or export. */
static void take_namer(struct hf__scope *scope, const struct hf__path *path)
{
	if (!path->scope)
		return;
	scope->namer = path->scope->namer;
	scope->names_imports = scope->namer == path->scope ? path->imported : path->scope->names_imports;
}

static struct hf__scope *read_declarations(struct hf__context *cx, const struct hf__closure *closure,
                                           struct hf__reader *r, const struct reading *reading)
{
	struct hf__scope *scope = hf__enter(cx) ? hf__scope_of(cx, closure) : NULL;
	if (!scope)
		return NULL;
	take_namer(scope, &reading->path);
	cx->depth++;
	for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r) && hf__spend(cx, 1); left--) {
		const uint8_t *start = r->at;
		read_declaration(cx, scope, r, reading);
		(void)hf__spend_bytes(cx, (size_t)(r->at - start));
	}
	cx->depth--;
	return hf__ended(cx) ? NULL : scope;
}

struct hf__instance *hf__read_closure_type(struct hf__context *cx, const struct hf__closure *closure,
                                           const struct hf__exports *arguments, struct hf__exports *imports,
                                           const struct hf__instance *given, struct hf__path path)
{
	struct reading reading = {.arguments = arguments, .given = given ? &given->exports : NULL, .path = path};
	struct hf__reader r = hf__range(cx, closure->at, closure->end);
	struct hf__scope *scope = read_declarations(cx, closure, &r, &reading);
	struct hf__instance *instance = scope ? hf__alloc(cx, sizeof *instance) : NULL;
	if (!instance)
		return NULL;
	if (imports)
		*imports = scope->imports;
	instance->exports = scope->exports;
	return instance;
}

struct hf__closure *hf__closure_of(struct hf__context *cx, struct hf__scope *scope, enum hf__kind kind,
                                   const uint8_t *at, const uint8_t *end)
{
	struct hf__closure *closure = hf__alloc(cx, sizeof *closure);
	if (!closure)
		return NULL;
	*closure = (struct hf__closure){.kind = kind, .parent = scope, .at = at, .end = end};
	for (unsigned sort = 0; sort < HF__SORTS; sort++)
		closure->visible[sort] = scope->spaces[sort].count;
	return closure;
}

/* Reads the type once with everything abstract: this validates it and finds its end. */
static struct hf__item define_closure(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                                      enum hf__kind kind)
{
	struct hf__item item = {.sort = HF__TYPE, .kind = (uint8_t)kind, .index = HF_PLAN_NONE};
	struct hf__closure *closure = hf__closure_of(cx, scope, kind, r->at, r->end);
	struct reading nothing = {.path = {.interface = hf__name(""), .name = hf__name("")}};
	if (!closure)
		return item;
	struct hf__scope *read = read_declarations(cx, closure, r, &nothing);
	closure->end = r->at;
	closure->tainted = read && read->tainted;
	item.closure = closure;
	return item;
}

/* ---- type definitions ---- */

static const struct hf__signature destructor = {.params = 1, .text = "i"};

static struct hf__item read_resource(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                                     const uint8_t *where)
{
	struct hf__item item = {.sort = HF__TYPE, .kind = HF__RESOURCE_TYPE, .index = HF_PLAN_NONE};
	struct hf__resource resource = {.owner = scope, .instance = scope->instance, .dtor = HF_PLAN_NONE};
	uint8_t representation = hf__byte(r);
	resource.interface = resource.name = hf__name("");
	if (!scope->is_component)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a resource is defined in a type");
	else if (representation == 0x7e)
		hf__refuse(cx, r, where, HF_COMPONENT_UNSUPPORTED,
		           "resources that are represented by an i64 are not supported");
	else if (representation != 0x7f)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a resource must be represented by an i32");
	if (hf__byte_below(r, 2, "invalid optional destructor:") == 1) {
		struct hf__item function = hf__read_index(cx, scope, r, HF__CORE_FUNC);
		if (!hf__failed(r) && !hf__same_signature(function.signature, &destructor))
			hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a destructor must take an i32 and return nothing");
		resource.dtor = function.index;
	}
	item.resource = hf__make_resource(cx, resource);
	return item;
}

void hf__read_type(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	const uint8_t *where = r->at;
	struct hf__item item;
	switch (r->at == r->end ? 0 : *r->at) {
	case 0x41:
	case 0x42:
		r->at++;
		item = define_closure(cx, scope, r, *where == 0x41 ? HF__COMPONENT_TYPE : HF__INSTANCE_TYPE);
		break;
	case 0x3f:
		r->at++;
		item = read_resource(cx, scope, r, where);
		break;
	case 0x3e:
		hf__refuse_async(cx, r, where, "async destructors");
		return;
	default:
		item = hf__read_value_or_func(cx, scope, r);
	}
	hf__push(cx, scope, item);
}
