/* emit.h - a rewrite in progress, and the parts of the new module that are written in separate files. */
#ifndef HF_REWRITE_EMIT_H
#define HF_REWRITE_EMIT_H

#include "rewrite/module.h"
#include "rewrite/writer.h"

#define HF__PREFIX_MAX 32

struct hf_rewrite {
	struct hf_rewrite_options options;
	struct hf__module module;
	uint64_t size; /* bytes of the new module */
	bool has_start;
	char prefix[HF__PREFIX_MAX];
	struct hf__check {
		uint8_t bytes[40];
		uint32_t size;
	} check, bulk_check,
		after_wait; /* the code at loops and entries; after bulk instructions; after memory.atomic.wait and notify */
	uint64_t table_room; /* how many elements each table may grow by */
	/* The position and the number of the defined memory that the next call of hf_rewrite_memory will probably request. */
	uint32_t next_memory, next_memory_at;
};

/* Returns the offset of an entry of module->points. */
static inline uint32_t hf__point_at(const struct hf_rewrite *rw, uint32_t i)
{
	return rw->module.points.items[i] & ~HF__KIND;
}
/* Returns the code to insert at an entry of module->points; it is built in `room` if it depends on the point. */
const struct hf__check *hf__check_at(const struct hf_rewrite *rw, uint32_t i, struct hf__check *room);

/* ---- memories.c ---- */

/* Fails when a memory's minimum is above the limit. */
void hf__check_limits(struct hf_rewrite *rw, struct hf__fault *fault);
void hf__put_imports(struct hf__writer *w, const struct hf_rewrite *rw);
void hf__put_memories(struct hf__writer *w, const struct hf_rewrite *rw);

/* Writes limits with another maximum; UINT64_MAX: none. */
void hf__put_limits(struct hf__writer *w, struct hf__limits limits, uint64_t maximum);

/* ---- tables.c ---- */

/* Fails when the tables' minima are above the limit. */
void hf__plan_tables(struct hf_rewrite *rw, struct hf__fault *fault);
/* Writes the module's tables with lowered maxima, as the beginning of a vector with `added` more. */
void hf__put_old_tables(struct hf__writer *w, const struct hf_rewrite *rw, uint32_t added);

/* ---- waits.c: the code around memory.atomic.wait and notify ---- */

enum { HF__WAIT_TYPES = 7, HF__WAIT_FUNCTIONS = 4, HF__WAIT_SLOTS = 3 };
extern const char *const hf__wait_names[HF__WAIT_FUNCTIONS];

/* Returns the number of functions that the rewriter adds before those. */
static inline uint32_t hf__own_functions(const struct hf_rewrite *rw)
{
	return rw->has_start ? 2 : 1;
}
/* Write the code before the instruction at the offset; and the code after it. */
void hf__put_before_wait(struct hf__writer *w, const struct hf_rewrite *rw, uint32_t offset);
void hf__put_after_wait(struct hf__writer *w, const struct hf_rewrite *rw);
void hf__put_wait_types(struct hf__writer *w);
/* Return the i-th function's type, and write its body with its size. */
uint32_t hf__wait_type(const struct hf_rewrite *rw, uint32_t i);
void hf__put_wait_body(struct hf__writer *w, const struct hf_rewrite *rw, uint32_t i);

/* ---- customs.c ---- */

/* Writes a custom section whose contents must change, or drops it. False: the section does not change, and nothing was written. */
bool hf__put_corrected(struct hf__writer *w, const struct hf_rewrite *rw, const struct hf__section *section);

/* ---- offsets.c ---- */

/* Writes the section that maps offsets back. The code section's contents begin at `contents` in the new module. */
void hf__put_offsets(struct hf__writer *w, const struct hf_rewrite *rw, uint64_t contents);

/* ---- rewrite.c ---- */

/* Returns the size of the function's body in the new module, without the size field. */
uint64_t hf__body_size(const struct hf_rewrite *rw, const struct hf__function *function);
/* Returns the number of functions with a body in the new module. */
uint64_t hf__bodies(const struct hf_rewrite *rw);

/* Writes a name of the rewriter, "PREFIX:NAME", with its length. */
void hf__put_our_name(struct hf__writer *w, const struct hf_rewrite *rw, const char *name);

#endif
