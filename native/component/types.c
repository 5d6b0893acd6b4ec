/* types.c - types of values and functions. Equal types share one node, so two types are equal if their `same` is the same number. What depends on a
 * type's structure (hash, flattening, size) is computed from its parts when the node is made, so a type that expands to an exponentially large tree costs
 * only its nodes. Sizes and counts saturate. */
#include <string.h>

#include "component/internal.h"

#define MOST UINT32_C(0x7fffffff)

static uint32_t add(uint32_t a, uint32_t b)
{
	return a > MOST - b ? MOST : a + b;
}

static uint32_t align_to(uint32_t size, uint32_t align)
{
	return size > MOST - align ? MOST : (size + align - 1) & ~(align - 1);
}

/* ---- the hash (component.h) ---- */

static uint64_t mix(uint64_t hash, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * HF_COMPONENT_HASH_PRIME;
	return hash;
}

static uint64_t mix_number(uint64_t hash, uint64_t number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		hash = (hash ^ (number >> (8 * i) & 0xff)) * HF_COMPONENT_HASH_PRIME;
	return hash;
}

static uint64_t mix_name(uint64_t hash, struct hf__name name)
{
	return mix(mix_number(hash, name.size, 4), name.text, name.size);
}

static uint64_t mix_type(const struct hf__context *cx, uint64_t hash, uint32_t type)
{
	return mix_number(hash, type == HF_PLAN_NONE ? 0 : hf__type(cx, type)->hash, 8);
}

static uint64_t mix_resource(const struct hf__context *cx, uint64_t hash, uint32_t resource)
{
	struct hf__name interface = cx->resources[resource].interface;
	const char *version = interface.size ? memchr(interface.text, '@', interface.size) : NULL;
	if (version)
		interface.size = (uint32_t)(version - interface.text);
	return mix_name(mix_name(hash, interface), cx->resources[resource].name);
}

static uint64_t hash_of(const struct hf__context *cx, const struct hf__node *node)
{
	uint64_t hash = mix_number(HF_COMPONENT_HASH_BASIS, HF_PLAN_PRIMITIVES + node->op, 1);
	bool named = node->op == HF_PLAN_RECORD || node->op == HF_PLAN_VARIANT || node->op == HF_PLAN_FLAGS ||
	             node->op == HF_PLAN_ENUM;
	bool typed = node->op != HF_PLAN_FLAGS && node->op != HF_PLAN_ENUM;
	for (uint32_t i = 0; i < node->count; i++) {
		if (named)
			hash = mix_name(hash, node->fields[i].name);
		if (typed)
			hash = mix_type(cx, hash, node->fields[i].type);
	}
	switch (node->op) {
	case HF_PLAN_LIST:
	case HF_PLAN_OPTION:
	case HF_PLAN_FUNC:
		return mix_type(cx, hash, node->a);
	case HF_PLAN_RESULT:
		return mix_type(cx, mix_type(cx, hash, node->a), node->b);
	case HF_PLAN_OWN:
	case HF_PLAN_BORROW:
		return mix_resource(cx, hash, node->a);
	default:
		return hash;
	}
}

/* ---- flattening, sizes (CanonicalABI.md) ---- */

static void add_flat(struct hf__node *node, const struct hf__node *part)
{
	uint32_t flats = add(node->flats, part->flats);
	if (flats <= sizeof node->flat)
		memcpy(node->flat + node->flats, part->flat, part->flats);
	node->flats = flats;
}

static char join(char a, char b)
{
	bool four_bytes = (a == 'i' || a == 'f') && (b == 'i' || b == 'f');
	return a == b ? a : four_bytes ? 'i' : 'l';
}

static void join_flat(struct hf__node *node, const struct hf__node *part)
{
	uint32_t flats = add(part->flats, 1); /* after the discriminant */
	for (uint32_t i = 1; i < flats && flats <= sizeof node->flat && node->flats <= sizeof node->flat; i++)
		node->flat[i] = i < node->flats ? join(node->flat[i], part->flat[i - 1]) : part->flat[i - 1];
	if (flats > node->flats)
		node->flats = flats;
}

