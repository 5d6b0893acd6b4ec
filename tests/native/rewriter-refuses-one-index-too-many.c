/* The module cannot refer to the items that the rewriter appends: the module's largest index is accepted, and one more, which would be an appended
 * item, is refused. */
#include "support/wasm_module.h"

#include <string.h>

/* A body without its `end`. The index is at `at`; `last` is the module's largest. */
struct row {
	const char *what;
	uint8_t body[24];
	uint8_t size, at, last;
};

static const struct row rows[] = {
	{"call", {0, 0x10, 0}, 3, 2, 2},
	{"return_call", {0, 0x12, 0}, 3, 2, 2},
	{"call_indirect's type", {0, 0x41, 0, 0x11, 0, 0}, 6, 4, 1},
	{"call_indirect's table", {0, 0x41, 0, 0x11, 0, 0}, 6, 5, 0},
	{"return_call_indirect's type", {0, 0x41, 0, 0x13, 0, 0}, 6, 4, 1},
	{"return_call_indirect's table", {0, 0x41, 0, 0x13, 0, 0}, 6, 5, 0},
	{"call_ref", {0, 0x14, 0}, 3, 2, 1},
	{"return_call_ref", {0, 0x15, 0}, 3, 2, 1},
	{"a local's type", {1, 1, 0x63, 0}, 4, 3, 1},
	{"a block's type", {0, 0x02, 0, 0x0b}, 4, 2, 1},
	{"a loop's type", {0, 0x03, 0, 0x0b}, 4, 2, 1},
	{"a try_table's type", {0, 0x1f, 0, 0, 0x0b}, 5, 2, 1},
	{"a block's result", {0, 0x02, 0x63, 0, 0x0b}, 5, 3, 1},
	{"select's type", {0, 0x1c, 1, 0x63, 0}, 5, 4, 1},
	{"ref.null", {0, 0xd0, 0, 0x1a}, 4, 2, 1},
	{"ref.func", {0, 0xd2, 0, 0x1a}, 4, 2, 2},
	{"global.get", {0, 0x23, 0, 0x1a}, 4, 2, 0},
	{"global.set", {0, 0x41, 0, 0x24, 0}, 5, 4, 0},
	{"table.get", {0, 0x41, 0, 0x25, 0, 0x1a}, 6, 4, 0},
	{"table.set", {0, 0x26, 0}, 3, 2, 0},
	{"table.init", {0, 0xfc, 12, 0, 0}, 5, 4, 0},
	{"table.copy's first", {0, 0xfc, 14, 0, 0}, 5, 3, 0},
	{"table.copy's second", {0, 0xfc, 14, 0, 0}, 5, 4, 0},
	{"table.grow", {0, 0xfc, 15, 0}, 4, 3, 0},
	{"table.size", {0, 0xfc, 16, 0}, 4, 3, 0},
	{"table.fill", {0, 0xfc, 17, 0}, 4, 3, 0},
	{"i32.load", {0, 0x28, 0x42, 0, 0}, 5, 3, 0},
	{"i64.store32", {0, 0x3e, 0x42, 0, 0}, 5, 3, 0},
	{"memory.size", {0, 0x3f, 0, 0x1a}, 4, 2, 0},
	{"memory.grow", {0, 0x40, 0, 0x1a}, 4, 2, 0},
	{"memory.init", {0, 0xfc, 8, 0, 0}, 5, 4, 0},
	{"memory.copy's first", {0, 0xfc, 10, 0, 0}, 5, 3, 0},
	{"memory.copy's second", {0, 0xfc, 10, 0, 0}, 5, 4, 0},
	{"memory.fill", {0, 0xfc, 11, 0}, 4, 3, 0},
	{"v128.load", {0, 0xfd, 0, 0x40, 0, 0}, 6, 4, 0},
	{"v128.load32_zero", {0, 0xfd, 92, 0x40, 0, 0}, 6, 4, 0},
	{"v128.load8_lane", {0, 0xfd, 84, 0x40, 0, 0, 0}, 7, 4, 0},
	{"v128.store64_lane", {0, 0xfd, 91, 0x40, 0, 0, 0}, 7, 4, 0},
	{"memory.atomic.notify", {0, 0xfe, 0, 0x42, 0, 0}, 6, 4, 0},
	{"memory.atomic.wait64", {0, 0xfe, 2, 0x43, 0, 0}, 6, 4, 0},
	{"i32.atomic.load", {0, 0xfe, 0x10, 0x42, 0, 0}, 6, 4, 0},
	{"i64.atomic.rmw32.cmpxchg_u", {0, 0xfe, 0x4e, 0x42, 0, 0}, 6, 4, 0},
	{"struct.new", {0, 0xfb, 0, 0}, 4, 3, 1},
	{"struct.get", {0, 0xfb, 2, 0, 0}, 5, 3, 1},
	{"array.new_default", {0, 0xfb, 7, 0}, 4, 3, 1},
	{"array.new_fixed", {0, 0xfb, 8, 0, 0}, 5, 3, 1},
	{"array.new_data", {0, 0xfb, 9, 0, 0}, 5, 3, 1},
	{"array.set", {0, 0xfb, 14, 0}, 4, 3, 1},
	{"array.fill", {0, 0xfb, 16, 0}, 4, 3, 1},
	{"array.copy's second", {0, 0xfb, 17, 0, 0}, 5, 4, 1},
	{"array.init_elem", {0, 0xfb, 19, 0, 0}, 5, 3, 1},
	{"ref.test", {0, 0xfb, 20, 0}, 4, 3, 1},
	{"ref.cast null", {0, 0xfb, 23, 0}, 4, 3, 1},
	{"br_on_cast's second", {0, 0xfb, 24, 0, 0, 0, 0}, 7, 6, 1},
};

