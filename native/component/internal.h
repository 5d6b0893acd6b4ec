/* internal.h - what the files of the parser share.
 *
 * How it works. A component is read in one forward pass. A nested component, and the type of an instance or of a component, is a *closure*: a range
 * of bytes, and the scope that it was defined in. It is read again, in a new scope, each time it is used: then its imports are the arguments, its
 * outer aliases are what they mean there, and its resource types are fresh. So there is no tree of the component and no substitution in types, and
 * an argument is matched with the type of an import by reading that type with the argument at hand.
 *
 * A component is *validated* where it is defined: it is read once with imports of which only the types are known, and nothing is planned. Each
 * instantiation then reads it with its arguments, and *plans*: appends steps to the plan.
 *
 * All memory comes from an arena that lives as long as the parser's context; the fuel limits its size. After a failure (hf__failed) readers
 * return zeros and functions that return pointers may return NULL; loops end. */
#ifndef HF_COMPONENT_INTERNAL_H
#define HF_COMPONENT_INTERNAL_H

#include "component/component.h"
#include "rewrite/reader.h"

struct hf__name {
	const char *text; /* UTF-8, in the component's bytes or in the arena */
	uint32_t size;
	bool implements; /* of an import or export: with the attribute that says which interface its instance implements */
};

/* Flags of a memory's limits. */
#define HF__HAS_MAXIMUM_SIZE 1
#define HF__SHARED_MEMORY 2
#define HF__SIXTY_FOUR_BITS 4

/* ---- items: what index spaces hold ---- */

enum hf__sort {
	HF__CORE_FUNC, /* core sorts as in the plan and in the binary format */
	HF__CORE_TABLE,
	HF__CORE_MEMORY,
	HF__CORE_GLOBAL,
	HF__CORE_TAG,
	HF__CORE_TYPE,
	HF__CORE_MODULE,
	HF__CORE_INSTANCE,
	HF__FUNC,
	HF__TYPE,
	HF__COMPONENT,
	HF__INSTANCE,
	HF__SORTS
};

/* Kinds of types. */
enum hf__kind { HF__VALUE_TYPE, HF__FUNC_TYPE, HF__RESOURCE_TYPE, HF__INSTANCE_TYPE, HF__COMPONENT_TYPE };

/* A core function type: a letter for each parameter, then for each result: i32, i64, f32, f64 are i, l, f, d; `?` is any other. */
struct hf__signature {
	uint32_t params, results;
	const char *text;
};

struct hf__item {
	uint8_t sort; /* enum hf__sort */
	uint8_t kind; /* of a HF__TYPE: enum hf__kind */
	/* In the plan's space; HF_PLAN_NONE if it is not planned. */
	uint32_t index;
	union {
		uint32_t type; /* HF__FUNC; a value's type, or a function's: a number of types.c */
		struct {
			uint32_t resource; /* an index into hf__context.resources */
			uint32_t name;     /* visible.c; 0: none */
		};
		uint32_t limits;                   /* HF__CORE_MEMORY: the flags of its limits */
		const struct hf__closure *closure; /* HF__COMPONENT, and the types of instances and components */
		struct hf__instance *instance;
		struct hf__core_instance *core_instance;
		struct hf__module *module; /* HF__CORE_MODULE, and a HF__CORE_TYPE of the kind HF__COMPONENT_TYPE */
		const struct hf__signature
			*signature; /* HF__CORE_FUNC, HF__CORE_TAG; a HF__CORE_TYPE of the kind HF__FUNC_TYPE */
	};
};

/* ---- names.c: named items ---- */

struct hf__export {
	struct hf__name name;
	struct hf__item item;
};

struct hf__exports {
	struct hf__export *items;
	uint32_t *slots; /* a hash table of numbers of items, plus 1; NULL while there are few items */
	uint32_t count, room, mask;
	bool strong; /* names must be strongly unique (Explainer.md, "Name Uniqueness"); otherwise they must be unequal */
};

struct hf__instance {
	struct hf__exports exports;
};

/* An instance of a module, or a bundle of items. */
struct hf__core_instance {
	const struct hf__module *module; /* NULL: a bundle */
	struct hf__exports exports;      /* of a bundle */
};

struct hf__import {
	struct hf__name module, name;
	struct hf__item item;
};

