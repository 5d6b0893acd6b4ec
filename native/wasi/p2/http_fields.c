/* http_fields.c - wasi:http/types: the resource fields, and the lists behind it. */
#include <string.h>

#include "fs/path.h"
#include "wasi/p2/destroy.h"
#include "wasi/p2/http.h"

/* variant header-error, after "ok" */
enum header_error { OK, INVALID_SYNTAX, FORBIDDEN, IMMUTABLE };

/* The most elements in a list of values or fields that the component passes. */
#define ELEMENTS_MOST 8192

/* ---- lists ---- */

/* Precedes each field in a list. */
struct sizes {
	uint32_t name, value;
};

struct hf_p2_http_list *hf__p2_http_list(struct hf_p2 *p2)
{
	return hf__p2_object(p2, sizeof(struct hf_p2_http_list), HF_P2_HTTP_LIST, NULL);
}

void hf__p2_destroy_http_list(struct hf_p2_object *object)
{
	struct hf_p2_http_list *list = (struct hf_p2_http_list *)(void *)object;
	object->p2->list_bytes -= list->capacity;
	hf__p2_give_back(list->bytes);
}

static int grow(struct hf_p2_http_list *list, uint32_t needed)
{
	struct hf_p2 *p2 = list->base.p2;
	uint32_t capacity = list->capacity ? list->capacity : 256;
	if (needed > HF_HTTP_FIELDS_MAX)
		return hf__p2_trap_at(p2, "the fields take more than # bytes", HF_HTTP_FIELDS_MAX);
	while (capacity < needed)
		capacity *= 2;
	uint32_t more = capacity - list->capacity;
	if (p2->list_bytes + more > HF_P2_LISTS_MOST)
		return hf__p2_trap_at(p2, "all fields of the component together take more than # bytes", HF_P2_LISTS_MOST);
	uint8_t *bytes = hf__p2_alloc(p2, capacity);
	if (!bytes)
		return hf__p2_no_memory(p2);
	if (list->size > 0)
		memcpy(bytes, list->bytes, list->size);
	hf__p2_give_back(list->bytes);
	list->bytes = bytes;
	list->capacity = capacity;
	p2->list_bytes += more;
	return 0;
}

int hf__p2_list_reserve(struct hf_p2_http_list *list, uint32_t more)
{
	uint32_t needed = more < UINT32_MAX - list->size ? list->size + more : UINT32_MAX;
	return needed > list->capacity ? grow(list, needed) : 0;
}

int hf__p2_list_append(struct hf_p2_http_list *list, const void *bytes, uint32_t size)
{
	int result = hf__p2_list_reserve(list, size);
	if (result == 0 && size > 0) {
		memcpy(list->bytes + list->size, bytes, size);
		list->size += size;
	}
	return result;
}

int hf__p2_list_add(struct hf_p2_http_list *list, const struct hf_p2_field *field)
{
	const struct sizes sizes = {field->name_size, field->value_size};
	uint32_t before = list->size;
	int result = hf__p2_list_append(list, &sizes, sizeof sizes);
	if (result == 0)
		result = hf__p2_list_append(list, field->name, field->name_size);
	if (result == 0)
		result = hf__p2_list_append(list, field->value, field->value_size);
	if (result < 0)
		list->size = before;
	return result;
}

bool hf__p2_list_next(const struct hf_p2_http_list *list, uint32_t *at, struct hf_p2_field *out)
{
	struct sizes sizes;
	if (list->size - *at < sizeof sizes)
		return false;
	memcpy(&sizes, list->bytes + *at, sizeof sizes);
	uint64_t left = list->size - *at - sizeof sizes;
	if ((uint64_t)sizes.name + sizes.value > left)
		return false; /* only the page could have sent that */
	const char *name = (const char *)list->bytes + *at + sizeof sizes;
	*out = (struct hf_p2_field){name, name + sizes.name, sizes.name, sizes.value};
	*at += (uint32_t)sizeof sizes + sizes.name + sizes.value;
	return true;
}

static bool is_named(const struct hf_p2_field *field, const char *name, uint32_t size)
{
	return field->name_size == size && memcmp(field->name, name, size) == 0;
}

