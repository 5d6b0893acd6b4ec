/* emit.h - a rewrite under way, and the parts of the new module that have files of their own. */
#ifndef HF_REWRITE_EMIT_H
#define HF_REWRITE_EMIT_H

#include "rewrite/module.h"
#include "rewrite/writer.h"

#define HF__PREFIX_MAX 32

struct hf_rewrite {
	struct hf_rewrite_options options;
	struct hf__module module;
	uint64_t size; /* of the new module */
	bool has_start;
	char prefix[HF__PREFIX_MAX];
	struct hf__check {
		uint8_t bytes[40];
		uint32_t size;
	} check, bulk_check; /* at loops and entries; after bulk instructions */
	/* Where the defined memory is that hf_rewrite_memory is likely to be asked for next, and its number. */
	uint32_t next_memory, next_memory_at;
};

/* Of module->points, where it is, and the check that stands there. */
static inline uint32_t hf__point_at(const struct hf_rewrite *rw, uint32_t i)
{
	return rw->module.points.items[i] & ~HF__BULK;
}
static inline const struct hf__check *hf__check_at(const struct hf_rewrite *rw, uint32_t i)
{
	return rw->module.points.items[i] & HF__BULK ? &rw->bulk_check : &rw->check;
}

/* ---- memories.c ---- */

/* Fails when a memory's minimum is above the limit. */
void hf__check_limits(struct hf_rewrite *rw, struct hf__fault *fault);
void hf__put_imports(struct hf__writer *w, const struct hf_rewrite *rw);
void hf__put_memories(struct hf__writer *w, const struct hf_rewrite *rw);

/* ---- customs.c ---- */

/* Writes a custom section whose contents must change. False: it need not, or is malformed, and nothing was written. */
bool hf__put_corrected(struct hf__writer *w, const struct hf_rewrite *rw, const struct hf__section *section);

/* ---- rewrite.c ---- */

/* A name of ours: "PREFIX:NAME", with its length. */
void hf__put_our_name(struct hf__writer *w, const struct hf_rewrite *rw, const char *name);
/* A sink: `context` points to where the bytes go, and is moved on. */
void hf__to_memory(void *context, const uint8_t *bytes, size_t size);

#endif
