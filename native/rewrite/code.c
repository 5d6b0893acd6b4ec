/* code.c - the code section, instruction by instruction (core, 5.4; legacy exceptions as the engines have them).
 *
 * Types and stacks are not checked: the engine does that when it compiles the result. But every index is compared with what the module
 * has, because no index of the module may refer to appended items. */
#include "rewrite/module.h"

#include <stdlib.h>

#define NEWER \
	"the module uses an instruction that the rewriter does not know; run it without `interruptible`: opcode 0x"
#define TYPE "unknown type:"
#define FUNCTION "unknown function:"
#define TABLE "unknown table:"
#define MEMORY "unknown memory:"
#define GLOBAL "unknown global:"

/* The immediates of an opcode. */
enum kind {
	UNKNOWN = 0,
	NONE,
	BLOCK, /* a block type; one level deeper */
	LOOP,
	END,    /* one level less */
	NUMBER, /* one u32: a label, a local, a segment or a tag */
	BR_TABLE,
	CALL,
	CALL_INDIRECT,
	CALL_REF,
	SELECT, /* value types */
	TRY_TABLE,
	GLOBAL_INDEX,
	TABLE_INDEX,
	MEMARG,
	MEMORY_INDEX,
	I32,
	I64,
	BYTES4,
	BYTES8,
	BYTES16,
	HEAP_TYPE,
	REF_FUNC,
	PREFIX,
	/* only for prefixed opcodes */
	TYPE_INDEX,
	TYPE_NUMBER,
	TYPE_TYPE,
	BR_ON_CAST,
	NUMBER_MEMORY,
	MEMORY_MEMORY,
	NUMBER_TABLE,
	TABLE_TABLE,
	FENCE,
	LANE,
	MEMARG_LANE,
	SHUFFLE,
	DELEGATE, /* a label; one level less */
};

static const uint8_t plain[256] = {
	[0x00] = NONE,
	[0x01] = NONE,
	[0x02] = BLOCK,
	[0x03] = LOOP,
	[0x04] = BLOCK,
	[0x05] = NONE,
	[0x06] = BLOCK /* try */,
	[0x07] = NUMBER /* catch */,
	[0x08] = NUMBER /* throw */,
	[0x09] = NUMBER /* rethrow */,
	[0x0a] = NONE /* throw_ref */,
	[0x0b] = END,
	[0x0c] = NUMBER,
	[0x0d] = NUMBER,
	[0x0e] = BR_TABLE,
	[0x0f] = NONE,
	[0x10] = CALL,
	[0x11] = CALL_INDIRECT,
	[0x12] = CALL,
	[0x13] = CALL_INDIRECT,
	[0x14] = CALL_REF,
	[0x15] = CALL_REF,
	[0x18] = DELEGATE,
	[0x19] = NONE /* catch_all */,
	[0x1a] = NONE,
	[0x1b] = NONE,
	[0x1c] = SELECT,
	[0x1f] = TRY_TABLE,
	[0x20] = NUMBER,
	[0x21] = NUMBER,
	[0x22] = NUMBER,
	[0x23] = GLOBAL_INDEX,
	[0x24] = GLOBAL_INDEX,
	[0x25] = TABLE_INDEX,
	[0x26] = TABLE_INDEX,
	[0x3f] = MEMORY_INDEX,
	[0x40] = MEMORY_INDEX,
	[0x41] = I32,
	[0x42] = I64,
	[0x43] = BYTES4,
	[0x44] = BYTES8,
	[0xd0] = HEAP_TYPE,
	[0xd1] = NONE,
	[0xd2] = REF_FUNC,
	[0xd3] = NONE,
	[0xd4] = NONE,
	[0xd5] = NUMBER,
	[0xd6] = NUMBER,
	[0xfb] = PREFIX,
	[0xfc] = PREFIX,
	[0xfd] = PREFIX,
	[0xfe] = PREFIX,
};

