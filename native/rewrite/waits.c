/* waits.c - makes the host execute memory.atomic.wait and notify, without removing the instructions.
 *
 * The instruction stays, so that it traps as before at an address that does not exist or is not aligned. Before it, a call is inserted to a function
 * that makes the host wait (or notify), and returns the operands with a zero timeout, so that the instruction itself ends at once. After it, a call
 * is inserted to a function that replaces the instruction's result by the host's, unless that is negative. Until the host has filled the table,
 * operands and result are unchanged. */
#include "rewrite/emit.h"

#define I32 0x7f
#define I64 0x7e

/* A vector of bytes, with its length. */
#define BYTES(...)                                          \
	(const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]) \
	{                                                       \
		__VA_ARGS__                                         \
	}

/* wait32, wait64 and notify take the operands and the instruction's offset, and return the operands; answer takes and returns a number. The host's
 * functions, in the table's order, take the address, the offset and the other operands, and return the result. */
static const uint8_t types[] = {
	0x60, 4, I32, I32, I64, I32, 3,   I32, I32, I64, /* wait32 */
	0x60, 4, I32, I64, I64, I32, 3,   I32, I64, I64, /* wait64 */
	0x60, 3, I32, I32, I32, 2,   I32, I32,           /* notify */
	0x60, 1, I32, 1,   I32,                          /* answer */
	0x60, 4, I32, I32, I32, I64, 1,   I32,           /* the host's wait32 */
	0x60, 4, I32, I32, I64, I64, 1,   I32,           /* its wait64 */
	0x60, 3, I32, I32, I32, 1,   I32,                /* its notify */
};

enum { WAIT32, WAIT64, NOTIFY, ANSWER };
const char *const hf__wait_names[HF__WAIT_FUNCTIONS] = {"wait32", "wait64", "notify", "answer"};

static uint32_t first_type(const struct hf_rewrite *rw)
{
	return rw->module.types + 1;
}

static uint32_t function_of(const struct hf_rewrite *rw, uint32_t i)
{
	return rw->module.functions + hf__own_functions(rw) + i;
}

/* The host's result; negative: none. */
static uint32_t answer_global(const struct hf_rewrite *rw)
{
	return rw->module.globals + 1;
}

void hf__put_wait_types(struct hf__writer *w)
{
	hf__put(w, types, sizeof types);
}

uint32_t hf__wait_type(const struct hf_rewrite *rw, uint32_t i)
{
	return first_type(rw) + i;
}

static void put_op(struct hf__writer *w, uint8_t opcode, uint32_t index)
{
	hf__put_byte(w, opcode);
	hf__put_u64(w, index);
}

void hf__put_before_wait(struct hf__writer *w, const struct hf_rewrite *rw, uint32_t offset)
{
	/* This cannot fail: it has been read before. */
	struct hf__fault fault = {0};
	const uint8_t *module = rw->module.bytes;
	struct hf__reader r = hf__reader_of(&rw->module, module + offset + 1, module + rw->module.size, &fault);
	uint32_t number = hf__u32(&r), align = hf__u32(&r);
	if (align & 0x40)
		(void)hf__u32(&r);
	hf__put_byte(w, 0x41); /* i32.const: the engine refuses a larger offset */
	hf__put_i32(w, (uint32_t)hf__u64(&r));
	put_op(w, 0x10, function_of(rw, number == HF__WAIT32 ? WAIT32 : number == HF__WAIT64 ? WAIT64 : NOTIFY));
}

void hf__put_after_wait(struct hf__writer *w, const struct hf_rewrite *rw)
{
	put_op(w, 0x10, function_of(rw, ANSWER));
}

/* Stores the result of the host's function in the slot, if there is one, in the global. Its arguments are the address, the offset, then the operands
 * in between. */
static void put_question(struct hf__writer *w, const struct hf_rewrite *rw, uint32_t i)
{
	uint8_t slot = (uint8_t)(i + 1), offset = i == NOTIFY ? 2 : 3;
	hf__put(w, BYTES(0x41, 0x7f)); /* i32.const -1 */
	put_op(w, 0x24, answer_global(rw));
	hf__put(w, BYTES(0x41, slot)); /* table.get; ref.is_null; i32.eqz; if */
	put_op(w, 0x25, rw->module.tables);
	hf__put(w, BYTES(0xd1, 0x45, 0x04, 0x40));
	hf__put(w, BYTES(0x20, 0, 0x20, offset));
	for (uint8_t operand = 1; operand < offset; operand++)
		hf__put(w, BYTES(0x20, operand));
	hf__put(w, BYTES(0x41, slot));
	put_op(w, 0x11, hf__wait_type(rw, HF__WAIT_FUNCTIONS + i)); /* call_indirect */
	hf__put_u64(w, rw->module.tables);
	put_op(w, 0x24, answer_global(rw));
	if (i != NOTIFY)
		hf__put(w, BYTES(0x42, 0, 0x21, 2)); /* i64.const 0; local.set 2: in any case, the instruction must not sleep */
	hf__put_byte(w, 0x0b);
}

/* Returns the operands. */
static void put_asked(struct hf__writer *w, const struct hf_rewrite *rw, uint32_t i)
{
	put_question(w, rw, i);
	hf__put(w, BYTES(0x20, 0, 0x20, 1));
	if (i != NOTIFY)
		hf__put(w, BYTES(0x20, 2));
}

static void put_answer(struct hf__writer *w, const struct hf_rewrite *rw)
{
	hf__put(w, BYTES(0x20, 0));
	put_op(w, 0x23, answer_global(rw));
	put_op(w, 0x23, answer_global(rw));
	hf__put(w, BYTES(0x41, 0, 0x48, 0x1b)); /* i32.const 0; i32.lt_s; select */
}

static void put_body(struct hf__writer *w, const struct hf_rewrite *rw, uint32_t i)
{
	hf__put_byte(w, 0); /* no locals */
	if (i == ANSWER)
		put_answer(w, rw);
	else
		put_asked(w, rw, i);
	hf__put_byte(w, 0x0b);
}

void hf__put_wait_body(struct hf__writer *w, const struct hf_rewrite *rw, uint32_t i)
{
	struct hf__writer counter = {0};
	put_body(&counter, rw, i);
	hf__put_u64(w, counter.total);
	put_body(w, rw, i);
}