/* A core module, or the type of one. */
struct hf__module {
	struct hf__import *imports;
	uint32_t imports_count, imports_room;
	struct hf__exports imported, exports; /* imported: to detect duplicate imports */
	uint32_t offset, size, plan;
	struct hf__module *next;
};

struct hf__resource {
	struct hf__name interface, name; /* of an imported one */
	const struct hf__scope *owner;   /* the scope that defines it; NULL: imported, or abstract */
	uint32_t instance, dtor, plan;
};

struct hf__closure {
	enum hf__kind kind; /* HF__COMPONENT_TYPE or HF__INSTANCE_TYPE */
	bool is_component;  /* a component's definition, not its type */
	bool tainted;       /* refers to a resource type outside */
	const uint8_t *at, *end;
	struct hf__scope *parent;
	uint32_t
		visible[HF__SORTS]; /* the sizes of the parent's spaces where it was defined: an outer alias sees no more */
};

struct hf__space {
	struct hf__item *items;
	uint32_t count, room;
};

struct hf__scope {
	struct hf__scope *parent;
	const struct hf__closure *closure; /* NULL: the root */
	struct hf__space spaces[HF__SORTS];
	struct hf__exports imports, exports;
	const struct hf__exports *arguments; /* NULL: the imports are abstract */
	bool is_component, plans, validates, tainted;
	uint32_t instance; /* in the plan */
	/* visible.c: the scope that gets the names of the types which this one exports: itself, except while a type is being used. names_imports: they are
	 * imports there. */
	struct hf__scope *namer;
	uint32_t number; /* not 0 */
	bool names_imports;
};

/* Where an item comes from: the root's import of the name, from the interface. */
struct hf__path {
	struct hf__name interface, name;
	bool plans;
	/* The scope that imports or exports it; NULL: none, the item is only matched. */
	struct hf__scope *scope;
	bool imported;
};

/* ---- types.c: types of values and functions. Types are the same if `same` is; they may differ in the names that their parts have (visible.c) ---- */

struct hf__field {
	struct hf__name name;
	uint32_t type;
};

struct hf__node {
	uint8_t op; /* HF_PLAN_RECORD … HF_PLAN_FUNC; 0: a primitive type */
	uint8_t depth, align;
	bool borrows, resources, lists; /* whether it contains a borrow; a resource; a list or a string */
	uint32_t count;
	const struct hf__field *fields;
	/* list, option: the type; result: ok, error; own, borrow: the resource and its name; func: the result in `a`. HF_PLAN_NONE: none. */
	uint32_t a, b;
	uint32_t name;       /* 0: none */
	uint32_t same;       /* the number of the type without any names */
	uint32_t walk;       /* visible.c: the last walk that visited it */
	uint64_t hash;       /* component.h */
	uint32_t size;       /* in a memory of 64-bit addresses; saturates */
	uint32_t flats;      /* the number of core values; saturates */
	char flat[16];       /* their letters, if they are at most 16 */
	uint32_t plan, next; /* in the plan; in its chain */
};

struct hf__map {
	uint64_t *keys;
	uint32_t *values;
	uint32_t count, mask;
};

struct hf__context {
	const uint8_t *bytes;
	size_t size;
	struct hf__fault fault;
	enum hf_component_fault kind;
	bool looks; /* async.c: this context only searches for names */
	struct hf_component_error error;
	const uint8_t *at; /* near what is being read: the offset of failures that have no reader */
	uint32_t fuel, depth;
	uint32_t scopes, type_names, walks; /* how many have been made so far */
	struct hf__block *blocks;
	struct hf__module *modules;
	struct hf__node *nodes; /* the primitive types first */
	uint32_t nodes_count, nodes_room;
	uint32_t *chains;
	uint32_t chains_mask;
	struct hf__resource *resources;
	uint32_t resources_count, resources_room;
	/* the plan */
	uint32_t *words;
	uint32_t words_count, words_room, step;
	char *names;
	uint32_t names_size, names_room;
	uint32_t next[64]; /* by operation: the number of the next definition in its space */
	struct hf__map known_names, known_aliases, visible;
};

/* ---- context.c: failures, fuel, memory ---- */