bool hf__p2_list_find(const struct hf_p2_http_list *list, const char *name, struct hf_p2_field *out)
{
	struct hf_p2_field field;
	uint32_t size = (uint32_t)strlen(name), at = 0;
	while (hf__p2_list_next(list, &at, &field)) {
		if (!is_named(&field, name, size))
			continue;
		*out = field;
		return true;
	}
	return false;
}

void hf__p2_list_remove(struct hf_p2_http_list *list, const char *name, uint32_t size)
{
	struct hf_p2_field field;
	uint32_t from = 0, at = 0, kept = 0;
	for (; hf__p2_list_next(list, &at, &field); from = at) {
		if (is_named(&field, name, size))
			continue;
		memmove(list->bytes + kept, list->bytes + from, at - from);
		kept += at - from;
	}
	list->size = kept;
}

int hf__p2_list_set(struct hf_p2_http_list *list, const char *name, const char *value, uint32_t size)
{
	const struct hf_p2_field field = {name, value, (uint32_t)strlen(name), size};
	hf__p2_list_remove(list, name, field.name_size);
	return hf__p2_list_add(list, &field);
}

/* ---- what a field may be ---- */

/* The headers of the connection, which is the host's: those that Wasmtime refuses. */
static const char forbidden[] =
	"connection\nhost\nhttp2-settings\nkeep-alive\nproxy-authenticate\nproxy-authorization\n"
	"proxy-connection\ntransfer-encoding\nupgrade\n";

static bool is_forbidden(const char *name, uint32_t size)
{
	for (const char *at = forbidden; *at; at = strchr(at, '\n') + 1) {
		if ((size_t)(strchr(at, '\n') - at) == size && memcmp(at, name, size) == 0)
			return true;
	}
	return false;
}

void hf__p2_list_remove_forbidden(struct hf_p2_http_list *list)
{
	for (const char *at = forbidden; *at; at = strchr(at, '\n') + 1)
		hf__p2_list_remove(list, at, (uint32_t)(strchr(at, '\n') - at));
}

bool hf__p2_is_token(const char *text, uint32_t size)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";
	for (uint32_t i = 0; i < size; i++) {
		char c = text[i], letter = (char)(c | 0x20);
		if (!(letter >= 'a' && letter <= 'z') && !(c >= '0' && c <= '9') && (c == 0 || !strchr(marks, c)))
			return false;
	}
	return size > 0;
}

/* RFC 9110, 5.5, with obs-text. */
static bool is_value(const char *value, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		uint8_t c = (uint8_t)value[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static void lower(char *text, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] |= 0x20;
	}
}

/* ---- reading ---- */

int hf__p2_get_text(hf_b b, uint32_t at, uint32_t size, char **out)
{
	void *copy = NULL;
	int result = hf__p2_check(b, at, size, 1);
	*out = NULL;
	if (result < 0 || size > HF_P2_TEXT_MOST)
		return result;
	result = hf__p2_get_list(b, at, size, 1, 1, HF_P2_TEXT_MOST, &copy);
	if (result == 0 && hf_path_check_text(copy, size) == -HF_EILSEQ)
		result = hf__p2_trap(b->p2, "a string is not UTF-8");
	if (result < 0) {
		hf__p2_give_back(copy);
		return result;
	}
	*out = copy;
	return 0;
}

/* A field's name in lower case, which must be given back; NULL if no field can have that name. -HF_EINTR after a trap. */
static int get_name(hf_b b, uint32_t at, uint32_t size, char **out)
{
	int result = hf__p2_get_text(b, at, size, out);
	if (result < 0 || !*out)
		return result;
	if (hf__p2_is_token(*out, size)) {
		lower(*out, size);
		return 0;
	}
	hf__p2_give_back(*out);
	*out = NULL;
	return 0;
}

static enum header_error may_change(const struct hf_p2_fields *fields, const char *name, uint32_t size)
{
	if (fields->immutable)
		return IMMUTABLE;
	if (!name)
		return INVALID_SYNTAX;
	return is_forbidden(name, size) ? FORBIDDEN : OK;
}