static enum kind plain_kind(uint8_t opcode)
{
	if (opcode >= 0x45 && opcode <= 0xc4)
		return NONE; /* numbers */
	if (opcode >= 0x28 && opcode <= 0x3e)
		return MEMARG; /* loads and stores */
	return (enum kind)plain[opcode];
}

static enum kind gc_kind(uint32_t opcode)
{
	static const uint8_t kinds[] = {
		TYPE_INDEX,  TYPE_INDEX,  TYPE_NUMBER,
		TYPE_NUMBER, TYPE_NUMBER, TYPE_NUMBER /* struct.set */,
		TYPE_INDEX,  TYPE_INDEX,  TYPE_NUMBER /* array.new_fixed */,
		TYPE_NUMBER, TYPE_NUMBER, TYPE_INDEX,
		TYPE_INDEX,  TYPE_INDEX,  TYPE_INDEX /* array.set */,
		NONE,        TYPE_INDEX,  TYPE_TYPE,
		TYPE_NUMBER, TYPE_NUMBER, HEAP_TYPE /* ref.test */,
		HEAP_TYPE,   HEAP_TYPE,   HEAP_TYPE,
		BR_ON_CAST,  BR_ON_CAST,  NONE,
		NONE,        NONE,        NONE,
		NONE,
	};
	return opcode < sizeof kinds ? (enum kind)kinds[opcode] : UNKNOWN;
}

static enum kind misc_kind(uint32_t opcode)
{
	static const uint8_t kinds[] = {
		NONE,
		NONE,
		NONE,
		NONE,
		NONE,
		NONE,
		NONE,
		NONE,
		NUMBER_MEMORY /* memory.init */,
		NUMBER,
		MEMORY_MEMORY,
		MEMORY_INDEX,
		NUMBER_TABLE /* table.init */,
		NUMBER,
		TABLE_TABLE,
		TABLE_INDEX /* table.grow */,
		TABLE_INDEX,
		TABLE_INDEX,
	};
	return opcode < sizeof kinds ? (enum kind)kinds[opcode] : UNKNOWN;
}

static enum kind simd_kind(uint32_t opcode)
{
	/* Unused opcodes below 0x100. */
	static const uint8_t gaps[] = {0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb,
	                               0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee};
	if (opcode <= 11 || opcode == 92 || opcode == 93)
		return MEMARG;
	if (opcode <= 13)
		return opcode == 12 ? BYTES16 : SHUFFLE;
	if (opcode >= 21 && opcode <= 34)
		return LANE;
	if (opcode >= 84 && opcode <= 91)
		return MEMARG_LANE;
	for (unsigned i = 0; i < sizeof gaps; i++) {
		if (opcode == gaps[i])
			return UNKNOWN;
	}
	return opcode <= 0x113 ? NONE : UNKNOWN;
}

static enum kind atomic_kind(uint32_t opcode)
{
	if (opcode == 3)
		return FENCE;
	return opcode < 3 || (opcode >= 0x10 && opcode <= 0x4e) ? MEMARG : UNKNOWN;
}

static enum kind prefixed_kind(uint8_t prefix, uint32_t opcode)
{
	switch (prefix) {
	case 0xfb:
		return gc_kind(opcode);
	case 0xfc:
		return misc_kind(opcode);
	case 0xfd:
		return simd_kind(opcode);
	default:
		return atomic_kind(opcode);
	}
}

/* Whether the instruction's time depends on an operand. memory.grow counts, because an engine that has not reserved the whole memory copies it. */
static bool is_bulk(uint8_t opcode, uint32_t number)
{
	switch (opcode) {
	case 0x40:
		return true;
	case 0xfb: /* array.new, new_default, new_data, new_elem; array.fill, copy, init_data, init_elem */
		return number == 6 || number == 7 || number == 9 || number == 10 || (number >= 16 && number <= 19);
	case 0xfc: /* memory.init, copy, fill; table.init, copy, grow, fill */
		return number == 8 || (number >= 10 && number <= 12) || (number >= 14 && number != 16);
	default:
		return false;
	}
}

/* ---- immediates ---- */