/* Notes the first failure and ends the reader. In the format, %n is a const struct hf__name *, %s a string, %u a uint32_t. */
void hf__refuse(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, enum hf_component_fault kind,
                const char *format, ...);
/* A feature of WASI 0.3: names the component's interfaces that need it. */
void hf__refuse_async(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, const char *what);
void hf__no_memory(struct hf__context *cx);
/* False, with a failure, when the fuel is used up. */
bool hf__spend(struct hf__context *cx, uint32_t units);
/* The same for work or memory that is proportional to bytes of the component: one unit for HF__BYTES_A_UNIT, in addition to what the definition costs. */
#define HF__BYTES_A_UNIT 64
bool hf__spend_bytes(struct hf__context *cx, size_t bytes);
/* Whether one more scope may be entered; the caller counts cx->depth. */
bool hf__enter(struct hf__context *cx);
/* The text of a failure of the reader. */
void hf__explain(struct hf_component_error *error, const struct hf__fault *fault);
/* Zeroed; NULL with a failure. */
void *hf__alloc(struct hf__context *cx, size_t size);
/* Returns an array with room for one more item of that size: the same one, or a larger copy. Without memory, returns NULL and leaves the array alone. */
void *hf__more_in_arena(struct hf__context *cx, void *items, uint32_t count, uint32_t *room, size_t size);
void *hf__more(struct hf__context *cx, void *items, uint32_t count, uint32_t *room, size_t size);
void hf__context_release(struct hf__context *cx);
struct hf__reader hf__range(struct hf__context *cx, const uint8_t *at, const uint8_t *end);
static inline bool hf__ended(const struct hf__context *cx)
{
	return cx->fault.what != NULL;
}

/* Finds the number of a key. Returns its slot, which the caller fills if the key is new, or NULL without memory. Keys are not 0. */
uint32_t *hf__map_at(struct hf__context *cx, struct hf__map *map, uint64_t key, bool *is_new);
/* NULL: it has none. */
const uint32_t *hf__map_find(struct hf__context *cx, const struct hf__map *map, uint64_t key);

/* ---- names.c ---- */

struct hf__name hf__name(const char *text);
bool hf__same(struct hf__name a, struct hf__name b);
/* A core:name: UTF-8 with its size before it. */
struct hf__name hf__read_name(struct hf__context *cx, struct hf__reader *r);
/* A label in kebab case. */
struct hf__name hf__read_label(struct hf__context *cx, struct hf__reader *r);
/* The name of an import or export, with its attributes. */
struct hf__name hf__read_extern_name(struct hf__context *cx, struct hf__reader *r);
/* False if there is already one with that name. */
bool hf__exports_add(struct hf__context *cx, struct hf__exports *exports, struct hf__name name, struct hf__item item);
const struct hf__export *hf__exports_find(struct hf__context *cx, const struct hf__exports *exports,
                                          struct hf__name name);
/* The parts of "[method]a.b" and so on; `resource` is empty for a name without annotation. */
struct hf__annotated {
	char kind; /* 0, or 'c', 'm', 's' */
	struct hf__name resource;
};
struct hf__annotated hf__annotated(struct hf__name name);

/* ---- types.c ---- */

bool hf__types_begin(struct hf__context *cx);
const struct hf__node *hf__type(const struct hf__context *cx, uint32_t type);
/* The number of a type, with what follows from its op, fields, a and b. */
uint32_t hf__make_type(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, struct hf__node node);
bool hf__same_type(const struct hf__context *cx, uint32_t a, uint32_t b);
uint32_t hf__make_resource(struct hf__context *cx, struct hf__resource resource);
/* The type of a valtype: an index, or a primitive. */
uint32_t hf__read_value_type(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r);
/* A `deftype` that is a type of a value or a function. */
struct hf__item hf__read_value_or_func(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r);
/* The core function of a func: what a lift needs, or what a lower makes. */
struct hf__signature hf__flatten(struct hf__context *cx, const struct hf__node *func, bool lower, char room[18]);

/* ---- modules.c: core modules and core types ---- */

struct hf__module *hf__read_module(struct hf__context *cx, struct hf__reader section);
void hf__read_core_type(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r);
bool hf__same_signature(const struct hf__signature *a, const struct hf__signature *b);
/* NULL: the core item fits; otherwise, why not. */
const char *hf__core_misfit(const struct hf__item *wanted, const struct hf__item *given);
bool hf__match_module(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, const struct hf__module *type,
                      const struct hf__module *module);

