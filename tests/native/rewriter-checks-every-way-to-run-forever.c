/* Each loop has a check, and so does every way to run forever without a loop: recursion, tail calls, calls through tables, functions that
 * double their calls, and bulk instructions in a row. A function that can do none of this has no check. */
#include "support/wasm_module.h"

static struct hf_rewrite_stats stats_of(const struct wasm *module)
{
	static struct wasm made;
	struct hf_rewrite_stats stats;
	struct hf_rewrite_error error;
	CHECK(wasm_rewrite(module, &made, HF_REWRITE_FLAG, HF_REWRITE_NO_LIMIT, &stats, &error));
	return stats;
}

/* Checks a module whose function 1 has this body; function 0 is imported, and function 2 is empty and has its reference taken. */
static void check_body(const uint8_t *body, size_t size, uint32_t loops, uint32_t entries)
{
	static struct wasm module;
	wasm_with_body(&module, body, size);
	struct hf_rewrite_stats stats = stats_of(&module);
	CHECK_EQ(stats.functions, 2);
	CHECK_EQ(stats.loops, loops);
	CHECK_EQ(stats.entries, entries);
}

/* A body with the instruction twice: each must get a check after it. */
static void check_bulk(const uint8_t *instruction, size_t size, uint32_t expected)
{
	static struct wasm module, body, made;
	struct hf_rewrite_error error;
	const uint8_t check[] = {0x23, 1, 0xfe, 0x10, 0x42, 1, 0, 0x04, 0x40, 0x10, 3, 0x0b};
	body.size = 0;
	wasm_put(&body, WASM(0));
	for (int i = 0; i < 2; i++)
		wasm_put(&body, instruction, size);
	wasm_with_body(&module, body.bytes, body.size);
	struct hf_rewrite_stats stats = stats_of(&module);
	CHECK_EQ(stats.bulks, 2 * expected);
	CHECK_EQ(stats.loops, 0);
	body.size = 0;
	for (int i = 0; i < 2; i++) {
		wasm_put(&body, instruction, size);
		wasm_put(&body, check, expected ? sizeof check : 0);
	}
	CHECK(wasm_rewrite(&module, &made, HF_REWRITE_FLAG, HF_REWRITE_NO_LIMIT, NULL, &error));
	CHECK(wasm_find(&made, body.bytes, body.size) > 0);
}

static void check_all_bulks(void)
{
	check_bulk(WASM(0x40, 0), 1);                /* memory.grow */
	check_bulk(WASM(0xfc, 0x08, 0, 0), 1);       /* memory.init */
	check_bulk(WASM(0xfc, 0x0a, 0, 0), 1);       /* memory.copy */
	check_bulk(WASM(0xfc, 0x0b, 0), 1);          /* memory.fill */
	check_bulk(WASM(0xfc, 0x0c, 0, 0), 1);       /* table.init */
	check_bulk(WASM(0xfc, 0x0e, 0, 0), 1);       /* table.copy */
	check_bulk(WASM(0xfc, 0x0f, 0), 1);          /* table.grow */
	check_bulk(WASM(0xfc, 0x11, 0), 1);          /* table.fill */
	check_bulk(WASM(0xfb, 0x06, 1), 1);          /* array.new */
	check_bulk(WASM(0xfb, 0x07, 1), 1);          /* array.new_default */
	check_bulk(WASM(0xfb, 0x09, 1, 0), 1);       /* array.new_data */
	check_bulk(WASM(0xfb, 0x0a, 1, 0), 1);       /* array.new_elem */
	check_bulk(WASM(0xfb, 0x10, 1), 1);          /* array.fill */
	check_bulk(WASM(0xfb, 0x11, 1, 1), 1);       /* array.copy */
	check_bulk(WASM(0xfb, 0x12, 1, 0), 1);       /* array.init_data */
	check_bulk(WASM(0xfb, 0x13, 1, 0), 1);       /* array.init_elem */
	check_bulk(WASM(0x3f, 0), 0);                /* memory.size */
	check_bulk(WASM(0xfc, 0x09, 0), 0);          /* data.drop */
	check_bulk(WASM(0xfc, 0x10, 0), 0);          /* table.size */
	check_bulk(WASM(0xfb, 0x08, 1, 2), 0);       /* array.new_fixed: takes its elements from the stack */
	check_bulk(WASM(0xfb, 0x0b, 1), 0);          /* array.get */
	check_bulk(WASM(0x41, 0xc0, 0x00), 0);       /* i32.const 0x40 */
	check_bulk(WASM(0x43, 0xfc, 0x0b, 0, 0), 0); /* f32.const */
}

