/* rewrite.h - makes a WebAssembly module interruptible: a module in, a module out that behaves the same and can be stopped.
 *
 * Self-contained: C11, needs malloc, free, memcpy, memcmp and strlen; no locks, no global state. Any thread may use it, each with a separate struct.
 * Nothing blocks. Time and memory are linear in the module's size, and recursion is bounded by a constant.
 *
 * What is added
 *   A check is added at the head of every loop, after every bulk instruction (one whose time depends on an operand: memory.fill), and at the entry of
 *   functions chosen so that no call can run forever without a check (entries.c). A check is a few instructions that leave the operand stack unchanged
 *   and call the added function `slow` when the host requests it. `slow` calls the function in slot 0 of an added table; while the slot is null it
 *   returns at once. All additions are appended to their index spaces (types, functions, a table, globals, imported memories), so that no
 *   instruction, name, element or export changes its index. A module that is invalid because an index is one too large is still refused: every index
 *   is compared with the number of the module's items.
 *
 * The contract with the host; PREFIX is "holdfast:N" with an N such that no name in the module begins with it
 *   export "PREFIX:stop"   table of funcref. After instantiation the host puts a function () -> () into slot 0, preferably another module's export, so
 *                          that no JavaScript is called. It may trap to unwind the guest; if it returns, the guest continues.
 *   export "PREFIX:start"  only if the module had a start function: that function, which is no longer the start function (it would run before the
 *                          host can fill the table). The host calls it right after instantiation and before any other export.
 *   HF_REWRITE_FLAG        import "PREFIX" "flag": a shared memory of exactly 1 page, the last of the module's memories. It should hold nothing that
 *                          the guest may not read or change. The guest checks an aligned 32-bit word in it and calls `slow` while the word is not
 *                          zero. The word's address is export "PREFIX:word", a mutable i32 global that is 0 at first; the host may set it before the
 *                          guest runs, so that each thread has a separate word. The memories that the module defined become imports, so that the
 *                          flag's memory can be the last: "PREFIX" "memory0" and so on, as returned by hf_rewrite_memory, with the same limits; the
 *                          host creates them. They are still exported as before.
 *   HF_REWRITE_FUEL        for engines without multi-memory: export "PREFIX:fuel", a mutable i32 global. Each check uses one unit, those after
 *                          bulk instructions an eighth of options.fuel; below zero, `slow` sets it to options.fuel and then calls the function in
 *                          the table.
 *
 * memory.atomic.wait and notify, in a module with one memory, which is shared and 32-bit: the table has three more slots, for functions that
 * wait and notify in place of the instructions. Provide them to all instances that share the memory, or to none: a notify of one kind does not wake
 * waits of the other.
 *   slot 1  (address, offset, expected: i32, timeout: i64) -> i32   wait32 at address + offset: 0, 1 or 2 like the instruction; negative: the
 *   slot 2  (address, offset: i32, expected, timeout: i64) -> i32   wait64. instruction decides (it traps if the address does not exist, or is not aligned)
 *   slot 3  (address, offset, count: i32) -> i32                    notify: how many were woken; negative as above
 *
 * Not covered: a single long instruction (memory.fill and so on: at most about a second), and memory.atomic.wait in a module whose memories do not
 * meet that condition.
 *
 * The last section is a custom one, HF_REWRITE_OFFSETS, which maps offsets in the new module's code to those in the old one (offsets.c).
 *
 * Custom sections are kept byte for byte, except: "name" gets the added functions' names and loses label names, because labels were added; and
 * offsets in metadata.code.* (branch hints) are corrected. DWARF's offsets into the code are not corrected. */
#ifndef HF_REWRITE_H
#define HF_REWRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HF_LAYOUTS "rewrite/layouts.def"
#include <holdfast/layouts_as_c.h>

#define HF_REWRITE_NO_LIMIT UINT64_MAX

/* HF_REWRITE_FUEL: the most bulk instructions between two calls of the table's function. */
#define HF_REWRITE_BULKS 8

struct hf_rewrite_options {
	enum hf_rewrite_check check;
	uint32_t fuel; /* HF_REWRITE_FUEL: checks between two calls of the table's function; 1 to INT32_MAX */
	/* The most pages of 64 KiB for each memory, and for all tables together; larger maxima are lowered. Or HF_REWRITE_NO_LIMIT. */
	uint64_t limit_pages;
	/* Refuse a module that can fill the engine's heap: one with structures, arrays, or exceptions that can be kept or are large. */
	bool refuse_objects;
};

/* The bytes that an element of a table counts as, whatever the engine uses. */
#define HF_REWRITE_ELEMENT_SIZE 16

struct hf_rewrite_error {
	size_t offset; /* of the byte in the module where the fault was found */
	enum hf_rewrite_fault fault;
	char text[200]; /* in English, without the offset */
};

/* The limits of a memory that the module defines and the host must create. */
struct hf_rewrite_memory {
	uint64_t initial, maximum; /* in pages; UINT64_MAX: no maximum */
	bool shared, memory64;
};

struct hf_rewrite;

/* Reads the module, which must not change until hf_rewrite_close. NULL: refused, with the reason in *error (the module is malformed, uses an unknown
 * feature, or exceeds the limits; or memory ran out). */
struct hf_rewrite *hf_rewrite_open(const uint8_t *module, size_t size, const struct hf_rewrite_options *options,
                                   struct hf_rewrite_error *error);

/* Returns the size of the new module in bytes. */
uint64_t hf_rewrite_size(const struct hf_rewrite *rewrite);

/* Passes the new module to the sink, in order, in pieces that are valid during the call. */
typedef void hf_rewrite_sink(void *context, const uint8_t *bytes, size_t size);
void hf_rewrite_write(const struct hf_rewrite *rewrite, hf_rewrite_sink *sink, void *context);

/* Returns "holdfast:N". It lives as long as the rewrite. */
const char *hf_rewrite_prefix(const struct hf_rewrite *rewrite);
/* Whether the new module has an export "PREFIX:start". */
bool hf_rewrite_has_start(const struct hf_rewrite *rewrite);
/* Returns the number of memories in the module, imported and defined. */
uint32_t hf_rewrite_memories(const struct hf_rewrite *rewrite);
/* Gets the i-th memory that the host must create; false when there are no more. HF_REWRITE_FLAG only. If requested in order, each takes constant
 * time. */
bool hf_rewrite_memory(struct hf_rewrite *rewrite, uint32_t i, struct hf_rewrite_memory *memory);

struct hf_rewrite_stats {
	/* The numbers of defined functions; of loops and bulk instructions, each with a check; of memory.atomic.wait and notify; of functions with a
	 * check at their entry. */
	uint32_t functions, loops, bulks, waits, entries;
};
struct hf_rewrite_stats hf_rewrite_stats(const struct hf_rewrite *rewrite);

void hf_rewrite_close(struct hf_rewrite *rewrite);

#endif
