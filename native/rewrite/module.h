/* module.h - the rewriter's description of a module. */
#ifndef HF_REWRITE_MODULE_H
#define HF_REWRITE_MODULE_H

#include "rewrite/reader.h"
#include "rewrite/rewrite.h"

enum {
	HF__CUSTOM = 0,
	HF__TYPE = 1,
	HF__IMPORT = 2,
	HF__FUNCTION = 3,
	HF__TABLE = 4,
	HF__MEMORY = 5,
	HF__GLOBAL = 6,
	HF__EXPORT = 7,
	HF__START = 8,
	HF__ELEMENT = 9,
	HF__CODE = 10,
	HF__DATA = 11,
	HF__DATA_COUNT = 12,
	HF__TAG = 13,
	HF__SECTIONS = 14,
};

/* Flags of limits. */
#define HF__HAS_MAXIMUM 1
#define HF__SHARED 2
#define HF__SIXTY_FOUR 4

/* A section's position, from its id to its end. `body` is the part after the size. All are NULL when the section does not exist. */
struct hf__section {
	const uint8_t *start, *body, *end;
};

/* A growing array of numbers. */
struct hf__numbers {
	uint32_t *items;
	uint32_t count, room;
};

/* In `calls`: a call through a table or a reference. */
#define HF__CALLS_ANY UINT32_MAX

/* Two bits of a point say what it is if it is not the beginning of a loop; offsets are smaller. */
#define HF__BULK (UINT32_C(1) << 31)                /* the end of a bulk instruction */
#define HF__BEFORE_WAIT (UINT32_C(1) << 30)         /* the beginning of memory.atomic.wait or notify */
#define HF__AFTER_WAIT (HF__BULK | HF__BEFORE_WAIT) /* its end */
#define HF__KIND HF__AFTER_WAIT

/* A function with a body. */
struct hf__function {
	uint32_t body, code, end; /* offsets: after the body's size, of its first instruction, and after its last one */
	uint32_t points, calls;   /* where this function's entries begin in the module's `points` and `calls` */
	bool has_check;           /* it gets a check at its entry */
	bool calls_any;           /* it calls through a table or a reference */
};

struct hf__module {
	const uint8_t *bytes;
	size_t size;
	struct hf__section sections[HF__SECTIONS];

	/* The numbers of items, including imports, which come first. */
	uint32_t types, functions, tables, memories, globals, tags;
	uint32_t imported_functions, imported_memories;
	uint8_t first_memory; /* the flags of its limits, if it exists */

	const uint8_t *objects; /* the first item that lets the module keep objects in the engine's heap; NULL: none */
	struct hf__numbers
		keeping; /* types of exceptions that keep other exceptions, or large values; in ascending order */

	uint32_t start; /* the start function, if there is a start section */

	struct hf__function *defined; /* has one more entry, which ends the last ranges */
	uint32_t defined_count;
	uint8_t *taken;            /* indexed by function: nonzero when its reference is taken */
	struct hf__numbers points; /* offsets at which code is inserted, in order, with flags for the kind */
	bool waits;                /* some points are at memory.atomic.wait or notify */
	struct hf__numbers calls;  /* the target of each call: a function's index, or HF__CALLS_ANY */

	uint64_t names_in_use; /* one more than the greatest N in names that begin with "holdfast:N" */
};

/* Reads all sections except the code. */
void hf__read_sections(struct hf__module *module, struct hf__fault *fault);
/* Reads the code section. */
void hf__read_code(struct hf__module *module, struct hf__fault *fault);
/* Sets `has_check` of functions. False: no memory. */
bool hf__choose_entries(struct hf__module *module);
void hf__module_release(struct hf__module *module);

/* Returns the next section's position, after checking that its body is within the module. */
struct hf__section hf__next_section(struct hf__reader *r);
/* Returns an empty reader for a missing section (NULL). */
struct hf__reader hf__reader_of(const struct hf__module *module, const uint8_t *at, const uint8_t *end,
                                struct hf__fault *fault);
/* False: no memory. */
bool hf__numbers_add(struct hf__numbers *numbers, uint32_t number);
/* Whether the host executes the module's memory.atomic.wait and notify: true if it has one memory, which is shared and 32-bit. */
static inline bool hf__may_wait(const struct hf__module *module)
{
	return module->memories == 1 && (module->first_memory & (HF__SHARED | HF__SIXTY_FOUR)) == HF__SHARED;
}

/* ---- types.c: constructs that occur in several sections ---- */

void hf__read_types(struct hf__reader *r, struct hf__module *module);
void hf__skip_value_type(struct hf__reader *r, const struct hf__module *module);
void hf__skip_heap_type(struct hf__reader *r, const struct hf__module *module);
void hf__skip_block_type(struct hf__reader *r, const struct hf__module *module);
void hf__skip_table_type(struct hf__reader *r, const struct hf__module *module);
void hf__skip_global_type(struct hf__reader *r, const struct hf__module *module);
/* Returns the index of its type. */
uint32_t hf__read_tag_type(struct hf__reader *r, const struct hf__module *module);
/* Whether a value type that can hold an exception begins here. */
bool hf__is_exception(const struct hf__reader *r);

struct hf__limits {
	uint8_t flags;
	uint64_t initial, maximum;
};
struct hf__limits hf__read_limits(struct hf__reader *r);

/* ---- code.c ---- */

/* Opcodes after the prefix 0xfe. */
enum { HF__NOTIFY = 0, HF__WAIT32 = 1, HF__WAIT64 = 2 };

/* Reads instructions up to the `end` that closes the body or the expression. `function` is NULL in a constant expression. */
void hf__read_instructions(struct hf__reader *r, struct hf__module *module, struct hf__function *function);

#endif
