/* context.c - failures, fuel, memory. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "component/internal.h"

/* ---- failures ---- */

struct text {
	char *at, *end; /* the end leaves room for the terminator */
};

static void put_char(struct text *text, char c)
{
	if (text->at < text->end)
		*text->at++ = c;
}

static void put_string(struct text *text, const char *string)
{
	while (*string)
		put_char(text, *string++);
}

static void put_number(struct text *text, uint32_t number)
{
	char digits[10];
	unsigned count = 0;
	do
		digits[count++] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	while (count > 0)
		put_char(text, digits[--count]);
}

/* At most 100 bytes, cut between characters. */
static void put_name(struct text *text, const struct hf__name *name)
{
	uint32_t size = name->size;
	bool whole = size <= 100 && text->end - text->at > (ptrdiff_t)size;
	if (!whole && size > 100)
		size = 100;
	if (!whole && text->end - text->at <= (ptrdiff_t)size + 3)
		size = text->end - text->at > 3 ? (uint32_t)(text->end - text->at - 3) : 0;
	while (!whole && size > 0 && (name->text[size] & 0xc0) == 0x80)
		size--;
	for (uint32_t i = 0; i < size; i++) {
		char c = name->text[i];
		put_char(text, (c >= 0 && c < ' ') || c == 0x7f ? '?' : c);
	}
	put_string(text, whole ? "" : "…");
}

static void format_text(struct text *text, const char *format, va_list arguments)
{
	for (; *format; format++) {
		if (*format != '%') {
			put_char(text, *format);
			continue;
		}
		switch (*++format) {
		case 'n':
			put_name(text, va_arg(arguments, const struct hf__name *));
			break;
		case 's':
			put_string(text, va_arg(arguments, const char *));
			break;
		default:
			put_number(text, va_arg(arguments, uint32_t));
		}
	}
	*text->at = '\0';
}

void hf__refuse(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, enum hf_component_fault kind,
                const char *format, ...)
{
	if (!hf__ended(cx)) {
		struct text text = {.at = cx->error.text, .end = cx->error.text + sizeof cx->error.text - 1};
		va_list arguments;
		va_start(arguments, format);
		format_text(&text, format, arguments);
		va_end(arguments);
		cx->kind = kind;
		cx->fault.what = cx->error.text;
		cx->fault.offset = where ? (size_t)(where - cx->bytes) : cx->size;
	}
	if (r)
		r->at = r->end;
}

void hf__no_memory(struct hf__context *cx)
{
	hf__refuse(cx, NULL, NULL, HF_COMPONENT_NO_MEMORY, "not enough memory to read the component");
}

void hf__explain(struct hf_component_error *error, const struct hf__fault *fault)
{
	struct text text = {.at = error->text, .end = error->text + sizeof error->text - 1};
	put_string(&text, fault->what);
	if (fault->what[strlen(fault->what) - 1] == ':') {
		put_char(&text, ' ');
		put_number(&text, fault->number);
	}
	*text.at = '\0';
}

bool hf__enter(struct hf__context *cx)
{
	if (cx->depth >= HF_COMPONENT_SCOPES)
		hf__refuse(cx, NULL, cx->at, HF_COMPONENT_LIMIT, "components or types are nested more than %u deep",
		           (uint32_t)HF_COMPONENT_SCOPES);
	return !hf__ended(cx);
}

bool hf__spend(struct hf__context *cx, uint32_t units)
{
	if (units > HF_COMPONENT_FUEL - cx->fuel) {
		hf__refuse(cx, NULL, cx->at, HF_COMPONENT_LIMIT,
		           "the component has more than %u definitions, or instantiates them that many times",
		           (uint32_t)HF_COMPONENT_FUEL);
		return false;
	}
	cx->fuel += units;
	return !hf__ended(cx);
}

bool hf__spend_bytes(struct hf__context *cx, size_t bytes)
{
	return hf__spend(cx, (uint32_t)(bytes / HF__BYTES_A_UNIT));
}

struct hf__reader hf__range(struct hf__context *cx, const uint8_t *at, const uint8_t *end)
{
	return (struct hf__reader){.module = cx->bytes, .at = at, .end = end, .fault = &cx->fault};
}

/* ---- memory ---- */

