/* offsets.c - a custom section that maps offsets of code in the new module to those in the old one, so that stack traces show offsets in the
 * author's file (worker/offsets.ts reads it after a trap).
 *
 *   offsets := functions: u32, the number in the old module; higher indices are the rewriter's
 *              usual: u32, the size of most insertions
 *              insertion*, in order, up to the section's end
 *   insertion := distance * 2: u64, in the old module, from the previous insertion; `usual` bytes are inserted
 *              | distance * 2 + 1: u64, other: s32 as zigzag; this many bytes are inserted, or removed if negative
 *
 * All numbers are unsigned LEB128; zigzag encodes n as 2 * n, or as 2 * -n - 1 if it is negative. Bytes are inserted before the byte at the offset in the
 * old module; removed bytes begin there. The entry at offset 0 is the distance by which the whole contents of the code section moved. */
#include "rewrite/emit.h"

static uint32_t size_of_u64(uint64_t value)
{
	uint32_t size = 1;
	while (value >>= 7)
		size++;
	return size;
}

struct offsets {
	struct hf__writer *w;
	uint32_t usual;
	uint32_t last; /* offset of the last insertion */
};

static void put_insertion(struct offsets *offsets, uint32_t where, int64_t size)
{
	if (size == 0)
		return;
	uint64_t distance = (uint64_t)(where - offsets->last) * 2;
	offsets->last = where;
	if (size == offsets->usual) {
		hf__put_u64(offsets->w, distance);
		return;
	}
	hf__put_u64(offsets->w, distance + 1);
	hf__put_u64(offsets->w, size < 0 ? (uint64_t)-size * 2 - 1 : (uint64_t)size * 2);
}

/* `before` is the position of the function's size in the old module; for the first function, that of the number of functions, which takes `more`
 * bytes in the new module. */
static void put_function_offsets(struct offsets *offsets, const struct hf_rewrite *rw,
                                 const struct hf__function *function, uint32_t before, uint32_t more)
{
	struct hf__check room;
	uint32_t header = size_of_u64(hf__body_size(rw, function)) + more;
	put_insertion(offsets, before, (int64_t)header - (function->body - before));
	if (function->has_check)
		put_insertion(offsets, function->code, rw->check.size);
	for (uint32_t i = function->points; i < function[1].points; i++)
		put_insertion(offsets, hf__point_at(rw, i), hf__check_at(rw, i, &room)->size);
}

static void put_offsets(struct hf__writer *w, const struct hf_rewrite *rw, uint64_t contents)
{
	const struct hf__module *module = &rw->module;
	const uint8_t *old = module->sections[HF__CODE].body;
	uint32_t before = (uint32_t)(old - module->bytes);
	struct offsets offsets = {.w = w, .usual = rw->check.size};
	hf__put_text(w, HF_REWRITE_OFFSETS);
	hf__put_u64(w, module->functions);
	hf__put_u64(w, offsets.usual);
	put_insertion(&offsets, 0, (int64_t)contents - before);
	if (rw->options.check == HF_REWRITE_NONE)
		return;
	for (uint32_t i = 0; i < module->defined_count; i++) {
		const struct hf__function *function = &module->defined[i];
		put_function_offsets(&offsets, rw, function, before, i == 0 ? size_of_u64(hf__bodies(rw)) : 0);
		before = function->end;
	}
}

void hf__put_offsets(struct hf__writer *w, const struct hf_rewrite *rw, uint64_t contents)
{
	struct hf__writer counter = {0};
	if (rw->options.check == HF_REWRITE_NONE &&
	    contents == (uint64_t)(rw->module.sections[HF__CODE].body - rw->module.bytes))
		return;
	put_offsets(&counter, rw, contents);
	hf__put_byte(w, HF__CUSTOM);
	hf__put_u64(w, counter.total);
	put_offsets(w, rw, contents);
}