static bool accepted(const struct row *row, uint8_t index, enum hf_rewrite_check check)
{
	static struct wasm module, made;
	struct hf_rewrite_error error;
	uint8_t body[sizeof row->body];
	memcpy(body, row->body, sizeof body);
	body[row->at] = index;
	wasm_with_body(&module, body, row->size);
	return wasm_rewrite(&module, &made, check, HF_REWRITE_NO_LIMIT, NULL, &error);
}

/* Raises the index at `at` of the section by one. */
static void check_section(const char *what, uint8_t id, const uint8_t *contents, size_t size, size_t at, uint8_t last)
{
	static struct wasm module, made;
	struct hf_rewrite_error error;
	for (int beyond = 0; beyond < 2; beyond++) {
		uint8_t changed[32];
		memcpy(changed, contents, size);
		changed[at] = (uint8_t)(last + beyond);
		wasm_begin(&module);
		wasm_section(&module, 1, WASM(1, 0x60, 0, 0));
		if (id == 2)
			wasm_section(&module, id, changed, size);
		wasm_section(&module, 3, WASM(1, 0));
		wasm_section(&module, 4, WASM(1, 0x70, 0, 1));
		wasm_section(&module, 5, WASM(1, 0, 1));
		if (id == 13)
			wasm_section(&module, id, changed, size);
		wasm_section(&module, 6, WASM(1, 0x7f, 1, 0x41, 0, 0x0b));
		if (id >= 7 && id <= 9)
			wasm_section(&module, id, changed, size);
		wasm_section(&module, 10, WASM(1, 2, 0, 0x0b));
		if (id == 11)
			wasm_section(&module, id, changed, size);
		bool ok = wasm_rewrite(&module, &made, HF_REWRITE_FLAG, HF_REWRITE_NO_LIMIT, NULL, &error);
		if (ok != !beyond)
			check_failed(__FILE__, __LINE__, what);
	}
}