/* Returns the binary logarithm of the number of bytes read or written, which is the maximum alignment. */
static uint32_t plain_alignment(uint8_t opcode)
{
	/* 0x28 to 0x3e: loads of i32, i64, f32, f64, of parts as i32 and as i64; then stores */
	static const uint8_t alignments[] = {2, 3, 2, 3, 0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 2, 3, 2, 3, 0, 1, 0, 1, 2};
	return alignments[opcode - 0x28];
}

static uint32_t simd_alignment(uint32_t opcode)
{
	/* v128.load; of two halves of it; splats; v128.store */
	static const uint8_t alignments[] = {4, 3, 3, 3, 3, 3, 3, 0, 1, 2, 3, 4};
	if (opcode >= 84 && opcode <= 91)
		return (opcode - 84) % 4; /* lane loads, then lane stores */
	if (opcode >= 92)
		return opcode - 90; /* load32_zero, load64_zero */
	return alignments[opcode];
}

static uint32_t atomic_alignment(uint32_t opcode)
{
	/* i32, i64; then their parts of 8, 16 as i32, and of 8, 16, 32 as i64: loads, stores, and each read-modify-write */
	static const uint8_t alignments[] = {2, 3, 0, 1, 0, 1, 2};
	if (opcode <= HF__WAIT64)
		return opcode == HF__WAIT64 ? 3 : 2;
	return alignments[(opcode - 0x10) % 7];
}

static uint32_t alignment(uint8_t opcode, uint32_t number)
{
	switch (opcode) {
	case 0xfd:
		return simd_alignment(number);
	case 0xfe:
		return atomic_alignment(number);
	default:
		return plain_alignment(opcode);
	}
}

/* The known bits of a memarg are those of a valid alignment, and the bit for a memory index. For an engine, other bits may mean that more immediates
 * follow. */
static void memarg(struct hf__reader *r, const struct hf__module *module, uint8_t opcode, uint32_t number)
{
	const uint8_t *where = r->at;
	uint32_t flags = hf__u32(r);
	if ((flags & ~UINT32_C(0x40)) > alignment(opcode, number))
		hf__fail_at(r, where, "unknown kind of memory access:", flags);
	if (flags & 0x40)
		(void)hf__index(r, module->memories, MEMORY);
	else if (module->memories == 0)
		hf__fail_at(r, where, MEMORY, 0);
	(void)hf__u64(r);
}

/* Returns the number of lanes for an instruction with a lane operand. */
static uint8_t lanes(uint32_t opcode)
{
	/* i8x16 (extract_lane_s and _u, replace_lane), i16x8; i32x4, i64x2, f32x4, f64x2 (extract_lane, replace_lane) */
	static const uint8_t counts[] = {16, 16, 16, 8, 8, 8, 4, 4, 2, 2, 4, 4, 2, 2};
	return opcode <= 34 ? counts[opcode - 21] : (uint8_t)(16u >> simd_alignment(opcode));
}

static void lane(struct hf__reader *r, uint8_t bound)
{
	(void)hf__byte_below(r, bound, "unknown lane:");
}

static void shuffle(struct hf__reader *r)
{
	for (int i = 0; i < 16; i++)
		lane(r, 32);
}

static void br_table(struct hf__reader *r)
{
	for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r); left--)
		(void)hf__u32(r);
	(void)hf__u32(r);
}

static void select_typed(struct hf__reader *r, const struct hf__module *module)
{
	const uint8_t *where = r->at;
	if (hf__u32(r) != 1)
		hf__fail_at(r, where, "a select must have exactly one type", 0);
	hf__skip_value_type(r, module);
}

static void try_table(struct hf__reader *r, const struct hf__module *module)
{
	hf__skip_block_type(r, module);
	for (uint32_t left = hf__count(r); left > 0 && !hf__failed(r); left--) {
		uint8_t kind = hf__byte_below(r, 4, "unknown kind of catch:");
		if (kind < 2)
			(void)hf__u32(r); /* a tag */
		(void)hf__u32(r);     /* a label */
	}
}