/* Adds a field whose value is in the component's memory. `*error` stays OK if it was added. -HF_EINTR after a trap. */
static int add_value(hf_b b, struct hf_p2_http_list *list, const char *name, uint32_t name_size,
                     const struct hf_p2_list *value, enum header_error *error)
{
	void *copy;
	int result = hf__p2_get_list(b, value->at, value->count, 1, 1, HF_HTTP_FIELDS_MAX, &copy);
	if (result < 0)
		return result;
	const struct hf_p2_field field = {name, copy, name_size, value->count};
	if (!is_value(copy, value->count))
		*error = INVALID_SYNTAX;
	else
		result = hf__p2_list_add(list, &field);
	hf__p2_give_back(copy);
	return result;
}

/* result<_, header-error> */
static void put_status(hf_b b, enum header_error error, uint32_t out)
{
	const uint8_t result[2] = {error != OK, (uint8_t)(error - (error != OK))};
	hf__p2_store(b, out, result, sizeof result);
}

/* ---- the resource ---- */

void hf__p2_destroy_fields(struct hf_p2_object *object)
{
	hf__p2_unref(&((struct hf_p2_fields *)(void *)object)->list->base);
}

/* Takes over the reference to the list, also on failure. */
static uint32_t give(hf_b b, struct hf_p2_http_list *list, struct hf_p2_object *parent)
{
	struct hf_p2_fields *fields = list ? hf__p2_object(b->p2, sizeof *fields, HF_P2_FIELDS, parent) : NULL;
	if (fields) {
		fields->list = list;
		fields->immutable = parent != NULL;
	} else if (list) {
		hf__p2_unref(&list->base);
	}
	return hf__p2_give(b, fields ? &fields->base : NULL);
}

uint32_t hf__p2_give_fields(hf_b b, struct hf_p2_http_list *list, struct hf_p2_object *parent)
{
	list->base.refs++;
	return give(b, list, parent);
}

struct hf_p2_http_list *hf__p2_take_list(hf_b b, uint32_t handle)
{
	struct hf_p2_fields *fields = hf__p2_take(b, HF_P2_FIELDS, handle);
	if (!fields)
		return NULL;
	struct hf_p2_http_list *list = fields->list;
	list->base.refs++;
	hf__p2_unref(&fields->base);
	return list;
}

static uint32_t sys_fields_new(hf_b b)
{
	return give(b, hf__p2_http_list(b->p2), NULL);
}

P2_PLAIN_DOOR(uint32_t, fields_new)

/* tuple<field-name, field-value> */
struct entry {
	struct hf_p2_list name, value;
};

static int add_entry(hf_b b, struct hf_p2_http_list *list, const struct entry *entry, enum header_error *error)
{
	char *name;
	int result = get_name(b, entry->name.at, entry->name.count, &name);
	if (result < 0)
		return result;
	if (!name)
		*error = INVALID_SYNTAX;
	else if (is_forbidden(name, entry->name.count))
		*error = FORBIDDEN;
	else
		result = add_value(b, list, name, entry->name.count, &entry->value, error);
	hf__p2_give_back(name);
	return result;
}

/* Adds them, up to the first that cannot be a field. */
static int add_entries(hf_b b, struct hf_p2_http_list *list, uint32_t at, uint32_t count, enum header_error *error)
{
	void *entries;
	int result = hf__p2_get_list(b, at, count, sizeof(struct entry), 4, ELEMENTS_MOST, &entries);
	if (result < 0)
		return result;
	for (uint32_t i = 0; i < count && result == 0 && *error == OK; i++)
		result = add_entry(b, list, (struct entry *)entries + i, error);
	hf__p2_give_back(entries);
	return result;
}