struct hf__block {
	struct hf__block *next;
	size_t used, size;
	_Alignas(16) unsigned char bytes[];
};

#define BLOCK_SIZE 65536

static struct hf__block *add_block(struct hf__context *cx, size_t size)
{
	struct hf__block *block = malloc(sizeof *block + size);
	if (!block) {
		hf__no_memory(cx);
		return NULL;
	}
	*block = (struct hf__block){.next = cx->blocks, .size = size};
	cx->blocks = block;
	return block;
}

void *hf__alloc(struct hf__context *cx, size_t size)
{
	struct hf__block *block = cx->blocks;
	size = (size + 15) & ~(size_t)15;
	if (!block || size > block->size - block->used) {
		block = add_block(cx, size > BLOCK_SIZE ? size : BLOCK_SIZE);
		if (!block)
			return NULL;
	}
	void *allocated = block->bytes + block->used;
	block->used += size;
	return memset(allocated, 0, size);
}

void *hf__more_in_arena(struct hf__context *cx, void *items, uint32_t count, uint32_t *room, size_t size)
{
	if (count < *room)
		return items;
	uint32_t more = *room ? *room * 2 : 4;
	void *moved = hf__alloc(cx, more * size);
	if (!moved)
		return NULL;
	if (count > 0)
		memcpy(moved, items, count * size);
	*room = more;
	return moved;
}

void *hf__more(struct hf__context *cx, void *items, uint32_t count, uint32_t *room, size_t size)
{
	if (count < *room)
		return items;
	uint32_t more = *room ? *room * 2 : 64;
	void *moved = realloc(items, more * size);
	if (!moved) {
		hf__no_memory(cx);
		return NULL;
	}
	*room = more;
	return moved;
}

void hf__context_release(struct hf__context *cx)
{
	while (cx->blocks) {
		struct hf__block *next = cx->blocks->next;
		free(cx->blocks);
		cx->blocks = next;
	}
	free(cx->nodes);
	free(cx->resources);
	free(cx->words);
	free(cx->names);
}

/* ---- a hash table of numbers ---- */

static uint32_t slot_of(const struct hf__map *map, uint64_t key)
{
	return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & map->mask;
}

/* The slot of the key, or the empty one where it belongs. */
static uint32_t probe(struct hf__context *cx, const struct hf__map *map, uint64_t key)
{
	uint32_t slot = slot_of(map, key);
	for (uint32_t probes = 1; map->keys[slot] != 0 && map->keys[slot] != key; probes++) {
		slot = (slot + 1) & map->mask;
		if (probes % 16 == 0 && !hf__spend(cx, 1))
			break;
	}
	return slot;
}

static bool grow(struct hf__context *cx, struct hf__map *map)
{
	struct hf__map larger = {.mask = map->keys ? map->mask * 2 + 1 : 63, .count = map->count};
	larger.keys = hf__alloc(cx, ((size_t)larger.mask + 1) * sizeof *larger.keys);
	larger.values = hf__alloc(cx, ((size_t)larger.mask + 1) * sizeof *larger.values);
	if (!larger.keys || !larger.values)
		return false;
	for (uint32_t i = 0; map->keys && i <= map->mask; i++) {
		if (map->keys[i] == 0)
			continue;
		uint32_t slot = probe(cx, &larger, map->keys[i]);
		larger.keys[slot] = map->keys[i];
		larger.values[slot] = map->values[i];
	}
	*map = larger;
	return true;
}

uint32_t *hf__map_at(struct hf__context *cx, struct hf__map *map, uint64_t key, bool *is_new)
{
	if ((!map->keys || map->count > map->mask / 2) && !grow(cx, map))
		return NULL;
	uint32_t slot = probe(cx, map, key);
	*is_new = map->keys[slot] != key;
	if (map->keys[slot] != 0 && *is_new)
		return NULL; /* the fuel is used up */
	map->count += *is_new;
	map->keys[slot] = key;
	return &map->values[slot];
}

const uint32_t *hf__map_find(struct hf__context *cx, const struct hf__map *map, uint64_t key)
{
	uint32_t slot = map->keys ? probe(cx, map, key) : 0;
	return map->keys && map->keys[slot] == key ? &map->values[slot] : NULL;
}
