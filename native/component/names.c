/* names.c - names: their syntax, and sets of named items. */
#include <string.h>

#include "component/internal.h"

struct hf__name hf__name(const char *text)
{
	return (struct hf__name){.text = text, .size = (uint32_t)strlen(text)};
}

bool hf__same(struct hf__name a, struct hf__name b)
{
	return a.size == b.size && memcmp(a.text, b.text, a.size) == 0;
}

/* ---- UTF-8 ---- */

/* The number of bytes of the character at the text, 0 if it is none (RFC 3629). */
static unsigned character(const uint8_t *at, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned size = *at < 0x80 ? 1 : *at >> 5 == 6 ? 2 : *at >> 4 == 14 ? 3 : *at >> 3 == 30 ? 4 : 0;
	if (size <= 1)
		return size;
	if (size > left)
		return 0;
	uint32_t code = *at & (0x7f >> size);
	for (unsigned i = 1; i < size; i++) {
		if (at[i] >> 6 != 2)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	bool surrogate = code >= 0xd800 && code <= 0xdfff;
	return code < least[size] || code > 0x10ffff || surrogate ? 0 : size;
}

static bool is_utf8(const uint8_t *at, size_t size)
{
	while (size > 0) {
		unsigned bytes = character(at, size);
		if (bytes == 0)
			return false;
		at += bytes;
		size -= bytes;
	}
	return true;
}

struct hf__name hf__read_name(struct hf__context *cx, struct hf__reader *r)
{
	const uint8_t *where = r->at;
	uint32_t size = hf__u32(r);
	const uint8_t *text = r->at;
	hf__skip(r, size);
	if (hf__failed(r))
		return hf__name("");
	if (!is_utf8(text, size)) {
		hf__refuse(cx, r, where, HF_COMPONENT_MALFORMED, "a name is not UTF-8");
		return hf__name("");
	}
	return (struct hf__name){.text = (const char *)text, .size = size};
}

/* ---- syntax (Explainer.md, "Import and Export Definitions") ---- */

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A label; with `words`, one without acronyms. */
static bool is_label(struct hf__name name, bool words)
{
	bool begins = true, lower = false, upper = false;
	if (name.size == 0 || is_digit(name.text[0]))
		return false;
	for (uint32_t i = 0; i < name.size; i++) {
		char c = name.text[i];
		if (c == '-') {
			if (begins)
				return false;
			begins = true;
			lower = upper = false;
			continue;
		}
		begins = false;
		lower |= is_lower(c);
		upper |= is_upper(c);
		if ((!is_lower(c) && !is_upper(c) && !is_digit(c)) || (lower && upper) || (words && upper))
			return false;
	}
	return !begins;
}

static bool starts(struct hf__name name, const char *text)
{
	size_t size = strlen(text);
	return name.size >= size && memcmp(name.text, text, size) == 0;
}

static struct hf__name after(struct hf__name name, uint32_t size)
{
	return (struct hf__name){.text = name.text + size, .size = name.size - size};
}

/* Cuts the name at the first occurrence of the character. Without one, the rest is empty and its text is NULL. */
static struct hf__name cut(struct hf__name *name, char at)
{
	const char *found = name->size ? memchr(name->text, at, name->size) : NULL;
	if (!found)
		return (struct hf__name){0};
	uint32_t before = (uint32_t)(found - name->text);
	struct hf__name rest = after(*name, before + 1);
	name->size = before;
	return rest;
}

struct hf__annotated hf__annotated(struct hf__name name)
{
	static const struct {
		const char *text;
		char kind;
	} kinds[] = {{"[constructor]", 'c'}, {"[method]", 'm'}, {"[static]", 's'}};
	struct hf__annotated annotated = {0};
	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!starts(name, kinds[i].text))
			continue;
		annotated.kind = kinds[i].kind;
		annotated.resource = after(name, (uint32_t)strlen(kinds[i].text));
		if (kinds[i].kind != 'c')
			cut(&annotated.resource, '.');
	}
	return annotated;
}

