/* The rewriter refuses encodings that are undefined today, because an engine that defines them later could see a different instruction boundary. The
 * nearest defined encoding is accepted. */
#include "support/wasm_module.h"

#include <string.h>

static struct wasm module, made;
static struct hf_rewrite_error error;

static bool accepted(void)
{
	return wasm_rewrite(&module, &made, HF_REWRITE_FLAG, HF_REWRITE_NO_LIMIT, NULL, &error);
}

/* For the byte at `at` of a body: a value that is defined, and one that is not. */
struct byte {
	const char *what;
	uint8_t body[24];
	uint8_t size, at, known, unknown;
};

static const struct byte bytes[] = {
	{"i32.load, an ordering (bit 5)", {0, 0x28, 2, 0}, 4, 2, 2, 0x22},
	{"i32.load, bit 4", {0, 0x28, 2, 0}, 4, 2, 2, 0x12},
	{"i32.load, beyond its alignment", {0, 0x28, 2, 0}, 4, 2, 2, 3},
	{"i32.load8_u, beyond its alignment", {0, 0x2d, 0, 0}, 4, 2, 0, 1},
	{"i64.store32, beyond its alignment", {0, 0x3e, 2, 0}, 4, 2, 2, 3},
	{"f64.store, beyond its alignment", {0, 0x39, 3, 0}, 4, 2, 3, 4},
	{"i32.load of a memory, bit 5", {0, 0x28, 0x42, 0, 0}, 5, 2, 0x42, 0x62},
	{"v128.load, beyond its alignment", {0, 0xfd, 0, 4, 0}, 5, 3, 4, 5},
	{"v128.load16_splat, beyond its alignment", {0, 0xfd, 8, 1, 0}, 5, 3, 1, 2},
	{"v128.load64_zero, beyond its alignment", {0, 0xfd, 93, 3, 0}, 5, 3, 3, 4},
	{"v128.load32_lane, beyond its alignment", {0, 0xfd, 86, 2, 0, 0}, 6, 3, 2, 3},
	{"v128.load32_lane's lane", {0, 0xfd, 86, 2, 0, 0}, 6, 5, 3, 4},
	{"v128.store8_lane's lane", {0, 0xfd, 88, 0, 0, 0}, 6, 5, 15, 16},
	{"i8x16.extract_lane_s", {0, 0xfd, 21, 0}, 4, 3, 15, 16},
	{"i16x8.replace_lane", {0, 0xfd, 26, 0}, 4, 3, 7, 8},
	{"f32x4.extract_lane", {0, 0xfd, 31, 0}, 4, 3, 3, 4},
	{"f64x2.replace_lane", {0, 0xfd, 34, 0}, 4, 3, 1, 2},
	{"i8x16.shuffle", {0, 0xfd, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 19, 18, 31, 32},
	{"memory.atomic.notify, an ordering", {0, 0xfe, 0, 2, 0}, 5, 3, 2, 0x22},
	{"memory.atomic.wait64, beyond its alignment", {0, 0xfe, 2, 3, 0}, 5, 3, 3, 4},
	{"i32.atomic.load, an ordering (bit 4)", {0, 0xfe, 0x10, 2, 0}, 5, 3, 2, 0x12},
	{"i32.atomic.load, an ordering (bit 5)", {0, 0xfe, 0x10, 2, 0}, 5, 3, 2, 0x22},
	{"i64.atomic.rmw16.cmpxchg_u, an ordering", {0, 0xfe, 0x4d, 1, 0}, 5, 3, 1, 0x21},
	{"atomic.fence, an ordering", {0, 0xfe, 3, 0}, 4, 3, 0, 1},
	{"select of two types", {0, 0x1c, 1, 0x7f, 0x7f}, 4, 2, 1, 2},
	{"select of no type", {0, 0x1c, 1, 0x7f}, 4, 2, 1, 0},
	{"a catch", {0, 0x1f, 0x40, 1, 2, 0, 0x0b}, 7, 4, 3, 4},
	{"a cast", {0, 0xfb, 24, 0, 0, 0x70, 0x70}, 7, 3, 3, 4},
	{"ref.null of a continuation", {0, 0xd0, 0x70}, 3, 2, 0x69, 0x68},
	{"ref.null of a continuation's bottom", {0, 0xd0, 0x70}, 3, 2, 0x74, 0x75},
	{"ref.null of something shared", {0, 0xd0, 0x70, 1}, 4, 2, 0x70, 0x65},
	{"ref.null of an exact type", {0, 0xd0, 1, 0x01}, 4, 2, 1, 0x62},
	{"a block's type", {0, 0x02, 0x40, 0x0b}, 4, 2, 0x7f, 0x7a},
	{"a packed type outside of fields", {0, 0x02, 0x7f, 0x0b}, 4, 2, 0x7b, 0x78},
	{"an opcode between others", {0, 0x1b}, 2, 1, 0x1b, 0x1d},
	{"an opcode after the last", {0, 0xd4}, 2, 1, 0xd4, 0xe0},
	{"a prefix after the last", {0, 0x01, 0}, 3, 1, 0x01, 0xff},
	{"after the last of 0xfb", {0, 0xfb, 30}, 3, 2, 30, 31},
	{"after the last of 0xfc", {0, 0xfc, 17, 0}, 4, 2, 17, 18},
	{"after the last of 0xfe", {0, 0xfe, 0x4e, 2, 0}, 5, 2, 0x4e, 0x4f},
	{"between two of 0xfe", {0, 0xfe, 0x10, 2, 0}, 5, 2, 0x10, 0x0f},
};

/* The same for the byte at `at` of a section. */
struct section_byte {
	const char *what;
	uint8_t id;
	uint8_t contents[16];
	uint8_t size, at, known, unknown;
};

static const struct section_byte section_bytes[] = {
	{"a field's mutability", 1, {1, 0x5f, 1, 0x7f, 0}, 5, 4, 1, 2},
	{"an array's mutability", 1, {1, 0x5e, 0x78, 0}, 4, 3, 1, 2},
	{"a type's form", 1, {1, 0x60, 0, 0}, 4, 1, 0x60, 0x5d},
	{"a shared type", 1, {1, 0x60, 0, 0, 0}, 4, 1, 0x60, 0x65},
	{"how many supertypes", 1, {2, 0x50, 0, 0x60, 0, 0, 0x50, 1, 0, 0x60, 0, 0}, 12, 7, 1, 2},
	{"an import's kind", 2, {1, 0, 0, 2, 0, 1}, 6, 3, 2, 5},
	{"imports of a common module", 2, {1, 0, 0, 2, 0, 1}, 6, 3, 2, 0x7f},
	{"an imported global's mutability", 2, {1, 0, 0, 3, 0x7f, 1}, 6, 5, 1, 2},
	{"an imported tag's attribute", 2, {1, 0, 0, 4, 0, 0}, 6, 4, 0, 1},
	{"an imported table that is shared", 2, {1, 0, 0, 1, 0x70, 1, 0, 1}, 8, 5, 1, 3},
	{"a table that is shared", 4, {1, 0x70, 1, 0, 1}, 5, 2, 5, 3},
	{"a table's limits", 4, {1, 0x70, 1, 0, 1}, 5, 2, 1, 9},
	{"a table's form", 4, {1, 0x40, 0, 0x70, 0, 0, 0xd0, 0x70, 0x0b}, 9, 2, 0, 1},
	{"a memory whose pages have a size of their own", 5, {1, 0, 0, 0}, 3, 1, 0, 8},
	{"a tag's attribute", 13, {1, 0, 0}, 3, 1, 0, 1},
	{"a global's mutability", 6, {1, 0x7f, 0, 0x41, 0, 0x0b}, 6, 2, 1, 2},
	{"an export's kind", 7, {1, 0, 0, 0}, 4, 2, 0, 5},
	{"an element segment's flags", 9, {1, 7, 0x70, 0}, 4, 1, 7, 8},
	{"an element segment's kind", 9, {1, 1, 0, 0}, 4, 2, 0, 1},
	{"a data segment's flags", 11, {1, 1, 0}, 3, 1, 1, 3},
	{"what follows the count of data segments", 12, {0, 0}, 1, 0, 0, 0x80},
};

static void check_bodies(void)
{
	for (unsigned i = 0; i < sizeof bytes / sizeof *bytes; i++) {
		const struct byte *row = &bytes[i];
		for (int unknown = 0; unknown < 2; unknown++) {
			uint8_t body[sizeof row->body];
			memcpy(body, row->body, sizeof body);
			body[row->at] = unknown ? row->unknown : row->known;
			wasm_with_body(&module, body, row->size);
			if (accepted() == unknown)
				check_failed(__FILE__, __LINE__, row->what);
		}
	}
}

static void check_sections(void)
{
	/* In the order in which a module has them. */
	static const uint8_t ids[] = {1, 2, 3, 4, 5, 13, 6, 7, 9, 12, 10, 11};
	for (unsigned i = 0; i < sizeof section_bytes / sizeof *section_bytes; i++) {
		const struct section_byte *row = &section_bytes[i];
		for (int unknown = 0; unknown < 2; unknown++) {
			uint8_t contents[sizeof row->contents];
			memcpy(contents, row->contents, sizeof contents);
			contents[row->at] = unknown ? row->unknown : row->known;
			wasm_begin(&module);
			for (unsigned at = 0; at < sizeof ids; at++) {
				if (ids[at] == row->id)
					wasm_section(&module, row->id, contents, row->size);
				else if (ids[at] == 1)
					wasm_section(&module, 1, WASM(1, 0x60, 0, 0));
				else if (ids[at] == 3)
					wasm_section(&module, 3, WASM(1, 0));
				else if (ids[at] == 10)
					wasm_section(&module, 10, WASM(1, 2, 0, 0x0b));
			}
			if (accepted() == unknown)
				check_failed(__FILE__, __LINE__, row->what);
		}
	}
}

/* A number encoded in two bytes is refused where a single byte is required, although its value is the same. */
static void check_bytes_are_no_numbers(void)
{
	static const struct {
		const char *what;
		uint8_t body[12];
		uint8_t size;
	} rows[] = {
		{"a catch", {0, 0x1f, 0x40, 1, 0x82, 0, 0, 0x0b}, 8},
		{"a cast", {0, 0xfb, 24, 0x80, 0, 0, 0x70, 0x70}, 8},
		{"a fence", {0, 0xfe, 3, 0x80, 0}, 5},
		{"a lane", {0, 0xfd, 21, 0x81, 0}, 5},
	};
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		wasm_with_body(&module, rows[i].body, rows[i].size);
		if (accepted())
			check_failed(__FILE__, __LINE__, rows[i].what);
	}
	wasm_begin(&module);
	wasm_section(&module, 7, WASM(1, 0, 0x80, 0, 0));
	CHECK(!accepted());
	/* A 32-bit memory has 32-bit limits. */
	wasm_begin(&module);
	wasm_section(&module, 5, WASM(1, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0));
	CHECK(!accepted());
	wasm_begin(&module);
	wasm_section(&module, 5, WASM(1, 4, 0x80, 0x80, 0x80, 0x80, 0x80, 0));
	CHECK(accepted());
}

static void check_section_ids(void)
{
	for (unsigned id = 0; id < 256; id++) {
		wasm_begin(&module);
		if (id == 0)
			wasm_custom(&module, "x", WASM(1));
		else
			wasm_section(&module, (uint8_t)id, WASM(0));
		CHECK_EQ(accepted(), id < 14 && id != 8); /* section 8, the start function, would need a function */
	}
	/* Each section may occur once, and only in this order. */
	static const uint8_t order[] = {1, 2, 3, 4, 5, 13, 6, 7, 9, 12, 10, 11};
	for (unsigned first = 0; first < sizeof order; first++) {
		for (unsigned second = 0; second < sizeof order; second++) {
			wasm_begin(&module);
			wasm_section(&module, order[first], WASM(0));
			wasm_section(&module, order[second], WASM(0));
			CHECK_EQ(accepted(), first < second);
		}
	}
}

int main(void)
{
	check_bodies();
	check_sections();
	check_bytes_are_no_numbers();
	check_section_ids();
	return done();
}