static void set_flat(struct hf__node *node, const char *flat, uint32_t size, uint8_t align)
{
	node->flats = (uint32_t)strlen(flat);
	memcpy(node->flat, flat, node->flats);
	node->size = size;
	node->align = align;
}

static void inherit(struct hf__node *node, const struct hf__node *part)
{
	node->borrows |= part->borrows;
	node->resources |= part->resources;
	node->lists |= part->lists;
	if (node->depth <= part->depth)
		node->depth = (uint8_t)(part->depth + 1);
}

static void lay_field(const struct hf__context *cx, struct hf__node *node, uint32_t type)
{
	const struct hf__node *part = hf__type(cx, type);
	inherit(node, part);
	add_flat(node, part);
	node->size = add(align_to(node->size, part->align), part->size);
	if (part->align > node->align)
		node->align = part->align;
}

static void lay_case(const struct hf__context *cx, struct hf__node *node, uint32_t type)
{
	if (type == HF_PLAN_NONE)
		return;
	const struct hf__node *part = hf__type(cx, type);
	inherit(node, part);
	join_flat(node, part);
	if (part->size > node->size)
		node->size = part->size;
	if (part->align > node->align)
		node->align = part->align;
}

static uint8_t discriminant(uint32_t cases)
{
	return cases <= 256 ? 1 : cases <= 65536 ? 2 : 4;
}

/* Finishes a variant after its cases; `size` is that of the largest case. */
static void lay_variant(struct hf__node *node, uint32_t cases)
{
	uint32_t size = discriminant(cases);
	uint8_t align = node->align ? node->align : 1;
	size = add(align_to(size, align), node->size);
	if (align < discriminant(cases))
		align = discriminant(cases);
	node->size = align_to(size, align);
	node->align = align;
}

static void lay_out(const struct hf__context *cx, struct hf__node *node)
{
	switch (node->op) {
	case HF_PLAN_RECORD:
	case HF_PLAN_TUPLE:
	case HF_PLAN_FUNC: /* its parameters */
		for (uint32_t i = 0; i < node->count; i++)
			lay_field(cx, node, node->fields[i].type);
		node->size = align_to(node->size, node->align ? node->align : 1);
		break;
	case HF_PLAN_VARIANT:
	case HF_PLAN_ENUM:
		set_flat(node, "i", 0, 0);
		for (uint32_t i = 0; i < node->count; i++)
			lay_case(cx, node, node->fields[i].type);
		lay_variant(node, node->count);
		break;
	case HF_PLAN_OPTION:
	case HF_PLAN_RESULT:
		set_flat(node, "i", 0, 0);
		lay_case(cx, node, node->a);
		lay_case(cx, node, node->b);
		lay_variant(node, 2);
		break;
	case HF_PLAN_LIST:
		inherit(node, hf__type(cx, node->a));
		node->lists = true;
		set_flat(node, "ii", 16, 8);
		break;
	case HF_PLAN_FLAGS:
		set_flat(node, "i",
		         node->count <= 8    ? 1
		         : node->count <= 16 ? 2
		                             : 4,
		         node->count <= 8    ? 1
		         : node->count <= 16 ? 2
		                             : 4);
		break;
	default: /* own, borrow */
		set_flat(node, "i", 4, 4);
		node->resources = true;
		node->borrows = node->op == HF_PLAN_BORROW;
	}
}

struct hf__signature hf__flatten(struct hf__context *cx, const struct hf__node *func, bool lower, char room[18])
{
	static const struct hf__node none;
	const struct hf__node *result = func->a == HF_PLAN_NONE ? &none : hf__type(cx, func->a);
	struct hf__signature signature = {.text = room};
	bool params = func->flats > 16, stored = result->flats > 1;
	signature.params = params ? 1 : func->flats;
	memcpy(room, params ? "i" : func->flat, signature.params);
	if (stored && lower)
		room[signature.params++] = 'i';
	signature.results = result->flats == 1 || (stored && !lower);
	if (signature.results > 0)
		room[signature.params] = stored ? 'i' : result->flat[0];
	return signature;
}