/* ---- scopes.c: index spaces ---- */

struct hf__scope *hf__scope_of(struct hf__context *cx, const struct hf__closure *closure);
void hf__push(struct hf__context *cx, struct hf__scope *scope, struct hf__item item);
/* Reads an index into a space. If the space has no such item, fails and returns an item of zeros. */
struct hf__item hf__read_index(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                               enum hf__sort sort);
struct hf__item hf__item_at(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r, const uint8_t *where,
                            enum hf__sort sort, uint32_t index);
/* An item of the scope `outer` levels out, as an outer alias sees it. */
struct hf__item hf__outer_item(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                               const uint8_t *where, enum hf__sort sort, uint32_t outer, uint32_t index);
enum hf__sort hf__read_sort(struct hf__context *cx, struct hf__reader *r);
enum hf__sort hf__read_core_sort(struct hf__context *cx, struct hf__reader *r);
const char *hf__sort_text(enum hf__sort sort);
void hf__read_alias(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r);

/* ---- externs.c: types of imports and exports ---- */

void hf__read_type(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r);
/* Reads an externtype. With `given`: that item, which must match, as seen by the type. Without: an abstract item. */
struct hf__item hf__read_extern_type(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r,
                                     const struct hf__item *given, struct hf__path path);
/* Reads the type of an instance or component. `arguments`: of a component's imports; NULL: abstract; `imports`: gets the imports; `given`: exports
 * that must match; NULL: abstract. */
struct hf__instance *hf__read_closure_type(struct hf__context *cx, const struct hf__closure *closure,
                                           const struct hf__exports *arguments, struct hf__exports *imports,
                                           const struct hf__instance *given, struct hf__path path);
/* Records what the closure sees of its scope at this point. */
struct hf__closure *hf__closure_of(struct hf__context *cx, struct hf__scope *scope, enum hf__kind kind,
                                   const uint8_t *at, const uint8_t *end);
/* "outer/inner", or "inner" if there is no outer. */
struct hf__name hf__join(struct hf__context *cx, struct hf__name outer, struct hf__name inner);
/* Adds to imports or exports, checking annotations. */
void hf__add_extern(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, struct hf__exports *exports,
                    struct hf__name name, struct hf__item item);

/* ---- visible.c ---- */

/* Checks that an import or export of the scope uses types with names; names the types that it brings, unless they are those that were `given`. */
void hf__expose(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r, const uint8_t *where,
                bool imported, bool given, struct hf__item *item);

/* ---- canon.c, instances.c, sections.c: the items of sections ---- */

void hf__read_canon(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r);
void hf__read_core_instance(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r);
void hf__read_instance(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r);
/* Reads a sort and an index of an item that a component can import or export. */
struct hf__item hf__read_sort_index(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r);
/* An instance of the component. `from` is the scope that instantiates it; NULL: to validate it, or to know its type. `arguments`: NULL: its imports
 * are abstract. */
struct hf__instance *hf__run_component(struct hf__context *cx, const struct hf__closure *closure,
                                       const struct hf__exports *arguments, const struct hf__scope *from);

/* ---- plan.c ---- */

void hf__step(struct hf__context *cx, enum hf_plan_op op);
void hf__word(struct hf__context *cx, uint32_t word);
void hf__word_name(struct hf__context *cx, struct hf__name name);
/* Ends the step; returns the number of what it defines. */
uint32_t hf__step_end(struct hf__context *cx, unsigned space);
enum {
	HF__SPACE_TYPE,
	HF__SPACE_RESOURCE,
	HF__SPACE_INSTANCE,
	HF__SPACE_MODULE,
	HF__SPACE_CORE_INSTANCE,
	HF__SPACE_FUNC,
	HF__SPACE_CORE,
	/* + sort */ HF__SPACE_NONE = HF__SPACE_CORE + HF_PLAN_SORTS
};
uint32_t hf__plan_type(struct hf__context *cx, uint32_t type);
uint32_t hf__plan_resource(struct hf__context *cx, uint32_t resource);
uint32_t hf__plan_module(struct hf__context *cx, struct hf__module *module);

#endif
