/* tables.c - the tables that the module defines, and their limit: together they may be as large as a memory. The room that their initial sizes leave
 * is divided among the tables that can grow. (No host provides imported tables.) */
#include <holdfast/layouts.h>

#include "rewrite/emit.h"

#define ELEMENTS_A_PAGE (HF_WASM_PAGE / HF_REWRITE_ELEMENT_SIZE)

static struct hf__reader begin(const struct hf_rewrite *rw, struct hf__fault *fault, uint32_t *count)
{
	const struct hf__section *section = &rw->module.sections[HF__TABLE];
	struct hf__reader r = hf__reader_of(&rw->module, section->body, section->end, fault);
	*count = section->start ? hf__u32(&r) : 0;
	return r;
}

/* Skips to the limits of the next table. True: an expression for the initial value follows them. */
static bool skip_to_limits(struct hf__reader *r, const struct hf__module *module)
{
	bool has_value = *r->at == 0x40;
	if (has_value)
		hf__skip(r, 2);
	hf__skip_value_type(r, module);
	return has_value;
}

static void skip_expression(struct hf__reader *r, const struct hf_rewrite *rw)
{
	/* This reads it a second time, which notes the same references again. */
	hf__read_instructions(r, (struct hf__module *)&rw->module, NULL);
}

void hf__plan_tables(struct hf_rewrite *rw, struct hf__fault *fault)
{
	rw->table_room = UINT64_MAX;
	if (rw->options.limit_pages >= UINT64_MAX / ELEMENTS_A_PAGE || fault->what)
		return;
	uint64_t left = rw->options.limit_pages * ELEMENTS_A_PAGE;
	uint32_t count, growing = 0;
	for (struct hf__reader r = begin(rw, fault, &count); count > 0; count--) {
		bool has_value = skip_to_limits(&r, &rw->module);
		const uint8_t *where = r.at;
		struct hf__limits limits = hf__read_limits(&r);
		if (limits.initial > left) {
			hf__fail_at(&r, where, "its initial tables are larger than the limit", 0);
			fault->kind = HF_REWRITE_OVER_LIMIT;
			return;
		}
		left -= limits.initial;
		growing += limits.maximum > limits.initial;
		if (has_value)
			skip_expression(&r, rw);
	}
	rw->table_room = growing > 0 ? left / growing : 0;
}

static uint64_t lowered(const struct hf_rewrite *rw, struct hf__limits limits)
{
	bool within = rw->table_room == UINT64_MAX || limits.maximum <= limits.initial;
	return within || limits.maximum - limits.initial <= rw->table_room ? limits.maximum
	                                                                   : limits.initial + rw->table_room;
}

void hf__put_old_tables(struct hf__writer *w, const struct hf_rewrite *rw, uint32_t added)
{
	struct hf__fault fault = {0};
	uint32_t count;
	struct hf__reader r = begin(rw, &fault, &count);
	hf__put_u64(w, (uint64_t)count + added);
	for (; count > 0; count--) {
		const uint8_t *from = r.at;
		bool has_value = skip_to_limits(&r, &rw->module);
		hf__put(w, from, (size_t)(r.at - from));
		struct hf__limits limits = hf__read_limits(&r);
		hf__put_limits(w, limits, lowered(rw, limits));
		from = r.at;
		if (has_value)
			skip_expression(&r, rw);
		hf__put(w, from, (size_t)(r.at - from));
	}
}