/* ---- the table of types ---- */

static bool same_fields(const struct hf__node *a, const struct hf__node *b)
{
	for (uint32_t i = 0; i < a->count; i++) {
		if (a->fields[i].type != b->fields[i].type || !hf__same(a->fields[i].name, b->fields[i].name))
			return false;
	}
	return true;
}

static bool same_node(const struct hf__node *a, const struct hf__node *b)
{
	return a->op == b->op && a->count == b->count && a->a == b->a && a->b == b->b && a->name == b->name &&
	       same_fields(a, b);
}

/* Unlike the public hash, this one includes the identity of resources, the names of types, and the names of parameters. */
static uint32_t identity(const struct hf__node *node)
{
	uint64_t hash = mix_number(HF_COMPONENT_HASH_BASIS, node->op, 1);
	for (uint32_t i = 0; i < node->count; i++)
		hash = mix_name(mix_number(hash, node->fields[i].type, 4), node->fields[i].name);
	hash = mix_number(mix_number(mix_number(hash, node->a, 4), node->b, 4), node->name, 4);
	return (uint32_t)(hash ^ hash >> 32);
}

const struct hf__node *hf__type(const struct hf__context *cx, uint32_t type)
{
	return &cx->nodes[type];
}

static bool rechain(struct hf__context *cx)
{
	uint32_t mask = cx->chains ? cx->chains_mask * 2 + 1 : 255;
	uint32_t *chains = hf__alloc(cx, ((size_t)mask + 1) * sizeof *chains);
	if (!chains)
		return false;
	for (uint32_t i = HF_PLAN_PRIMITIVES; i < cx->nodes_count; i++) {
		uint32_t *chain = &chains[identity(&cx->nodes[i]) & mask];
		cx->nodes[i].next = *chain;
		*chain = i;
	}
	cx->chains = chains;
	cx->chains_mask = mask;
	return true;
}

static uint32_t add_node(struct hf__context *cx, struct hf__node node)
{
	struct hf__node *nodes = hf__more(cx, cx->nodes, cx->nodes_count, &cx->nodes_room, sizeof *nodes);
	if (!nodes)
		return 0;
	cx->nodes = nodes;
	cx->nodes[cx->nodes_count] = node;
	return cx->nodes_count++;
}

static void check_type(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, const struct hf__node *node)
{
	if (node->depth > HF_COMPONENT_TYPE_DEPTH)
		hf__refuse(cx, r, where, HF_COMPONENT_LIMIT, "a type is nested more than %u deep",
		           (uint32_t)HF_COMPONENT_TYPE_DEPTH);
	else if (node->op != HF_PLAN_FUNC && node->size >= HF_COMPONENT_VALUE_SIZE)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a value of this type would take more than %u bytes",
		           (uint32_t)HF_COMPONENT_VALUE_SIZE - 1);
}

static uint32_t same_part(const struct hf__context *cx, uint32_t type)
{
	return type == HF_PLAN_NONE ? type : cx->nodes[type].same;
}

static bool parts_have_names(const struct hf__context *cx, const struct hf__node *node)
{
	for (uint32_t i = 0; i < node->count; i++) {
		if (same_part(cx, node->fields[i].type) != node->fields[i].type)
			return true;
	}
	return false;
}

/* The same type without any names in its parts; the type itself if it has none. */
static uint32_t without_names(struct hf__context *cx, struct hf__reader *r, const uint8_t *where,
                              const struct hf__node *node, uint32_t type)
{
	bool handle = node->op == HF_PLAN_OWN || node->op == HF_PLAN_BORROW;
	struct hf__node bare = {.op = node->op, .count = node->count, .fields = node->fields, .a = node->a};
	if (!handle) {
		bare.a = same_part(cx, node->a);
		bare.b = same_part(cx, node->b);
	}
	bool parts = parts_have_names(cx, node);
	if (node->name == 0 && !parts && bare.a == node->a && bare.b == node->b)
		return type;
	struct hf__field *fields = parts ? hf__alloc(cx, node->count * sizeof *fields) : NULL;
	for (uint32_t i = 0; fields && i < node->count; i++) {
		fields[i].name = node->fields[i].name;
		fields[i].type = same_part(cx, node->fields[i].type);
	}
	if (fields)
		bare.fields = fields;
	return hf__make_type(cx, r, where, bare);
}