static void br_on_cast(struct hf__reader *r, const struct hf__module *module)
{
	(void)hf__byte_below(r, 4, "unknown kind of cast:");
	(void)hf__u32(r);
	hf__skip_heap_type(r, module);
	hf__skip_heap_type(r, module);
}

static void note(struct hf__reader *r, struct hf__numbers *numbers, uint32_t number)
{
	if (!hf__failed(r) && !hf__numbers_add(numbers, number))
		hf__fail(r, "not enough memory");
}

static void call(struct hf__reader *r, struct hf__module *module, struct hf__function *function)
{
	uint32_t callee = hf__index(r, module->functions, FUNCTION);
	if (function && callee >= module->imported_functions)
		note(r, &module->calls, callee - module->imported_functions);
}

static void call_any(struct hf__reader *r, struct hf__module *module, struct hf__function *function)
{
	if (!function)
		return;
	function->calls_any = true;
	note(r, &module->calls, HF__CALLS_ANY);
}

static void ref_func(struct hf__reader *r, struct hf__module *module)
{
	uint32_t function = hf__index(r, module->functions, FUNCTION);
	if (!hf__failed(r))
		module->taken[function] = 1;
}

/* Immediates of the less frequent kinds. */
static void immediates(struct hf__reader *r, struct hf__module *module, struct hf__function *function, enum kind kind,
                       uint8_t opcode, uint32_t number)
{
	switch (kind) {
	case BR_TABLE:
		br_table(r);
		break;
	case CALL_INDIRECT:
		(void)hf__index(r, module->types, TYPE);
		(void)hf__index(r, module->tables, TABLE);
		call_any(r, module, function);
		break;
	case CALL_REF:
		(void)hf__index(r, module->types, TYPE);
		call_any(r, module, function);
		break;
	case SELECT:
		select_typed(r, module);
		break;
	case GLOBAL_INDEX:
		(void)hf__index(r, module->globals, GLOBAL);
		break;
	case TABLE_INDEX:
		(void)hf__index(r, module->tables, TABLE);
		break;
	case TABLE_TABLE:
		(void)hf__index(r, module->tables, TABLE);
		(void)hf__index(r, module->tables, TABLE);
		break;
	case NUMBER_TABLE:
		(void)hf__u32(r);
		(void)hf__index(r, module->tables, TABLE);
		break;
	case MEMORY_INDEX:
		(void)hf__index(r, module->memories, MEMORY);
		break;
	case MEMORY_MEMORY:
		(void)hf__index(r, module->memories, MEMORY);
		(void)hf__index(r, module->memories, MEMORY);
		break;
	case NUMBER_MEMORY:
		(void)hf__u32(r);
		(void)hf__index(r, module->memories, MEMORY);
		break;
	case TYPE_INDEX:
		(void)hf__index(r, module->types, TYPE);
		break;
	case TYPE_TYPE:
		(void)hf__index(r, module->types, TYPE);
		(void)hf__index(r, module->types, TYPE);
		break;
	case TYPE_NUMBER:
		(void)hf__index(r, module->types, TYPE);
		(void)hf__u32(r);
		break;
	case HEAP_TYPE:
		hf__skip_heap_type(r, module);
		break;
	case BR_ON_CAST:
		br_on_cast(r, module);
		break;
	case REF_FUNC:
		ref_func(r, module);
		break;
	case FENCE:
		(void)hf__byte_below(r, 1, "unknown kind of fence:");
		break;
	case LANE:
		lane(r, lanes(number));
		break;
	case SHUFFLE:
		shuffle(r);
		break;
	case BYTES4:
		hf__skip(r, 4);
		break;
	case BYTES8:
		hf__skip(r, 8);
		break;
	case BYTES16:
		hf__skip(r, 16);
		break;
	case MEMARG_LANE:
		memarg(r, module, opcode, number);
		lane(r, lanes(number));
		break;
	default:
		break;
	}
}

