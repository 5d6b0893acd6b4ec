/* memories.c - imports and memories: lowers limits, turns definitions into imports, and adds the flag's memory as the last one. */
#include "rewrite/emit.h"
#include "rewrite/text.h"

static uint64_t lowered(const struct hf_rewrite *rw, uint64_t maximum)
{
	return maximum > rw->options.limit_pages ? rw->options.limit_pages : maximum;
}

void hf__put_limits(struct hf__writer *w, struct hf__limits limits, uint64_t maximum)
{
	hf__put_byte(w, (uint8_t)(limits.flags | (maximum == UINT64_MAX ? 0 : HF__HAS_MAXIMUM)));
	hf__put_u64(w, limits.initial);
	if (maximum != UINT64_MAX)
		hf__put_u64(w, maximum);
	else if (limits.flags & HF__HAS_MAXIMUM)
		hf__put_u64(w, maximum); /* the module had this maximum */
}

static void put_limits(struct hf__writer *w, const struct hf_rewrite *rw, struct hf__limits limits)
{
	hf__put_limits(w, limits, lowered(rw, limits.maximum));
}

/* Skips the rest of an import whose kind is not memory. */
static void skip_description(struct hf__reader *r, const struct hf__module *module, uint8_t kind)
{
	switch (kind) {
	case 0:
		(void)hf__u32(r);
		break;
	case 1:
		hf__skip_table_type(r, module);
		break;
	case 3:
		hf__skip_global_type(r, module);
		break;
	default:
		(void)hf__read_tag_type(r, module);
	}
}

static struct hf__reader section_reader(const struct hf_rewrite *rw, int id, struct hf__fault *fault)
{
	const struct hf__section *section = &rw->module.sections[id];
	return hf__reader_of(&rw->module, section->body, section->end, fault);
}

/* Skips to the kind of the next import, and returns it. */
static uint8_t next_import(struct hf__reader *r)
{
	hf__skip(r, hf__u32(r));
	hf__skip(r, hf__u32(r));
	return hf__byte(r);
}

static void put_old_imports(struct hf__writer *w, const struct hf_rewrite *rw, struct hf__reader *r, uint32_t count)
{
	const uint8_t *from = r->at;
	for (; count > 0; count--) {
		uint8_t kind = next_import(r);
		if (kind != 2) {
			skip_description(r, &rw->module, kind);
			continue;
		}
		hf__put(w, from, (size_t)(r->at - from));
		put_limits(w, rw, hf__read_limits(r));
		from = r->at;
	}
	hf__put(w, from, (size_t)(r->at - from));
}

static void put_import(struct hf__writer *w, const struct hf_rewrite *rw, const char *name, struct hf__limits limits)
{
	hf__put_text(w, rw->prefix);
	hf__put_text(w, name);
	hf__put_byte(w, 2);
	put_limits(w, rw, limits);
}

static void put_memory_imports(struct hf__writer *w, const struct hf_rewrite *rw)
{
	struct hf__fault fault = {0};
	struct hf__reader r = section_reader(rw, HF__MEMORY, &fault);
	uint32_t count = rw->module.memories - rw->module.imported_memories;
	if (count > 0)
		(void)hf__u32(&r);
	for (uint32_t i = 0; i < count; i++) {
		char name[32];
		struct hf__text text = hf__text_begin(name, sizeof name);
		hf__text_add(&text, "memory");
		hf__text_add_number(&text, i, 10);
		put_import(w, rw, name, hf__read_limits(&r));
	}
	hf__put_text(w, rw->prefix);
	hf__put_text(w, "flag");
	hf__put(w, (const uint8_t[]){2, HF__HAS_MAXIMUM | HF__SHARED, 1, 1}, 4);
}

void hf__put_imports(struct hf__writer *w, const struct hf_rewrite *rw)
{
	struct hf__fault fault = {0};
	struct hf__reader r = section_reader(rw, HF__IMPORT, &fault);
	bool flag = rw->options.check == HF_REWRITE_FLAG;
	uint32_t count = rw->module.sections[HF__IMPORT].start ? hf__u32(&r) : 0;
	uint64_t added = flag ? (uint64_t)rw->module.memories - rw->module.imported_memories + 1 : 0;
	hf__put_u64(w, count + added);
	if (count > 0)
		put_old_imports(w, rw, &r, count);
	if (flag)
		put_memory_imports(w, rw);
}

void hf__put_memories(struct hf__writer *w, const struct hf_rewrite *rw)
{
	struct hf__fault fault = {0};
	struct hf__reader r = section_reader(rw, HF__MEMORY, &fault);
	uint32_t count = hf__u32(&r);
	hf__put_u64(w, count);
	for (uint32_t i = 0; i < count; i++)
		put_limits(w, rw, hf__read_limits(&r));
}

static void check_limits(struct hf__reader *r, const struct hf_rewrite *rw)
{
	const uint8_t *where = r->at;
	struct hf__limits limits = hf__read_limits(r);
	if (hf__failed(r) || limits.initial <= rw->options.limit_pages)
		return;
	hf__fail_at(r, where,
	            "its initial memory is larger than the limit; pages that it needs:", (uint32_t)limits.initial);
	r->fault->kind = HF_REWRITE_OVER_LIMIT;
}

void hf__check_limits(struct hf_rewrite *rw, struct hf__fault *fault)
{
	const struct hf__module *module = &rw->module;
	if (fault->what)
		return;
	struct hf__reader r = section_reader(rw, HF__IMPORT, fault);
	uint32_t left = module->sections[HF__IMPORT].start ? hf__u32(&r) : 0;
	for (; left > 0 && !hf__failed(&r); left--) {
		uint8_t kind = next_import(&r);
		if (kind == 2)
			check_limits(&r, rw);
		else
			skip_description(&r, module, kind);
	}
	r = section_reader(rw, HF__MEMORY, fault);
	left = module->sections[HF__MEMORY].start && !fault->what ? hf__u32(&r) : 0;
	for (; left > 0 && !hf__failed(&r); left--)
		check_limits(&r, rw);
}

uint32_t hf_rewrite_memories(const struct hf_rewrite *rw)
{
	return rw->module.memories;
}

bool hf_rewrite_memory(struct hf_rewrite *rw, uint32_t i, struct hf_rewrite_memory *memory)
{
	struct hf__fault fault = {0};
	struct hf__reader r = section_reader(rw, HF__MEMORY, &fault);
	struct hf__limits limits = {0};
	uint32_t next = rw->next_memory;
	if (rw->options.check != HF_REWRITE_FLAG || i >= rw->module.memories - rw->module.imported_memories)
		return false;
	if (next > 0 && next <= i) {
		r.at = r.module + rw->next_memory_at;
	} else {
		(void)hf__u32(&r);
		next = 0;
	}
	for (; next <= i; next++)
		limits = hf__read_limits(&r);
	rw->next_memory = next;
	rw->next_memory_at = (uint32_t)(r.at - r.module);
	*memory = (struct hf_rewrite_memory){
		.initial = limits.initial,
		.maximum = lowered(rw, limits.maximum),
		.shared = limits.flags & HF__SHARED,
		.memory64 = limits.flags & HF__SIXTY_FOUR,
	};
	return true;
}
