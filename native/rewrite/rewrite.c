/* rewrite.c - writes the new module: the old sections in order, each with the items appended to it.
 *
 * The function for each part runs twice, first with a writer that only counts, because a section begins with its size. */
#include "rewrite/rewrite.h"

#include <stdlib.h>

#include "rewrite/emit.h"
#include "rewrite/text.h"

/* ---- the code that is added ---- */

/* Returns at once until the host has filled the table. */
static void put_slow(struct hf__writer *w, const struct hf_rewrite *rw)
{
	hf__put_byte(w, 0); /* no locals */
	if (rw->options.check == HF_REWRITE_FUEL) {
		hf__put_byte(w, 0x41); /* i32.const fuel */
		hf__put_s32(w, rw->options.fuel);
		hf__put_byte(w, 0x24); /* global.set */
		hf__put_u64(w, rw->module.globals);
	}
	hf__put(w, (const uint8_t[]){0x41, 0, 0x25}, 3); /* i32.const 0; table.get */
	hf__put_u64(w, rw->module.tables);
	hf__put(w, (const uint8_t[]){0xd1, 0x04, 0x40, 0x0f, 0x0b}, 5); /* ref.is_null; if; return; end */
	hf__put(w, (const uint8_t[]){0x41, 0, 0x11}, 3);                /* i32.const 0; call_indirect */
	hf__put_u64(w, rw->module.types);
	hf__put_u64(w, rw->module.tables);
	hf__put_byte(w, 0x0b);
}

/* Does not export the start function itself, because ref.func may refer to exported functions. */
static void put_starter(struct hf__writer *w, const struct hf_rewrite *rw)
{
	hf__put(w, (const uint8_t[]){0, 0x10}, 2);
	hf__put_u64(w, rw->module.start);
	hf__put_byte(w, 0x0b);
}

static void put_check(struct hf__writer *w, const struct hf_rewrite *rw, uint32_t fuel)
{
	uint32_t global = rw->module.globals;
	hf__put_byte(w, 0x23); /* global.get */
	hf__put_u64(w, global);
	if (rw->options.check == HF_REWRITE_FLAG) {
		hf__put(w, (const uint8_t[]){0xfe, 0x10, 0x42}, 3); /* i32.atomic.load, aligned to 4, of the memory … */
		hf__put_u64(w, rw->module.memories);
		hf__put_byte(w, 0);
	} else {
		hf__put_byte(w, 0x41); /* i32.const fuel */
		hf__put_s32(w, fuel);
		hf__put(w, (const uint8_t[]){0x6b, 0x24}, 2); /* i32.sub; global.set */
		hf__put_u64(w, global);
		hf__put_byte(w, 0x23);
		hf__put_u64(w, global);
		hf__put(w, (const uint8_t[]){0x41, 0, 0x48}, 3); /* i32.const 0; i32.lt_s */
	}
	hf__put(w, (const uint8_t[]){0x04, 0x40, 0x10}, 3); /* if; call slow; end */
	hf__put_u64(w, rw->module.functions);
	hf__put_byte(w, 0x0b);
}

/* A sink for the code that is inserted at a point. */
static void to_check(void *context, const uint8_t *bytes, size_t size)
{
	struct hf__check *check = context;
	memcpy(check->bytes + check->size, bytes, size);
	check->size += (uint32_t)size;
}

static struct hf__writer writer_to(struct hf__check *check)
{
	check->size = 0;
	return (struct hf__writer){.sink = to_check, .context = check};
}

static void make_check(struct hf__check *check, const struct hf_rewrite *rw, uint32_t fuel)
{
	struct hf__writer w = writer_to(check);
	put_check(&w, rw, fuel);
	hf__flush(&w);
}

/* A bulk instruction may take as long as thousands of iterations of a loop. */
static void make_checks(struct hf_rewrite *rw)
{
	uint32_t much = rw->options.fuel / HF_REWRITE_BULKS;
	make_check(&rw->check, rw, 1);
	make_check(&rw->bulk_check, rw, much > 0 ? much : 1);
	struct hf__writer w = writer_to(&rw->after_wait);
	hf__put_after_wait(&w, rw);
	hf__flush(&w);
}

const struct hf__check *hf__check_at(const struct hf_rewrite *rw, uint32_t i, struct hf__check *room)
{
	switch (rw->module.points.items[i] & HF__KIND) {
	case 0:
		return &rw->check;
	case HF__BULK:
		return &rw->bulk_check;
	case HF__AFTER_WAIT:
		return &rw->after_wait;
	default:
		break;
	}
	struct hf__writer w = writer_to(room);
	hf__put_before_wait(&w, rw, hf__point_at(rw, i));
	hf__flush(&w);
	return room;
}