/* Handles memory.atomic.notify, wait32 and wait64, after the instruction's last byte has been read. */
static void note_wait(struct hf__reader *r, struct hf__module *module, const uint8_t *where)
{
	if (!hf__may_wait(module))
		return;
	module->waits = true;
	note(r, &module->points, (uint32_t)(where - r->module) | HF__BEFORE_WAIT);
	note(r, &module->points, (uint32_t)(r->at - r->module) | HF__AFTER_WAIT);
}

void hf__read_instructions(struct hf__reader *r, struct hf__module *module, struct hf__function *function)
{
	uint32_t depth = 1;
	while (!hf__failed(r)) {
		const uint8_t *where = r->at;
		uint8_t opcode = hf__byte(r);
		enum kind kind = plain_kind(opcode);
		uint32_t number = opcode;
		if (kind == PREFIX) {
			number = hf__u32(r);
			kind = prefixed_kind(opcode, number);
		}
		switch (kind) {
		case NONE:
			break;
		case NUMBER:
			(void)hf__u32(r);
			break;
		case MEMARG:
			memarg(r, module, opcode, number);
			if (function && opcode == 0xfe && number <= HF__WAIT64)
				note_wait(r, module, where);
			break;
		case I32:
			hf__skip_signed(r, 32);
			break;
		case I64:
			hf__skip_signed(r, 64);
			break;
		case CALL:
			call(r, module, function);
			break;
		case BLOCK:
			hf__skip_block_type(r, module);
			depth++;
			break;
		case TRY_TABLE:
			try_table(r, module);
			depth++;
			break;
		case LOOP:
			hf__skip_block_type(r, module);
			depth++;
			if (function)
				note(r, &module->points, (uint32_t)(r->at - r->module));
			break;
		case DELEGATE:
			(void)hf__u32(r);
			depth--;
			break;
		case END:
			depth--;
			break;
		case UNKNOWN:
			hf__fail_at(r, where, NEWER, opcode >= 0xfb ? (uint32_t)opcode << 16 | (number & 0xffff) : opcode);
			break;
		default:
			immediates(r, module, function, kind, opcode, number);
			if (function && is_bulk(opcode, number))
				note(r, &module->points, (uint32_t)(r->at - r->module) | HF__BULK);
		}
		if (depth == 0)
			return;
	}
}

/* ---- bodies ---- */

static void read_body(struct hf__reader *r, struct hf__module *module, struct hf__function *function)
{
	uint32_t size = hf__u32(r);
	struct hf__reader body = hf__part(r, size);
	function->body = (uint32_t)(body.at - r->module);
	for (uint32_t groups = hf__count(&body); groups > 0 && !hf__failed(&body); groups--) {
		(void)hf__u32(&body);
		hf__skip_value_type(&body, module);
	}
	function->code = (uint32_t)(body.at - r->module);
	function->points = module->points.count;
	function->calls = module->calls.count;
	hf__read_instructions(&body, module, function);
	function->end = (uint32_t)(body.at - r->module);
	if (body.at != body.end)
		hf__fail(&body, "a function's body is longer than its code");
}

void hf__read_code(struct hf__module *module, struct hf__fault *fault)
{
	const struct hf__section *section = &module->sections[HF__CODE];
	struct hf__reader r = hf__reader_of(module, section->body, section->end, fault);
	uint32_t bodies = section->start ? hf__count(&r) : 0;
	if (bodies != module->defined_count)
		hf__fail(&r, "the numbers of functions and bodies differ");
	if (hf__failed(&r))
		return;
	module->defined = calloc((size_t)bodies + 1, sizeof *module->defined);
	if (!module->defined) {
		fault->what = "not enough memory";
		return;
	}
	for (uint32_t i = 0; i < bodies && !hf__failed(&r); i++)
		read_body(&r, module, &module->defined[i]);
	module->defined[bodies].points = module->points.count;
	module->defined[bodies].calls = module->calls.count;
	if (r.at != r.end)
		hf__fail(&r, "the code section is longer than its bodies");
}