static bool is_plain(struct hf__name name)
{
	struct hf__annotated annotated = hf__annotated(name);
	if (annotated.kind == 0 || annotated.kind == 'c')
		return is_label(annotated.kind ? annotated.resource : name, false);
	struct hf__name field = cut(&name, '.');
	return is_label(annotated.resource, false) && field.text && is_label(field, false);
}

/* The identifiers after - and +, separated by dots (https://semver.org, 9 and 10). */
static bool are_identifiers(struct hf__name text, bool numbers_may_have_zeros)
{
	while (text.text) {
		struct hf__name rest = cut(&text, '.');
		bool digits = true;
		for (uint32_t i = 0; i < text.size; i++) {
			char c = text.text[i];
			if (!is_lower(c) && !is_upper(c) && !is_digit(c) && c != '-')
				return false;
			digits &= is_digit(c);
		}
		if (text.size == 0 || (digits && text.size > 1 && text.text[0] == '0' && !numbers_may_have_zeros))
			return false;
		text = rest;
	}
	return true;
}

/* A semantic version, or the beginning of one that is its canonical form: "1", "0.2", "0.0.1". */
static bool is_version(struct hf__name text)
{
	struct hf__name build = cut(&text, '+'), before = cut(&text, '-');
	unsigned numbers = 0;
	bool zeros = true;
	if (!are_identifiers(before, false) || !are_identifiers(build, true))
		return false;
	while (text.text) {
		struct hf__name rest = cut(&text, '.');
		bool zero = text.size == 1 && text.text[0] == '0';
		if (text.size == 0 || (text.text[0] == '0' && !zero))
			return false;
		for (uint32_t i = 0; i < text.size; i++) {
			if (!is_digit(text.text[i]))
				return false;
		}
		zeros &= zero;
		numbers++;
		text = rest;
	}
	bool canonical = numbers < 3 && numbers > 0 && !zeros && !before.text && !build.text;
	return numbers == 3 || canonical;
}

/* namespace:package/interface@version. Nested namespaces and packages are a feature that no tool writes by default. */
static bool is_interface(struct hf__name name)
{
	struct hf__name version = cut(&name, '@');
	struct hf__name projection = cut(&name, '/'), package = cut(&name, ':');
	return (!version.text || is_version(version)) && package.text && projection.text && is_label(name, true) &&
	       is_label(package, true) && is_label(projection, false);
}

/* Names that refer to components by URL, hash or package. Older tools write them. */
static bool is_dependency(struct hf__name name)
{
	return starts(name, "unlocked-dep=<") || starts(name, "locked-dep=<") || starts(name, "url=<") ||
	       starts(name, "integrity=<");
}

struct hf__name hf__read_label(struct hf__context *cx, struct hf__reader *r)
{
	const uint8_t *where = r->at;
	struct hf__name name = hf__read_name(cx, r);
	if (!hf__failed(r) && !is_label(name, false))
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "the name \"%n\" is not in kebab case", &name);
	return name;
}

static void read_attribute(struct hf__context *cx, struct hf__reader *r, struct hf__name name, uint8_t *seen)
{
	const uint8_t *where = r->at;
	uint8_t kind = hf__byte_below(r, 3, "unknown kind of attribute of a name:");
	struct hf__name text = hf__read_name(cx, r);
	if (hf__failed(r))
		return;
	if (*seen >> kind & 1)
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "the name \"%n\" has an attribute twice", &name);
	else if (kind == 0 && (!is_interface(text) || !is_plain(name)))
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "\"%n\" cannot implement the interface \"%n\"", &name, &text);
	*seen |= (uint8_t)(1 << kind);
}

struct hf__name hf__read_extern_name(struct hf__context *cx, struct hf__reader *r)
{
	uint8_t form = hf__byte_below(r, 3, "unknown kind of name:"), seen = 0;
	const uint8_t *where = r->at;
	struct hf__name name = hf__read_name(cx, r);
	if (hf__failed(r))
		return name;
	if (starts(name, "[async"))
		hf__refuse_async(cx, r, where, "async functions"); /* drafts of 0.3 use this annotation */
	else if (!is_plain(name) && !is_interface(name) && !is_dependency(name))
		hf__refuse(cx, r, where, HF_COMPONENT_INVALID, "the name \"%n\" is neither in kebab case nor an interface name",
		           &name);
	for (uint32_t left = form == 2 ? hf__count(r) : 0; left > 0 && !hf__failed(r); left--)
		read_attribute(cx, r, name, &seen);
	name.implements = seen & 1;
	return name;
}