/* The bytes that are hashed and compared for a node. A type that gets a name is made again, without being read again. */
static size_t bytes_of(const struct hf__context *cx, const struct hf__node *node)
{
	size_t bytes = 0;
	for (uint32_t i = 0; i < node->count; i++)
		bytes += sizeof node->fields[i].type + node->fields[i].name.size;
	if (node->op == HF_PLAN_OWN || node->op == HF_PLAN_BORROW)
		bytes += (size_t)cx->resources[node->a].interface.size + cx->resources[node->a].name.size;
	return bytes;
}

uint32_t hf__make_type(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, struct hf__node node)
{
	if (hf__ended(cx) || !hf__spend_bytes(cx, bytes_of(cx, &node)) ||
	    (cx->nodes_count > cx->chains_mask && !rechain(cx)))
		return 0;
	uint32_t place = identity(&node) & cx->chains_mask, probes = 0;
	for (uint32_t i = cx->chains[place]; i != 0; i = cx->nodes[i].next) {
		if (same_node(&cx->nodes[i], &node))
			return i;
		if (++probes % 16 == 0 && !hf__spend(cx, 1))
			return 0;
	}
	node.depth = 1;
	lay_out(cx, &node);
	check_type(cx, r, where, &node);
	if (hf__ended(cx))
		return 0;
	node.hash = hash_of(cx, &node);
	node.plan = HF_PLAN_NONE;
	node.next = cx->chains[place];
	uint32_t type = add_node(cx, node);
	cx->chains[place] = type;
	uint32_t same = without_names(cx, r, where, &node, type);
	cx->nodes[type].same = same;
	return type;
}

bool hf__same_type(const struct hf__context *cx, uint32_t a, uint32_t b)
{
	return cx->nodes[a].same == cx->nodes[b].same;
}

bool hf__types_begin(struct hf__context *cx)
{
	static const struct {
		char flat[3];
		uint8_t size;
	} primitives[] = {
		[HF_PLAN_BOOL] = {"i", 1},     [HF_PLAN_S8] = {"i", 1},  [HF_PLAN_U8] = {"i", 1},  [HF_PLAN_S16] = {"i", 2},
		[HF_PLAN_U16] = {"i", 2},      [HF_PLAN_S32] = {"i", 4}, [HF_PLAN_U32] = {"i", 4}, [HF_PLAN_S64] = {"l", 8},
		[HF_PLAN_U64] = {"l", 8},      [HF_PLAN_F32] = {"f", 4}, [HF_PLAN_F64] = {"d", 8}, [HF_PLAN_CHAR] = {"i", 4},
		[HF_PLAN_STRING] = {"ii", 16},
	};
	for (uint32_t i = 0; i < HF_PLAN_PRIMITIVES; i++) {
		struct hf__node node = {.plan = i, .same = i, .lists = i == HF_PLAN_STRING};
		set_flat(&node, primitives[i].flat, primitives[i].size, primitives[i].size > 8 ? 8 : primitives[i].size);
		node.hash = mix_number(HF_COMPONENT_HASH_BASIS, i, 1);
		(void)add_node(cx, node);
	}
	cx->next[HF__SPACE_TYPE] = HF_PLAN_PRIMITIVES;
	return !hf__ended(cx) && rechain(cx);
}

uint32_t hf__make_resource(struct hf__context *cx, struct hf__resource resource)
{
	struct hf__resource *resources =
		hf__more(cx, cx->resources, cx->resources_count, &cx->resources_room, sizeof *resources);
	if (!resources)
		return 0;
	resource.plan = HF_PLAN_NONE;
	cx->resources = resources;
	cx->resources[cx->resources_count] = resource;
	return cx->resources_count++;
}