static void check_sections(void)
{
	check_section("an import's type", 2, WASM(1, 0, 0, 0, 0), 4, 0);
	check_section("an imported tag's type", 2, WASM(1, 0, 0, 4, 0, 0), 5, 0);
	check_section("an imported table's type", 2, WASM(1, 0, 0, 1, 0x63, 0, 0, 1), 5, 0);
	check_section("an imported global's type", 2, WASM(1, 0, 0, 3, 0x63, 0, 0), 5, 0);
	check_section("a tag's type", 13, WASM(1, 0, 0), 2, 0);
	check_section("an exported function", 7, WASM(1, 0, 0, 0), 3, 0);
	check_section("an exported table", 7, WASM(1, 0, 1, 0), 3, 0);
	check_section("an exported memory", 7, WASM(1, 0, 2, 0), 3, 0);
	check_section("an exported global", 7, WASM(1, 0, 3, 0), 3, 0);
	check_section("the start function", 8, WASM(0), 0, 0);
	check_section("an element segment's table", 9, WASM(1, 2, 0, 0x41, 0, 0x0b, 0, 0), 2, 0);
	check_section("an element segment's function", 9, WASM(1, 0, 0x41, 0, 0x0b, 1, 0), 6, 0);
	check_section("an element expression's function", 9, WASM(1, 4, 0x41, 0, 0x0b, 1, 0xd2, 0, 0x0b), 7, 0);
	check_section("an element segment's offset", 9, WASM(1, 0, 0x23, 0, 0x0b, 0), 3, 0);
	check_section("a data segment's memory", 11, WASM(1, 2, 0, 0x41, 0, 0x0b, 0), 2, 0);
	check_section("a data segment's offset", 11, WASM(1, 0, 0x23, 0, 0x0b, 0), 3, 0);
}

/* In a module without a memory or a table, index 0 would be the appended one. */
static void check_nothing_there(void)
{
	static const struct {
		uint8_t code[8];
		uint8_t size;
	} bodies[] = {
		{{0x28, 2, 0}, 3},    {{0x3f, 0}, 2}, {{0xfc, 11, 0}, 3}, {{0xfe, 0x10, 2, 0}, 4}, {{0xfd, 0, 0, 0}, 4},
		{{0xfe, 0, 2, 0}, 4}, {{0x25, 0}, 2}, {{0x11, 0, 0}, 3},  {{0x23, 0}, 2},          {{0xfc, 8, 0, 0}, 4},
	};
	static struct wasm module, made;
	struct hf_rewrite_error error;
	for (unsigned i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		uint8_t code[16] = {1, (uint8_t)(bodies[i].size + 2), 0};
		memcpy(code + 3, bodies[i].code, bodies[i].size);
		code[3 + bodies[i].size] = 0x0b;
		wasm_begin(&module);
		wasm_section(&module, 1, WASM(1, 0x60, 0, 0));
		wasm_section(&module, 3, WASM(1, 0));
		wasm_section(&module, 10, code, bodies[i].size + 4u);
		CHECK(!wasm_rewrite(&module, &made, HF_REWRITE_FLAG, HF_REWRITE_NO_LIMIT, NULL, &error));
	}
	/* Active segments refer to table 0 and memory 0 without an index. */
	for (int data = 0; data < 2; data++) {
		wasm_begin(&module);
		wasm_section(&module, data ? 11 : 9, WASM(1, 0, 0x41, 0, 0x0b, 0));
		CHECK(!wasm_rewrite(&module, &made, HF_REWRITE_FLAG, HF_REWRITE_NO_LIMIT, NULL, &error));
	}
}

int main(void)
{
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (int check = HF_REWRITE_FLAG; check <= HF_REWRITE_FUEL; check++) {
			if (!accepted(&rows[i], rows[i].last, (enum hf_rewrite_check)check) ||
			    accepted(&rows[i], rows[i].last + 1, (enum hf_rewrite_check)check))
				check_failed(__FILE__, __LINE__, rows[i].what);
		}
	}
	check_sections();
	check_nothing_there();
	return done();
}