/* Functions of type 0, each with a body of at most 60 bytes. An element segment refers to the functions whose bit is set in `taken`. */
static void check_functions(const uint8_t (*bodies)[16], uint8_t count, uint32_t taken, uint32_t entries)
{
	static struct wasm module, types, elements, code;
	wasm_begin(&module);
	types.size = elements.size = code.size = 0;
	wasm_put(&types, &count, 1);
	wasm_put(&code, &count, 1);
	uint8_t items = 0;
	for (uint8_t i = 0; i < count; i++) {
		wasm_put(&types, WASM(0));
		wasm_put(&code, WASM((uint8_t)(bodies[i][0] + 2), 0));
		wasm_put(&code, bodies[i] + 1, bodies[i][0]);
		wasm_put(&code, WASM(0x0b));
		items += taken >> i & 1;
	}
	wasm_put(&elements, WASM(1, 1, 0, items));
	for (uint8_t i = 0; i < count; i++) {
		if (taken >> i & 1)
			wasm_put(&elements, &i, 1);
	}
	wasm_section(&module, 1, WASM(1, 0x60, 0, 0));
	wasm_section(&module, 3, types.bytes, types.size);
	wasm_section(&module, 4, WASM(1, 0x70, 0, 1));
	wasm_section(&module, 9, elements.bytes, elements.size);
	wasm_section(&module, 10, code.bytes, code.size);
	CHECK_EQ(stats_of(&module).entries, entries);
}

int main(void)
{
	check_body(WASM(0), 0, 0);
	check_body(WASM(0, 0x03, 0x40, 0x0b), 1, 0);
	check_body(WASM(0, 0x03, 0x7f, 0x03, 0, 0x0b, 0x41, 0, 0x0b, 0x1a), 2, 0);
	check_body(WASM(0, 0x10, 0), 0, 0);             /* calls the import */
	check_body(WASM(0, 0x10, 2), 0, 0);             /* calls an empty function */
	check_body(WASM(0, 0x10, 1), 0, 1);             /* calls itself */
	check_body(WASM(0, 0x12, 1), 0, 1);             /* tail-calls itself */
	check_body(WASM(0, 0x41, 0, 0x11, 0, 0), 0, 0); /* calls an empty function, through the table */
	check_body(WASM(0, 0xd2, 1, 0x14, 0), 0, 1);    /* calls itself, through its reference */
	check_body(WASM(0, 0xd2, 1, 0x15, 0), 0, 1);
	check_all_bulks();

	const uint8_t ring[][16] = {{2, 0x10, 1}, {2, 0x10, 2}, {2, 0x10, 0}, {2, 0x10, 0}};
	check_functions(ring, 4, 0, 1);
	const uint8_t two_rings[][16] = {{4, 0x10, 1, 0x10, 2}, {2, 0x12, 0}, {2, 0x12, 0}};
	check_functions(two_rings, 3, 0, 1); /* both contain function 0 */
	const uint8_t apart[][16] = {{2, 0x10, 1}, {2, 0x10, 0}, {2, 0x10, 3}, {2, 0x10, 2}};
	check_functions(apart, 4, 0, 2);
	/* Function 0 reaches an indirect call through function 1; it needs a check only if 0 itself is in a table. */
	const uint8_t through[][16] = {{2, 0x10, 1}, {5, 0x41, 0, 0x11, 0, 0}, {0}};
	check_functions(through, 3, 1u << 2, 0);
	check_functions(through, 3, 1u << 0 | 1u << 2, 1);

	/* Each function calls the next one twice: 2^30 calls without a cycle. About every fourteenth function gets a check. */
	uint8_t doubling[30][16] = {{0}};
	for (uint8_t i = 1; i < 30; i++) {
		const uint8_t body[] = {4, 0x10, (uint8_t)(i - 1), 0x10, (uint8_t)(i - 1)};
		for (unsigned j = 0; j < sizeof body; j++)
			doubling[i][j] = body[j];
	}
	check_functions((const uint8_t(*)[16])doubling, 30, 0, 2);
	return done();
}