/* ---- sections ---- */

typedef void put_part(struct hf__writer *w, const struct hf_rewrite *rw);

/* Returns the offset of its contents. */
static uint64_t put_section(struct hf__writer *w, const struct hf_rewrite *rw, uint8_t id, put_part *part)
{
	struct hf__writer counter = {0};
	part(&counter, rw);
	hf__put_byte(w, id);
	hf__put_u64(w, counter.total);
	uint64_t contents = w->total;
	part(w, rw);
	return contents;
}

static uint64_t put_old_section(struct hf__writer *w, const struct hf__section *section)
{
	hf__put(w, section->start, (size_t)(section->end - section->start));
	return w->total - (uint64_t)(section->end - section->body);
}

/* Writes the section's vector, with a length that includes `added` more elements, which the caller writes next. */
static void put_vector(struct hf__writer *w, const struct hf_rewrite *rw, int id, uint32_t added)
{
	const struct hf__section *section = &rw->module.sections[id];
	struct hf__fault fault = {0};
	struct hf__reader r = hf__reader_of(&rw->module, section->body, section->end, &fault);
	hf__put_u64(w, (uint64_t)(section->start ? hf__u32(&r) : 0) + added);
	if (section->start)
		hf__put(w, r.at, (size_t)(r.end - r.at));
}

static void put_types(struct hf__writer *w, const struct hf_rewrite *rw)
{
	bool waits = rw->module.waits;
	put_vector(w, rw, HF__TYPE, 1 + (waits ? HF__WAIT_TYPES : 0));
	hf__put(w, (const uint8_t[]){0x60, 0, 0}, 3);
	if (waits)
		hf__put_wait_types(w);
}

static uint32_t wait_functions(const struct hf_rewrite *rw)
{
	return rw->module.waits ? HF__WAIT_FUNCTIONS : 0;
}

static void put_functions(struct hf__writer *w, const struct hf_rewrite *rw)
{
	put_vector(w, rw, HF__FUNCTION, hf__own_functions(rw) + wait_functions(rw));
	for (uint32_t i = 0; i < hf__own_functions(rw); i++)
		hf__put_u64(w, rw->module.types);
	for (uint32_t i = 0; i < wait_functions(rw); i++)
		hf__put_u64(w, hf__wait_type(rw, i));
}

static void put_tables(struct hf__writer *w, const struct hf_rewrite *rw)
{
	hf__put_old_tables(w, rw, 1);
	uint8_t slots = rw->module.waits ? 1 + HF__WAIT_SLOTS : 1;
	hf__put(w, (const uint8_t[]){0x70, 1, slots, slots}, 4); /* funcref, with the maximum equal to the minimum */
}

static void put_limited_tables(struct hf__writer *w, const struct hf_rewrite *rw)
{
	hf__put_old_tables(w, rw, 0);
}

static void put_globals(struct hf__writer *w, const struct hf_rewrite *rw)
{
	uint32_t count = rw->module.waits ? 2 : 1;
	put_vector(w, rw, HF__GLOBAL, count);
	for (uint32_t i = 0; i < count; i++)
		hf__put(w, (const uint8_t[]){0x7f, 1, 0x41, 0, 0x0b}, 5); /* i32, mutable, 0 */
}

static void put_export(struct hf__writer *w, const struct hf_rewrite *rw, const char *name, uint8_t kind,
                       uint32_t index)
{
	hf__put_our_name(w, rw, name);
	hf__put_byte(w, kind);
	hf__put_u64(w, index);
}

static void put_exports(struct hf__writer *w, const struct hf_rewrite *rw)
{
	put_vector(w, rw, HF__EXPORT, rw->has_start ? 3 : 2);
	put_export(w, rw, "stop", 1, rw->module.tables);
	put_export(w, rw, rw->options.check == HF_REWRITE_FLAG ? "word" : "fuel", 3, rw->module.globals);
	if (rw->has_start)
		put_export(w, rw, "start", 0, rw->module.functions + 1);
}

static void put_body(struct hf__writer *w, const struct hf_rewrite *rw, put_part *part)
{
	struct hf__writer counter = {0};
	part(&counter, rw);
	hf__put_u64(w, counter.total);
	part(w, rw);
}

uint64_t hf__body_size(const struct hf_rewrite *rw, const struct hf__function *function)
{
	uint64_t size = (uint64_t)function->end - function->body + (function->has_check ? rw->check.size : 0);
	struct hf__check room;
	for (uint32_t i = function->points; i < function[1].points; i++)
		size += hf__check_at(rw, i, &room)->size;
	return size;
}