/* ---- reading ---- */

#define ASYNC_TYPE 0x43

static uint32_t primitive(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, uint8_t code)
{
	/* 0x7f is bool, and so on downwards to string. */
	if (code <= 0x7f && code > 0x7f - HF_PLAN_PRIMITIVES)
		return 0x7f - code;
	if (code == 0x64)
		hf__refuse_async(cx, r, where, "error contexts");
	else
		hf__refuse(cx, r, where, HF_COMPONENT_MALFORMED, "unknown type: %u", (uint32_t)code);
	return 0;
}

uint32_t hf__read_value_type(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	const uint8_t *where = r->at;
	int64_t value = hf__s33(r);
	if (hf__failed(r))
		return 0;
	if (value < 0)
		return primitive(cx, r, where, value < -64 ? 0 : (uint8_t)(value & 0x7f));
	struct hf__item item = hf__item_at(cx, scope, r, where, HF__TYPE, (uint32_t)value);
	if (!hf__failed(r) && item.kind != HF__VALUE_TYPE)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "type %u is not the type of a value", (uint32_t)value);
	return hf__failed(r) ? 0 : item.type;
}

static uint32_t read_optional(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	return hf__byte_below(r, 2, "invalid optional type:") ? hf__read_value_type(cx, scope, r) : HF_PLAN_NONE;
}

/* A vector's length; not zero. */
static uint32_t read_some(struct hf__context *cx, struct hf__reader *r, const char *what)
{
	const uint8_t *where = r->at;
	uint32_t count = hf__count(r);
	if (!hf__failed(r) && count == 0)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "%s must not be empty", what);
	return hf__failed(r) || !hf__spend(cx, count) ? 0 : count;
}

/* The binary form of the parts of a type. */
enum part { FIELD, CASE, LABEL, ELEMENT };

static void add_label(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, struct hf__exports *labels,
                      struct hf__name name)
{
	if (!hf__failed(r) && !hf__exports_add(cx, labels, name, (struct hf__item){0}))
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "the name \"%n\" is used twice", &name);
}

static struct hf__field read_part(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r, enum part part,
                                  struct hf__exports *labels)
{
	struct hf__field field = {.name = {.text = ""}, .type = HF_PLAN_NONE};
	const uint8_t *where = r->at;
	if (part != ELEMENT) {
		field.name = hf__read_label(cx, r);
		add_label(cx, r, where, labels, field.name);
	}
	if (part == FIELD || part == ELEMENT)
		field.type = hf__read_value_type(cx, scope, r);
	if (part == CASE) {
		field.type = read_optional(cx, scope, r);
		(void)hf__byte_below(r, 1, "a case does not end in 0:");
	}
	return field;
}

static void read_parts(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r, struct hf__node *node,
                       enum part part, uint32_t count)
{
	struct hf__exports labels = {.strong = true};
	struct hf__field *fields = hf__alloc(cx, count * sizeof *fields);
	if (!fields)
		return;
	for (uint32_t i = 0; i < count && !hf__failed(r); i++)
		fields[i] = read_part(cx, scope, r, part, &labels);
	node->fields = fields;
	node->count = count;
}

static void read_handle(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r, struct hf__node *node)
{
	const uint8_t *where = r->at;
	struct hf__item item = hf__read_index(cx, scope, r, HF__TYPE);
	if (!hf__failed(r) && item.kind != HF__RESOURCE_TYPE)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a handle's type is not a resource type");
	node->a = item.resource;
	node->b = item.name;
}

static void read_func(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r, struct hf__node *node)
{
	uint32_t count = hf__count(r);
	if (!hf__spend(cx, count))
		return;
	read_parts(cx, scope, r, node, FIELD, count);
	const uint8_t *where = r->at;
	if (hf__byte_below(r, 2, "unknown kind of results:") == 0)
		node->a = hf__read_value_type(cx, scope, r);
	else
		(void)hf__byte_below(r, 1, "unknown kind of results:");
	if (!hf__failed(r) && node->a != HF_PLAN_NONE && hf__type(cx, node->a)->borrows)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a function's result contains a borrow");
}