static void sys_fields_from_list(hf_b b, uint32_t at, uint32_t count, uint32_t out)
{
	/* result<own<fields>, header-error> */
	struct {
		uint32_t failed;
		union {
			uint32_t handle;
			uint8_t error;
		};
	} result = {0};
	enum header_error error = OK;
	if (hf__p2_check(b, out, sizeof result, 4) < 0)
		return;
	struct hf_p2_http_list *list = hf__p2_http_list(b->p2);
	if (!list) {
		(void)hf__p2_no_memory(b->p2);
		return;
	}
	int added = add_entries(b, list, at, count, &error);
	if (added == 0 && error == OK) {
		result.handle = give(b, list, NULL);
	} else {
		hf__p2_unref(&list->base);
		result.failed = 1;
		result.error = (uint8_t)(error - INVALID_SYNTAX);
	}
	if (added == 0)
		hf__p2_store(b, out, &result, sizeof result);
}

P2_VOID_DOOR(fields_from_list, (uint32_t entries, uint32_t count, uint32_t out), entries, count, out)

static uint32_t sys_fields_clone(hf_b b, uint32_t self)
{
	struct hf_p2_fields *fields = hf__p2_borrow(b, HF_P2_FIELDS, self);
	struct hf_p2_http_list *copy = fields ? hf__p2_http_list(b->p2) : NULL;
	if (!fields)
		return 0;
	if (copy && hf__p2_list_append(copy, fields->list->bytes, fields->list->size) < 0) {
		hf__p2_unref(&copy->base);
		return 0;
	}
	return give(b, copy, NULL);
}

P2_DOOR(uint32_t, fields_clone, (uint32_t self), self)

static uint32_t sys_fields_has(hf_b b, uint32_t self, uint32_t name, uint32_t size)
{
	char *text;
	struct hf_p2_field field;
	uint32_t at = 0;
	bool has = false;
	struct hf_p2_fields *fields = hf__p2_borrow(b, HF_P2_FIELDS, self);
	if (!fields || get_name(b, name, size, &text) < 0)
		return 0;
	while (text && !has && hf__p2_list_next(fields->list, &at, &field))
		has = is_named(&field, text, size);
	hf__p2_give_back(text);
	return has;
}

P2_DOOR(uint32_t, fields_has, (uint32_t self, uint32_t name, uint32_t size), self, name, size)

/* Stores the values of the name as list<list<u8>>. */
static void put_values(hf_b b, const struct hf_p2_http_list *list, const char *name, uint32_t size, uint32_t out)
{
	struct hf_p2_list values = {0}, value;
	struct hf_p2_field field;
	for (uint32_t at = 0; hf__p2_list_next(list, &at, &field);)
		values.count += is_named(&field, name, size);
	if (hf__p2_realloc(b, 4, (uint64_t)values.count * sizeof value, &values.at) < 0)
		return;
	uint32_t to = values.at;
	for (uint32_t at = 0; hf__p2_list_next(list, &at, &field);) {
		if (!is_named(&field, name, size))
			continue;
		if (hf__p2_put_string(b, field.value, field.value_size, &value) < 0)
			return;
		hf__p2_store(b, to, &value, sizeof value);
		to += sizeof value;
	}
	hf__p2_store(b, out, &values, sizeof values);
}

static void sys_fields_get(hf_b b, uint32_t self, uint32_t name, uint32_t size, uint32_t out)
{
	char *text;
	struct hf_p2_fields *fields = hf__p2_borrow(b, HF_P2_FIELDS, self);
	if (!fields || hf__p2_check(b, out, sizeof(struct hf_p2_list), 4) < 0 || get_name(b, name, size, &text) < 0)
		return;
	/* No field has the name "". */
	put_values(b, fields->list, text ? text : "", text ? size : 0, out);
	hf__p2_give_back(text);
}

P2_VOID_DOOR(fields_get, (uint32_t self, uint32_t name, uint32_t size, uint32_t out), self, name, size, out)

static void sys_fields_entries(hf_b b, uint32_t self, uint32_t out)
{
	struct hf_p2_list entries = {0};
	struct hf_p2_field field;
	struct entry entry;
	struct hf_p2_fields *fields = hf__p2_borrow(b, HF_P2_FIELDS, self);
	if (!fields || hf__p2_check(b, out, sizeof entries, 4) < 0)
		return;
	for (uint32_t at = 0; hf__p2_list_next(fields->list, &at, &field);)
		entries.count++;
	if (hf__p2_realloc(b, 4, (uint64_t)entries.count * sizeof entry, &entries.at) < 0)
		return;
	uint32_t to = entries.at;
	for (uint32_t at = 0; hf__p2_list_next(fields->list, &at, &field); to += sizeof entry) {
		if (hf__p2_put_string(b, field.name, field.name_size, &entry.name) < 0 ||
		    hf__p2_put_string(b, field.value, field.value_size, &entry.value) < 0)
			return;
		hf__p2_store(b, to, &entry, sizeof entry);
	}
	hf__p2_store(b, out, &entries, sizeof entries);
}

