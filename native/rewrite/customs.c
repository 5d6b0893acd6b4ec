/* customs.c - custom sections that must change: names of added items, and offsets of hints.
 *
 * Malformed names are kept unchanged: engines treat them as text. Malformed hints are dropped: an engine would apply them to the wrong instructions. */
#include "rewrite/emit.h"

static bool is_named(const struct hf__reader *r, uint32_t size, const char *name, bool all)
{
	size_t length = strlen(name);
	return size >= length && (!all || size == length) && memcmp(r->at, name, length) == 0;
}

/* ---- names: function names are added, with the highest indices; label names are removed ---- */

enum { FUNCTION_NAMES = 1, LABEL_NAMES = 3 };

/* `r` is at the names. */
static void put_function_names(struct hf__writer *w, const struct hf_rewrite *rw, struct hf__reader r)
{
	static const char *const added[] = {"slow", "start"};
	uint32_t own = hf__own_functions(rw), more = own + (rw->module.waits ? HF__WAIT_FUNCTIONS : 0);
	hf__put_u64(w, (uint64_t)hf__count(&r) + more);
	hf__put(w, r.at, (size_t)(r.end - r.at));
	for (uint32_t i = 0; i < more; i++) {
		hf__put_u64(w, (uint64_t)rw->module.functions + i);
		hf__put_our_name(w, rw, i < own ? added[i] : hf__wait_names[i - own]);
	}
}

/* False when it is malformed. Label names are dropped because a check is an `if`, which shifts the indices of labels. */
static bool put_names(struct hf__writer *w, const struct hf_rewrite *rw, const struct hf__section *section,
                      struct hf__reader r)
{
	hf__put(w, section->body, (size_t)(r.at - section->body));
	for (bool had = false; r.at != r.end && !hf__failed(&r);) {
		const uint8_t *start = r.at;
		uint8_t id = hf__byte(&r);
		struct hf__reader part = hf__part(&r, hf__u32(&r));
		if (hf__failed(&r) || id == LABEL_NAMES)
			continue;
		if (id != FUNCTION_NAMES || had) {
			hf__put(w, start, (size_t)(r.at - start));
			continue;
		}
		struct hf__writer counter = {0};
		put_function_names(&counter, rw, part);
		hf__put_byte(w, id);
		hf__put_u64(w, counter.total);
		put_function_names(w, rw, part);
		had = true;
	}
	return !hf__failed(&r);
}

/* ---- code metadata: for each function, offsets into its body (tool conventions, code metadata) ---- */

/* Converts an offset in the old body to one in the new body. `next` and `added` are kept from one offset to the next, larger one. */
static uint32_t moved(const struct hf_rewrite *rw, const struct hf__function *function, uint32_t offset, uint32_t *next,
                      uint32_t *added)
{
	uint64_t where = (uint64_t)function->body + offset;
	struct hf__check room;
	for (; *next < function[1].points && hf__point_at(rw, *next) <= where; ++*next)
		*added += hf__check_at(rw, *next, &room)->size;
	return offset + *added + (function->has_check && where >= function->code ? rw->check.size : 0);
}

/* Writes the hints of one function, and returns the function's index. */
static uint32_t put_hints(struct hf__writer *w, const struct hf_rewrite *rw, struct hf__reader *r)
{
	uint32_t index = hf__u32(r);
	uint32_t count = hf__count(r);
	const struct hf__module *module = &rw->module;
	bool known = index >= module->imported_functions && index < module->functions;
	const struct hf__function *function = known ? &module->defined[index - module->imported_functions] : NULL;
	uint32_t next = known ? function->points : 0, last = 0, added = 0;
	hf__put_u64(w, index);
	hf__put_u64(w, count);
	for (; count > 0 && !hf__failed(r); count--) {
		uint32_t offset = hf__u32(r);
		if (offset < last || !known) {
			hf__fail(r, "offsets that are out of order"); /* which the convention forbids */
			return index;
		}
		last = offset;
		/* Offset 0 means the function as a whole. */
		hf__put_u64(w, offset == 0 ? 0 : moved(rw, function, offset, &next, &added));
		uint32_t size = hf__count(r);
		const uint8_t *data = r->at;
		hf__skip(r, size);
		hf__put_u64(w, size);
		if (!hf__failed(r))
			hf__put(w, data, size);
	}
	return index;
}

/* Writes the hints; false when the section is malformed. */
static bool put_metadata(struct hf__writer *w, const struct hf_rewrite *rw, const struct hf__section *section,
                         struct hf__reader r)
{
	hf__put(w, section->body, (size_t)(r.at - section->body));
	uint32_t count = hf__count(&r);
	hf__put_u64(w, count);
	for (uint32_t least = 0; count > 0 && !hf__failed(&r); count--) {
		uint32_t index = put_hints(w, rw, &r);
		if (index < least)
			hf__fail(&r, "functions that are out of order"); /* as above; and each function may occur only once */
		least = index + 1;
	}
	return !hf__failed(&r) && r.at == r.end;
}

typedef bool put_contents(struct hf__writer *w, const struct hf_rewrite *rw, const struct hf__section *section,
                          struct hf__reader r);

bool hf__put_corrected(struct hf__writer *w, const struct hf_rewrite *rw, const struct hf__section *section)
{
	struct hf__fault fault = {0};
	struct hf__reader r = hf__reader_of(&rw->module, section->body, section->end, &fault);
	struct hf__writer counter = {0};
	uint32_t size = hf__count(&r);
	if (hf__failed(&r))
		return false;
	put_contents *put = is_named(&r, size, "name", true)              ? put_names
	                    : is_named(&r, size, "metadata.code.", false) ? put_metadata
	                                                                  : NULL;
	hf__skip(&r, size);
	if (!put)
		return false;
	if (!put(&counter, rw, section, r))
		return put == put_metadata;
	hf__put_byte(w, HF__CUSTOM);
	hf__put_u64(w, counter.total);
	return put(w, rw, section, r);
}