static void put_function(struct hf__writer *w, const struct hf_rewrite *rw, const struct hf__function *function)
{
	const uint8_t *bytes = rw->module.bytes;
	uint32_t from = function->body;
	struct hf__check room;
	hf__put_u64(w, hf__body_size(rw, function));
	if (function->has_check) {
		hf__put(w, bytes + from, function->code - from);
		hf__put(w, rw->check.bytes, rw->check.size);
		from = function->code;
	}
	for (uint32_t i = function->points; i < function[1].points; i++) {
		const struct hf__check *check = hf__check_at(rw, i, &room);
		hf__put(w, bytes + from, hf__point_at(rw, i) - from);
		hf__put(w, check->bytes, check->size);
		from = hf__point_at(rw, i);
	}
	hf__put(w, bytes + from, function->end - from);
}

uint64_t hf__bodies(const struct hf_rewrite *rw)
{
	return (uint64_t)rw->module.defined_count + hf__own_functions(rw) + wait_functions(rw);
}

static void put_code(struct hf__writer *w, const struct hf_rewrite *rw)
{
	hf__put_u64(w, hf__bodies(rw));
	for (uint32_t i = 0; i < rw->module.defined_count; i++)
		put_function(w, rw, &rw->module.defined[i]);
	put_body(w, rw, put_slow);
	if (rw->has_start)
		put_body(w, rw, put_starter);
	for (uint32_t i = 0; i < wait_functions(rw); i++)
		hf__put_wait_body(w, rw, i);
}

/* ---- the whole ---- */

/* In the order of sections; NULL writes nothing. */
struct row {
	uint8_t id;
	put_part *part;
	bool anew; /* also if the module does not have this section */
};

static void put_added_before(struct hf__writer *w, const struct hf_rewrite *rw, const struct row *rows, unsigned *next,
                             uint8_t id)
{
	for (; rows[*next].id != id && rows[*next].id != HF__CUSTOM; ++*next) {
		const struct row *row = &rows[*next];
		if (row->anew)
			(void)put_section(w, rw, row->id, row->part);
	}
}

static void put_custom(struct hf__writer *w, const struct hf_rewrite *rw, const struct hf__section *section)
{
	if (rw->options.check == HF_REWRITE_NONE || !hf__put_corrected(w, rw, section))
		(void)put_old_section(w, section);
}

static void put_module(struct hf__writer *w, const struct hf_rewrite *rw)
{
	bool checks = rw->options.check != HF_REWRITE_NONE, flag = rw->options.check == HF_REWRITE_FLAG;
	const struct row rows[] = {
		{HF__TYPE, checks ? put_types : NULL, checks},
		{HF__IMPORT, hf__put_imports, flag},
		{HF__FUNCTION, checks ? put_functions : NULL, checks},
		{HF__TABLE, checks ? put_tables : put_limited_tables, checks},
		{HF__MEMORY, hf__put_memories, false},
		{HF__TAG, NULL, false},
		{HF__GLOBAL, checks ? put_globals : NULL, checks},
		{HF__EXPORT, checks ? put_exports : NULL, checks},
		{HF__START, NULL, false},
		{HF__ELEMENT, NULL, false},
		{HF__DATA_COUNT, NULL, false},
		{HF__CODE, checks ? put_code : NULL, checks},
		{HF__DATA, NULL, false},
		{HF__CUSTOM, NULL, false},
	};
	struct hf__fault fault = {0};
	struct hf__reader r = hf__reader_of(&rw->module, rw->module.bytes, rw->module.bytes + rw->module.size, &fault);
	unsigned next = 0;
	uint64_t code = 0;
	hf__put(w, r.at, 8);
	r.at += 8;
	while (r.at != r.end) {
		struct hf__section section = hf__next_section(&r);
		uint8_t id = *section.start;
		if (id == HF__CUSTOM) {
			put_custom(w, rw, &section);
			continue;
		}
		put_added_before(w, rw, rows, &next, id);
		put_part *part = rows[next++].part;
		if ((id == HF__MEMORY && flag) || (id == HF__START && checks))
			continue; /* the memories are now imports, and the start function is an export */
		uint64_t contents = part ? put_section(w, rw, id, part) : put_old_section(w, &section);
		if (id == HF__CODE)
			code = contents;
	}
	put_added_before(w, rw, rows, &next, HF__CUSTOM);
	if (code > 0)
		hf__put_offsets(w, rw, code);
}

/* ---- the public functions ---- */