static void read_flags(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r, struct hf__node *node)
{
	const uint8_t *where = r->at;
	uint32_t count = read_some(cx, r, "a type of flags");
	if (count > 32)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "a type has more than 32 flags");
	else
		read_parts(cx, scope, r, node, LABEL, count);
}

/* Features of later versions, which the parser recognizes but does not support. */
static void refuse_type(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, uint8_t code)
{
	switch (code) {
	case ASYNC_TYPE:
		hf__refuse_async(cx, r, where, "async functions");
		break;
	case 0x66:
		hf__refuse_async(cx, r, where, "streams");
		break;
	case 0x65:
		hf__refuse_async(cx, r, where, "futures");
		break;
	case 0x67:
		hf__refuse(cx, r, where, HF_COMPONENT_UNSUPPORTED, "lists of a fixed length are not supported");
		break;
	case 0x63:
		hf__refuse(cx, r, where, HF_COMPONENT_UNSUPPORTED, "maps are not supported");
		break;
	default:
		(void)primitive(cx, r, where, code);
	}
}

struct hf__item hf__read_value_or_func(struct hf__context *cx, struct hf__scope *scope, struct hf__reader *r)
{
	static const uint8_t ops[] = {
		[0x72 - 0x68] = HF_PLAN_RECORD, [0x71 - 0x68] = HF_PLAN_VARIANT, [0x70 - 0x68] = HF_PLAN_LIST,
		[0x6f - 0x68] = HF_PLAN_TUPLE,  [0x6e - 0x68] = HF_PLAN_FLAGS,   [0x6d - 0x68] = HF_PLAN_ENUM,
		[0x6b - 0x68] = HF_PLAN_OPTION, [0x6a - 0x68] = HF_PLAN_RESULT,  [0x69 - 0x68] = HF_PLAN_OWN,
		[0x68 - 0x68] = HF_PLAN_BORROW,
	};
	struct hf__item item = {.sort = HF__TYPE, .kind = HF__VALUE_TYPE, .index = HF_PLAN_NONE};
	struct hf__node node = {.a = HF_PLAN_NONE, .b = HF_PLAN_NONE};
	const uint8_t *where = r->at;
	uint8_t code = hf__byte(r);
	if (code > 0x7f - HF_PLAN_PRIMITIVES && code <= 0x7f) {
		item.type = 0x7f - code;
		return item;
	}
	node.op = code == 0x40 ? HF_PLAN_FUNC : code >= 0x68 && code <= 0x72 ? ops[code - 0x68] : 0;
	switch (node.op) {
	case HF_PLAN_RECORD:
		read_parts(cx, scope, r, &node, FIELD, read_some(cx, r, "a record"));
		break;
	case HF_PLAN_VARIANT:
		read_parts(cx, scope, r, &node, CASE, read_some(cx, r, "a variant"));
		break;
	case HF_PLAN_TUPLE:
		read_parts(cx, scope, r, &node, ELEMENT, read_some(cx, r, "a tuple"));
		break;
	case HF_PLAN_ENUM:
		read_parts(cx, scope, r, &node, LABEL, read_some(cx, r, "an enum"));
		break;
	case HF_PLAN_FLAGS:
		read_flags(cx, scope, r, &node);
		break;
	case HF_PLAN_LIST:
	case HF_PLAN_OPTION:
		node.a = hf__read_value_type(cx, scope, r);
		break;
	case HF_PLAN_RESULT:
		node.a = read_optional(cx, scope, r);
		node.b = read_optional(cx, scope, r);
		break;
	case HF_PLAN_OWN:
	case HF_PLAN_BORROW:
		read_handle(cx, scope, r, &node);
		break;
	case HF_PLAN_FUNC:
		item.kind = HF__FUNC_TYPE;
		read_func(cx, scope, r, &node);
		break;
	default:
		refuse_type(cx, r, where, code);
	}
	item.type = hf__make_type(cx, r, where, node);
	return item;
}