/* ---- sets of named items ---- */

static char lower(char c)
{
	return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static bool same_lower(const char *a, const char *b, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		if (lower(a[i]) != lower(b[i]))
			return false;
	}
	return true;
}

/* The part of a name that must be unique, ignoring case. */
static struct hf__name canonical(struct hf__name name)
{
	char kind = hf__annotated(name).kind;
	if (kind != 'm' && kind != 's')
		return name;
	name = after(name, 8);
	uint32_t half = name.size / 2;
	bool twice = name.size % 2 == 1 && name.text[half] == '.' && same_lower(name.text, name.text + half + 1, half);
	if (twice)
		name.size = half;
	return name;
}

static uint32_t hash_of(struct hf__name name)
{
	uint32_t hash = 0x811c9dc5;
	for (uint32_t i = 0; i < name.size; i++)
		hash = (hash ^ (uint8_t)lower(name.text[i])) * 0x01000193;
	return hash ^ hash >> 15;
}

static bool clash(struct hf__name a, struct hf__name b, bool strong)
{
	if (!strong)
		return hf__same(a, b);
	a = canonical(a);
	b = canonical(b);
	return a.size == b.size && same_lower(a.text, b.text, a.size);
}

#define FEW 8

/* Finds the item with this name, or with one that is too similar. If there is none, returns NULL and the slot where it belongs. */
static struct hf__export *seek(struct hf__context *cx, const struct hf__exports *exports, struct hf__name name,
                               uint32_t *slot)
{
	if (!exports->slots) {
		for (uint32_t i = 0; i < exports->count; i++) {
			if (clash(exports->items[i].name, name, exports->strong))
				return &exports->items[i];
		}
		return NULL;
	}
	*slot = hash_of(exports->strong ? canonical(name) : name) & exports->mask;
	for (uint32_t probes = 1; exports->slots[*slot] != 0; probes++) {
		struct hf__export *found = &exports->items[exports->slots[*slot] - 1];
		if (clash(found->name, name, exports->strong))
			return found;
		*slot = (*slot + 1) & exports->mask;
		if (probes % 16 == 0 && !hf__spend_bytes(cx, HF__BYTES_A_UNIT + (size_t)name.size))
			return NULL;
	}
	return NULL;
}

static bool rehash(struct hf__context *cx, struct hf__exports *exports)
{
	uint32_t mask = exports->slots ? exports->mask * 2 + 1 : FEW * 4 - 1, slot = 0;
	uint32_t *slots = hf__alloc(cx, ((size_t)mask + 1) * sizeof *slots);
	if (!slots)
		return false;
	exports->slots = slots;
	exports->mask = mask;
	for (uint32_t i = 0; i < exports->count && !hf__ended(cx); i++) {
		(void)seek(cx, exports, exports->items[i].name, &slot);
		slots[slot] = i + 1;
	}
	return true;
}

bool hf__exports_add(struct hf__context *cx, struct hf__exports *exports, struct hf__name name, struct hf__item item)
{
	uint32_t slot = 0;
	bool many = exports->count >= FEW && (!exports->slots || exports->count > exports->mask / 2);
	if (many && !rehash(cx, exports))
		return true;
	if (seek(cx, exports, name, &slot))
		return false;
	if (hf__ended(cx))
		return true;
	struct hf__export *items =
		hf__more_in_arena(cx, exports->items, exports->count, &exports->room, sizeof *exports->items);
	if (!items)
		return true;
	exports->items = items;
	exports->items[exports->count++] = (struct hf__export){.name = name, .item = item};
	if (exports->slots)
		exports->slots[slot] = exports->count;
	return true;
}

const struct hf__export *hf__exports_find(struct hf__context *cx, const struct hf__exports *exports,
                                          struct hf__name name)
{
	uint32_t slot;
	const struct hf__export *found = seek(cx, exports, name, &slot);
	return found && hf__same(found->name, name) ? found : NULL;
}
