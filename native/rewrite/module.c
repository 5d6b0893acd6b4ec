/* module.c - the sections, their order, and their numbers of items (core, 5.5). */
#include "rewrite/module.h"

#include <stdlib.h>
#include <string.h>

#define NEWER "; the module uses a feature that the rewriter does not know: run it without `interruptible`"

struct hf__reader hf__reader_of(const struct hf__module *module, const uint8_t *at, const uint8_t *end,
                                struct hf__fault *fault)
{
	const uint8_t *last = module->bytes + module->size;
	return (struct hf__reader){.module = module->bytes, .at = at ? at : last, .end = at ? end : last, .fault = fault};
}

bool hf__numbers_add(struct hf__numbers *numbers, uint32_t number)
{
	if (numbers->count == numbers->room) {
		uint32_t room = numbers->room ? numbers->room + numbers->room / 2 : 256;
		uint32_t *items = realloc(numbers->items, room * sizeof *items);
		if (!items)
			return false;
		numbers->items = items;
		numbers->room = room;
	}
	numbers->items[numbers->count++] = number;
	return true;
}

/* For numbers in ascending order. */
static bool have(const struct hf__numbers *numbers, uint32_t number)
{
	uint32_t low = 0, high = numbers->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (numbers->items[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < numbers->count && numbers->items[low] == number;
}

void hf__module_release(struct hf__module *module)
{
	free(module->defined);
	free(module->taken);
	free(module->points.items);
	free(module->calls.items);
	free(module->keeping.items);
}

/* ---- the sections' places ---- */

/* The position of each section id in the required order. */
static const uint8_t ranks[HF__SECTIONS] = {
	[HF__TYPE] = 1,        [HF__IMPORT] = 2, [HF__FUNCTION] = 3, [HF__TABLE] = 4, [HF__MEMORY] = 5,
	[HF__TAG] = 6,         [HF__GLOBAL] = 7, [HF__EXPORT] = 8,   [HF__START] = 9, [HF__ELEMENT] = 10,
	[HF__DATA_COUNT] = 11, [HF__CODE] = 12,  [HF__DATA] = 13,
};

struct hf__section hf__next_section(struct hf__reader *r)
{
	struct hf__section section = {.start = r->at};
	uint8_t id = hf__byte(r);
	if (id >= HF__SECTIONS)
		hf__fail_at(r, section.start, "unknown section" NEWER ":", id);
	uint32_t size = hf__u32(r);
	section.body = r->at;
	hf__skip(r, size);
	section.end = r->at;
	return section;
}

static void find_sections(struct hf__reader *r, struct hf__module *module)
{
	static const uint8_t header[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
	if (module->size < sizeof header || memcmp(r->at, header, 4) != 0) {
		hf__fail(r, "this is not a WebAssembly module");
		return;
	}
	if (memcmp(r->at, header, sizeof header) != 0) {
		hf__fail_at(r, r->at + 4, "this is not a core module of version 1 (perhaps a component)", 0);
		return;
	}
	r->at += sizeof header;
	uint8_t last = 0;
	while (r->at != r->end) {
		struct hf__section section = hf__next_section(r);
		if (hf__failed(r))
			return;
		uint8_t rank = ranks[*section.start];
		if (rank == 0)
			continue;
		if (rank <= last)
			hf__fail_at(r, section.start, "a section is duplicated or out of order:", *section.start);
		last = rank;
		module->sections[*section.start] = section;
	}
}

/* ---- the sections' contents ---- */

static struct hf__reader section_reader(const struct hf__module *module, int id, struct hf__fault *fault)
{
	const struct hf__section *section = &module->sections[id];
	return hf__reader_of(module, section->body, section->end, fault);
}

/* Returns the length of a section's vector; `r` is then at its first element. */
static uint32_t begin(struct hf__reader *r, const struct hf__module *module, int id, struct hf__fault *fault)
{
	*r = section_reader(module, id, fault);
	return module->sections[id].start && !fault->what ? hf__count(r) : 0;
}

static void expect_end(struct hf__reader *r)
{
	if (r->at != r->end)
		hf__fail(r, "a section is longer than its contents");
}

/* No module has a number this large by chance; above it, our number would have more digits than are checked. */
#define NAMES_MOST UINT64_C(1000000000000000000)
#define DIGITS_MOST 19

/* Notes a name that begins like one that we might use: "holdfast:" and a number. */
static void note_name(struct hf__reader *r, struct hf__module *module, const uint8_t *name, uint32_t size)
{
	static const char prefix[] = "holdfast:";
	const uint32_t begin_size = sizeof prefix - 1;
	if (size <= begin_size || memcmp(name, prefix, begin_size) != 0)
		return;
	uint64_t number = 0;
	uint32_t at = begin_size;
	for (; at < size && at < begin_size + DIGITS_MOST && name[at] >= '0' && name[at] <= '9'; at++)
		number = number * 10 + (uint64_t)(name[at] - '0');
	if (number >= NAMES_MOST)
		hf__fail_at(r, name, "a name is one of the rewriter's own", 0);
	else if (at > begin_size && number >= module->names_in_use)
		module->names_in_use = number + 1;
}

static void read_name(struct hf__reader *r, struct hf__module *module)
{
	uint32_t size = hf__count(r);
	const uint8_t *name = r->at;
	hf__skip(r, size);
	if (!hf__failed(r))
		note_name(r, module, name, size);
}

static void note_memory(struct hf__module *module, uint32_t index, struct hf__limits limits)
{
	if (index == 0)
		module->first_memory = limits.flags;
}

static void note_objects(struct hf__module *module, const struct hf__reader *r)
{
	if (!module->objects && hf__is_exception(r))
		module->objects = r->at;
}

/* Reads a tag, and notes one whose exceptions carry others, like a list, or more than a few values. */
static void read_tag(struct hf__reader *r, struct hf__module *module)
{
	const uint8_t *where = r->at;
	uint32_t type = hf__read_tag_type(r, module);
	if (!module->objects && have(&module->keeping, type))
		module->objects = where;
}

static void read_imports(struct hf__module *module, struct hf__fault *fault)
{
	struct hf__reader r;
	for (uint32_t left = begin(&r, module, HF__IMPORT, fault); left > 0 && !hf__failed(&r); left--) {
		read_name(&r, module);
		read_name(&r, module);
		const uint8_t *where = r.at;
		uint8_t kind = hf__byte(&r);
		switch (kind) {
		case 0:
			(void)hf__index(&r, module->types, "unknown type:");
			module->functions++;
			break;
		case 1:
			hf__skip_table_type(&r, module);
			module->tables++;
			break;
		case 2:
			note_memory(module, module->memories++, hf__read_limits(&r));
			break;
		case 3:
			hf__skip_global_type(&r, module);
			module->globals++;
			break;
		case 4:
			read_tag(&r, module);
			module->tags++;
			break;
		default:
			hf__fail_at(&r, where, "unknown kind of import" NEWER ":", kind);
		}
	}
	expect_end(&r);
	module->imported_functions = module->functions;
	module->imported_memories = module->memories;
}

/* Counts the items of each section before anything that refers to them is read. */
static void count_definitions(struct hf__module *module, struct hf__fault *fault)
{
	struct hf__reader r;
	module->defined_count = begin(&r, module, HF__FUNCTION, fault);
	module->functions += module->defined_count;
	module->tables += begin(&r, module, HF__TABLE, fault);
	module->memories += begin(&r, module, HF__MEMORY, fault);
	module->globals += begin(&r, module, HF__GLOBAL, fault);
	module->tags += begin(&r, module, HF__TAG, fault);
}

static void read_functions(struct hf__module *module, struct hf__fault *fault)
{
	struct hf__reader r;
	for (uint32_t left = begin(&r, module, HF__FUNCTION, fault); left > 0 && !hf__failed(&r); left--)
		(void)hf__index(&r, module->types, "unknown type:");
	expect_end(&r);
}

static void read_tables(struct hf__module *module, struct hf__fault *fault)
{
	struct hf__reader r;
	for (uint32_t left = begin(&r, module, HF__TABLE, fault); left > 0 && !hf__failed(&r); left--) {
		bool has_value = r.at != r.end && *r.at == 0x40; /* 0x40 0x00: an expression follows the type */
		if (has_value) {
			r.at++;
			(void)hf__byte_below(&r, 1, "unknown kind of table" NEWER ":");
		}
		note_objects(module, &r);
		hf__skip_table_type(&r, module);
		if (has_value)
			hf__read_instructions(&r, module, NULL);
	}
	expect_end(&r);
}

static void read_memories(struct hf__module *module, struct hf__fault *fault)
{
	struct hf__reader r;
	uint32_t index = module->imported_memories;
	for (uint32_t left = begin(&r, module, HF__MEMORY, fault); left > 0 && !hf__failed(&r); left--)
		note_memory(module, index++, hf__read_limits(&r));
	expect_end(&r);
}

static void read_tags(struct hf__module *module, struct hf__fault *fault)
{
	struct hf__reader r;
	for (uint32_t left = begin(&r, module, HF__TAG, fault); left > 0 && !hf__failed(&r); left--)
		read_tag(&r, module);
	expect_end(&r);
}

static void read_globals(struct hf__module *module, struct hf__fault *fault)
{
	struct hf__reader r;
	for (uint32_t left = begin(&r, module, HF__GLOBAL, fault); left > 0 && !hf__failed(&r); left--) {
		note_objects(module, &r);
		hf__skip_global_type(&r, module);
		hf__read_instructions(&r, module, NULL);
	}
	expect_end(&r);
}

static void read_exports(struct hf__module *module, struct hf__fault *fault)
{
	struct hf__reader r;
	uint32_t left = begin(&r, module, HF__EXPORT, fault);
	const uint32_t bounds[] = {module->functions, module->tables, module->memories, module->globals, module->tags};
	for (; left > 0 && !hf__failed(&r); left--) {
		read_name(&r, module);
		uint8_t kind = hf__byte_below(&r, sizeof bounds / sizeof *bounds, "unknown kind of export" NEWER ":");
		if (!hf__failed(&r))
			(void)hf__index(&r, bounds[kind], "unknown export:");
	}
	expect_end(&r);
}

static void read_start(struct hf__module *module, struct hf__fault *fault)
{
	struct hf__reader r = section_reader(module, HF__START, fault);
	if (!module->sections[HF__START].start || fault->what)
		return;
	module->start = hf__index(&r, module->functions, "unknown function:");
	expect_end(&r);
}

static void read_elements(struct hf__module *module, struct hf__fault *fault)
{
	struct hf__reader r;
	for (uint32_t left = begin(&r, module, HF__ELEMENT, fault); left > 0 && !hf__failed(&r); left--) {
		const uint8_t *where = r.at;
		uint32_t flags = hf__u32(&r);
		bool active = !(flags & 1), expressions = flags & 4, typed = flags & 3;
		if (flags > 7)
			hf__fail_at(&r, where, "unknown kind of element segment" NEWER ":", flags);
		if (active && flags & 2)
			(void)hf__index(&r, module->tables, "unknown table:");
		else if (active && module->tables == 0)
			hf__fail_at(&r, where, "unknown table:", 0);
		if (active)
			hf__read_instructions(&r, module, NULL);
		if (typed && expressions)
			hf__skip_value_type(&r, module);
		else if (typed)
			(void)hf__byte_below(&r, 1, "unknown kind of element segment" NEWER ":");
		for (uint32_t items = hf__count(&r); items > 0 && !hf__failed(&r); items--) {
			if (expressions) {
				hf__read_instructions(&r, module, NULL);
			} else {
				uint32_t function = hf__index(&r, module->functions, "unknown function:");
				if (!hf__failed(&r))
					module->taken[function] = 1;
			}
		}
	}
	expect_end(&r);
}

/* Reads only its beginning; the bytes themselves may be most of the module. */
static void read_data(struct hf__module *module, struct hf__fault *fault)
{
	struct hf__reader r;
	for (uint32_t left = begin(&r, module, HF__DATA, fault); left > 0 && !hf__failed(&r); left--) {
		const uint8_t *where = r.at;
		uint32_t flags = hf__u32(&r);
		if (flags > 2)
			hf__fail_at(&r, where, "unknown kind of data segment" NEWER ":", flags);
		if (flags == 2)
			(void)hf__index(&r, module->memories, "unknown memory:");
		else if (flags == 0 && module->memories == 0)
			hf__fail_at(&r, where, "unknown memory:", 0);
		if (flags != 1)
			hf__read_instructions(&r, module, NULL);
		hf__skip(&r, hf__count(&r));
	}
	expect_end(&r);
}

static void read_data_count(struct hf__module *module, struct hf__fault *fault)
{
	struct hf__reader r = section_reader(module, HF__DATA_COUNT, fault);
	if (!module->sections[HF__DATA_COUNT].start || fault->what)
		return;
	(void)hf__u32(&r);
	expect_end(&r);
}

void hf__read_sections(struct hf__module *module, struct hf__fault *fault)
{
	struct hf__reader r = hf__reader_of(module, module->bytes, module->bytes + module->size, fault);
	find_sections(&r, module);
	if (module->sections[HF__TYPE].start && !fault->what) {
		r = section_reader(module, HF__TYPE, fault);
		hf__read_types(&r, module);
	}
	read_imports(module, fault);
	count_definitions(module, fault);
	if (fault->what)
		return;
	module->taken = calloc(module->functions + 1u, 1);
	if (!module->taken) {
		fault->what = "not enough memory";
		return;
	}
	read_functions(module, fault);
	read_tables(module, fault);
	read_memories(module, fault);
	read_tags(module, fault);
	read_globals(module, fault);
	read_exports(module, fault);
	read_start(module, fault);
	read_elements(module, fault);
	read_data_count(module, fault);
	read_data(module, fault);
}