P2_VOID_DOOR(fields_entries, (uint32_t self, uint32_t out), self, out)

/* ---- changes ---- */

/* A change of the fields of one name. */
struct change {
	struct hf_p2_fields *fields;
	char *name; /* must be given back */
	uint32_t size;
	enum header_error error;
};

/* False after a trap. */
static bool begin(hf_b b, struct change *change, uint32_t self, uint32_t name, uint32_t size, uint32_t out)
{
	change->fields = hf__p2_borrow(b, HF_P2_FIELDS, self);
	change->size = size;
	if (!change->fields || hf__p2_check(b, out, 2, 1) < 0 || get_name(b, name, size, &change->name) < 0)
		return false;
	change->error = may_change(change->fields, change->name, size);
	return true;
}

static void end(hf_b b, struct change *change, int result, uint32_t out)
{
	hf__p2_give_back(change->name);
	if (result == 0)
		put_status(b, change->error, out);
}

/* Replaces the values of the name, if all of them can be. */
static int replace(hf_b b, struct change *change, const struct hf_p2_list *values, uint32_t count)
{
	struct hf_p2_http_list *list = change->fields->list, *added = hf__p2_http_list(b->p2);
	int result = added ? 0 : hf__p2_no_memory(b->p2);
	for (uint32_t i = 0; i < count && result == 0 && change->error == OK; i++)
		result = add_value(b, added, change->name, change->size, &values[i], &change->error);
	if (result == 0 && change->error == OK) {
		hf__p2_list_remove(list, change->name, change->size);
		result = hf__p2_list_append(list, added->bytes, added->size);
	}
	if (added)
		hf__p2_unref(&added->base);
	return result;
}

static void sys_fields_set(hf_b b, uint32_t self, uint32_t name, uint32_t size, uint32_t at, uint32_t count,
                           uint32_t out)
{
	struct change change;
	void *values = NULL;
	if (!begin(b, &change, self, name, size, out))
		return;
	int result = hf__p2_get_list(b, at, count, sizeof(struct hf_p2_list), 4, ELEMENTS_MOST, &values);
	if (result == 0 && change.error == OK)
		result = replace(b, &change, values, count);
	hf__p2_give_back(values);
	end(b, &change, result, out);
}

P2_VOID_DOOR(fields_set, (uint32_t self, uint32_t name, uint32_t size, uint32_t values, uint32_t count, uint32_t out),
             self, name, size, values, count, out)

static void sys_fields_append(hf_b b, uint32_t self, uint32_t name, uint32_t size, uint32_t at, uint32_t count,
                              uint32_t out)
{
	struct change change;
	const struct hf_p2_list value = {at, count};
	if (!begin(b, &change, self, name, size, out))
		return;
	int result = hf__p2_check(b, at, count, 1);
	if (result == 0 && change.error == OK)
		result = add_value(b, change.fields->list, change.name, size, &value, &change.error);
	end(b, &change, result, out);
}

P2_VOID_DOOR(fields_append, (uint32_t self, uint32_t name, uint32_t size, uint32_t value, uint32_t count, uint32_t out),
             self, name, size, value, count, out)

static void sys_fields_delete(hf_b b, uint32_t self, uint32_t name, uint32_t size, uint32_t out)
{
	struct change change;
	if (!begin(b, &change, self, name, size, out))
		return;
	if (change.error == OK)
		hf__p2_list_remove(change.fields->list, change.name, size);
	end(b, &change, 0, out);
}

P2_VOID_DOOR(fields_delete, (uint32_t self, uint32_t name, uint32_t size, uint32_t out), self, name, size, out)