static void explain(struct hf_rewrite_error *error, const struct hf__fault *fault)
{
	char last = fault->what[strlen(fault->what) - 1];
	struct hf__text text = hf__text_begin(error->text, sizeof error->text);
	error->offset = fault->offset;
	error->fault = fault->kind;
	hf__text_add(&text, fault->what);
	if (last == ':') {
		hf__text_add(&text, " ");
		hf__text_add_number(&text, fault->number, 10);
	} else if (last == 'x') {
		hf__text_add_number(&text, fault->number, 16);
	}
}

static void refuse_objects(const struct hf_rewrite *rw, struct hf__fault *fault)
{
	const uint8_t *where = rw->module.objects;
	if (!where || fault->what || !rw->options.refuse_objects)
		return;
	*fault = (struct hf__fault){
		.what =
			"it can keep objects in the engine's own heap, which no limit counts (structures, arrays, or exceptions)",
		.offset = (size_t)(where - rw->module.bytes),
		.kind = HF_REWRITE_OBJECTS,
	};
}

static void prepare(struct hf_rewrite *rw, struct hf__fault *fault)
{
	struct hf__module *module = &rw->module;
	if (module->size >= HF__BEFORE_WAIT) {
		fault->what = "the module is too large";
		return;
	}
	hf__read_sections(module, fault);
	hf__check_limits(rw, fault);
	hf__plan_tables(rw, fault);
	refuse_objects(rw, fault);
	if (rw->options.check == HF_REWRITE_NONE || fault->what)
		return;
	hf__read_code(module, fault);
	if (fault->what)
		return;
	if (!hf__choose_entries(module)) {
		fault->what = "not enough memory";
		return;
	}
	rw->has_start = module->sections[HF__START].start != NULL;
	make_checks(rw); /* the indices of added functions are also 32-bit */
	struct hf__text prefix = hf__text_begin(rw->prefix, sizeof rw->prefix);
	hf__text_add(&prefix, "holdfast:");
	hf__text_add_number(&prefix, module->names_in_use, 10);
}

void hf__put_our_name(struct hf__writer *w, const struct hf_rewrite *rw, const char *name)
{
	hf__put_u64(w, strlen(rw->prefix) + 1 + strlen(name));
	hf__put(w, rw->prefix, strlen(rw->prefix));
	hf__put_byte(w, ':');
	hf__put(w, name, strlen(name));
}

struct hf_rewrite *hf_rewrite_open(const uint8_t *module, size_t size, const struct hf_rewrite_options *options,
                                   struct hf_rewrite_error *error)
{
	struct hf__fault fault = {0};
	struct hf_rewrite *rw = calloc(1, sizeof *rw);
	if (!rw) {
		fault.what = "not enough memory";
		explain(error, &fault);
		return NULL;
	}
	rw->options = *options;
	rw->module.bytes = module;
	rw->module.size = size;
	prepare(rw, &fault);
	if (!fault.what) {
		struct hf__writer counter = {0};
		put_module(&counter, rw);
		rw->size = counter.total;
		return rw;
	}
	explain(error, &fault);
	hf_rewrite_close(rw);
	return NULL;
}

uint64_t hf_rewrite_size(const struct hf_rewrite *rw)
{
	return rw->size;
}

void hf_rewrite_write(const struct hf_rewrite *rw, hf_rewrite_sink *sink, void *context)
{
	struct hf__writer writer = {.sink = sink, .context = context};
	put_module(&writer, rw);
	hf__flush(&writer);
}

const char *hf_rewrite_prefix(const struct hf_rewrite *rw)
{
	return rw->prefix;
}

bool hf_rewrite_has_start(const struct hf_rewrite *rw)
{
	return rw->has_start;
}

static void count_point(struct hf_rewrite_stats *stats, uint32_t kind)
{
	switch (kind) {
	case 0:
		stats->loops++;
		break;
	case HF__BULK:
		stats->bulks++;
		break;
	case HF__AFTER_WAIT:
		stats->waits++;
		break;
	default:
		break;
	}
}

struct hf_rewrite_stats hf_rewrite_stats(const struct hf_rewrite *rw)
{
	struct hf_rewrite_stats stats = {.functions = rw->module.defined_count};
	for (uint32_t i = 0; i < rw->module.points.count; i++)
		count_point(&stats, rw->module.points.items[i] & HF__KIND);
	for (uint32_t i = 0; rw->module.defined && i < rw->module.defined_count; i++)
		stats.entries += rw->module.defined[i].has_check;
	return stats;
}

void hf_rewrite_close(struct hf_rewrite *rw)
{
	hf__module_release(&rw->module);
	free(rw);
}
