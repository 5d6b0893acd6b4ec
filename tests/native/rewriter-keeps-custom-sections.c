/* Custom sections stay unchanged, except for the name section, which gets the names of the added functions and loses the names of labels, and for
 * hints, whose offsets move with the code. */
#include "support/wasm_module.h"

#include <string.h>

static const uint8_t check_of_flag[] = {0x23, 1, 0xfe, 0x10, 0x42, 1, 0, 0x04, 0x40, 0x10, 3, 0x0b};

static struct wasm module, made;
static struct hf_rewrite_error error;

static bool holds(const void *bytes, size_t size)
{
	return wasm_find(&made, bytes, size) >= 0;
}

static void rewrite(void)
{
	CHECK(wasm_rewrite(&module, &made, HF_REWRITE_FLAG, HF_REWRITE_NO_LIMIT, NULL, &error));
}

static void check_others(void)
{
	wasm_with_body(&module, WASM(0, 0x03, 0x40, 0x0b));
	wasm_custom(&module, ".debug_info", WASM(1, 2, 3, 4, 5));
	wasm_custom(&module, "", WASM(0xff));
	wasm_custom(&module, "metadata.codes", WASM(7, 7));
	size_t tail = 3 + 1 + 11 + 5 + 3 + 1 + 1 + 3 + 1 + 14 + 2;
	rewrite();
	CHECK(holds(module.bytes + module.size - tail, tail));
	CHECK(holds(check_of_flag, sizeof check_of_flag));
}

static void check_names(void)
{
	wasm_with_body(&module, WASM(0));
	/* Names of the module, of functions 1 and 2, and of locals. */
	wasm_custom(&module, "name", WASM(0, 2, 1, 'm', 1, 7, 2, 1, 1, 'a', 2, 1, 'b', 2, 1, 0));
	rewrite();
	const uint8_t names[] = {1,   24,  3,   1,   1,   'a', 2,   1,   'b', 3,   15,  'h', 'o', 'l', 'd',
	                         'f', 'a', 's', 't', ':', '0', ':', 's', 'l', 'o', 'w', 2,   1,   0};
	CHECK(holds(names, sizeof names));
	/* A malformed section stays as it is. */
	wasm_with_body(&module, WASM(0));
	wasm_custom(&module, "name", WASM(1, 9, 2));
	rewrite();
	CHECK(holds(module.bytes + module.size - 11, 11));
	/* Label 0 of function 1 is the loop; in the new module that number would be a check's. Tested with names of functions and without. Later subsections stay. */
	const uint8_t labels[] = {3, 6, 1, 1, 1, 0, 1, 'l'}, globals[] = {7, 4, 1, 0, 1, 'g'};
	for (int with = 0; with < 2; with++) {
		static struct wasm all;
		all.size = 0;
		if (with)
			wasm_put(&all, WASM(1, 4, 1, 1, 1, 'a'));
		wasm_put(&all, labels, sizeof labels);
		wasm_put(&all, globals, sizeof globals);
		wasm_with_body(&module, WASM(0, 0x03, 0x40, 0x0b));
		wasm_custom(&module, "name", all.bytes, all.size);
		rewrite();
		CHECK(!holds(labels, sizeof labels));
		CHECK(holds(globals, sizeof globals));
		CHECK_EQ(holds("holdfast:0:slow", 15), with);
	}
}

/* The hinted `if` comes after a loop's head, so the loop's check comes before it. */
static void check_hints(void)
{
	const uint8_t body[] = {0, 0x41, 0, 0x04, 0x40, 0x0b, 0x03, 0x40, 0x41, 0, 0x04, 0x40, 0x0b, 0x0b};
	static struct wasm plain;
	wasm_with_body(&plain, body, sizeof body);
	/* Hints come before the code section, which begins 3 bytes before its contents. */
	long code = wasm_find(&plain, (const uint8_t[]){2, sizeof body + 1 | 0x80, 0}, 3) - 3;
	CHECK(code > 0);
	module.size = 0;
	wasm_put(&module, plain.bytes, (size_t)code);
	wasm_custom(&module, "metadata.code.branch_hint", WASM(1, 1, 3, 0, 1, 9, 3, 1, 0, 10, 1, 1));
	wasm_put(&module, plain.bytes + code, plain.size - (size_t)code);
	rewrite();
	const uint8_t hints[] = {'h', 'i', 'n', 't', 1, 1, 3, 0, 1, 9, 3, 1, 0, 10 + sizeof check_of_flag, 1, 1};
	CHECK(holds(hints, sizeof hints));
	/* Now the body calls itself, so it gets one more check, at its entry. */
	module.bytes[wasm_find(&module, body, sizeof body) + 1] = 0x10;  /* call 0 … */
	module.bytes[wasm_find(&module, body + 2, sizeof body - 2)] = 1; /* … 1 */
	rewrite();
	const uint8_t both[] = {
		'h', 'i', 'n', 't', 1, 1, 3, 0, 1, 9, 3 + sizeof check_of_flag, 1, 0, 10 + 2 * sizeof check_of_flag, 1, 1};
	CHECK(holds(both, sizeof both));
}

/* Rewrites a module with these hints before its code. */
static void with_hints(const uint8_t *body, size_t size, const uint8_t *hints, size_t hints_size)
{
	static struct wasm plain;
	wasm_with_body(&plain, body, size);
	long code = wasm_find(&plain, (const uint8_t[]){2, (uint8_t)(size + 1) | 0x80, 0}, 3) - 3;
	CHECK(code > 0);
	module.size = 0;
	wasm_put(&module, plain.bytes, (size_t)code);
	wasm_custom(&module, "metadata.code.branch_hint", hints, hints_size);
	wasm_put(&module, plain.bytes + code, plain.size - (size_t)code);
}

static void check_order_of_hints(void)
{
	/* Hints whose functions are not in ascending order, which the convention forbids: the rewriter reads the section once, and drops them. */
	const uint8_t body[] = {0, 0x41, 0, 0x03, 0x40, 0x0b, 0x04, 0x40, 0x0b};
	const uint8_t twice[] = {'h', 'i', 'n', 't', 2, 1, 1, 6, 1, 1, 1, 1, 6, 1, 1};
	const uint8_t backwards[] = {'h', 'i', 'n', 't', 2, 2, 0, 1, 1, 6, 1, 1};
	with_hints(body, sizeof body, twice + 4, sizeof twice - 4);
	rewrite();
	CHECK(!holds(twice, 4));
	with_hints(body, sizeof body, backwards + 4, sizeof backwards - 4);
	rewrite();
	CHECK(!holds(backwards, 4));
	const uint8_t forwards[] = {2, 1, 1, 6, 1, 1, 2, 0};
	const uint8_t moved[] = {'h', 'i', 'n', 't', 2, 1, 1, 6 + sizeof check_of_flag, 1, 1, 2, 0};
	with_hints(body, sizeof body, forwards, sizeof forwards);
	rewrite();
	CHECK(holds(moved, sizeof moved));
}

/* Both kinds of checks come before the hinted `if`, and with fuel they are of different sizes. */
static void check_hints_after_bulk(void)
{
	const uint8_t body[] = {0, 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0b, 0, 0x03, 0x40, 0x0b, 0x41, 0, 0x04, 0x40, 0x0b};
	const uint8_t bulk[] = {0x23, 1, 0x41, 0xfd, 0, 0x6b, 0x24, 1, 0x23, 1, 0x41, 0, 0x48, 0x04, 0x40, 0x10, 3, 0x0b};
	with_hints(body, sizeof body, WASM(1, 1, 2, 10, 1, 1, 15, 1, 0));
	CHECK(wasm_rewrite(&module, &made, HF_REWRITE_FUEL, HF_REWRITE_NO_LIMIT, NULL, &error));
	CHECK(holds(bulk, sizeof bulk)); /* takes 125, an eighth of 1,000 */
	const uint8_t hints[] = {'h', 'i', 'n', 't', 1, 1, 2, 10 + sizeof bulk, 1, 1, 15 + sizeof bulk + sizeof bulk - 1,
	                         1,   0};
	CHECK(holds(hints, sizeof hints));
}

/* If a module already uses our names, we choose others. */
static void check_prefix(void)
{
	wasm_begin(&module);
	wasm_section(&module, 2, WASM(1, 11, 'h', 'o', 'l', 'd', 'f', 'a', 's', 't', ':', '4', '1', 1, 'x', 2, 0, 1));
	rewrite();
	CHECK(holds("holdfast:42:stop", 16));
	/* Even after the largest numbers, the new name must not be one of the module's. */
	const char *const names[] = {"holdfast:999999999999999999", "holdfast:1000000000000000000"};
	for (int i = 0; i < 2; i++) {
		wasm_begin(&module);
		uint8_t export[40] = {1, (uint8_t)strlen(names[i])};
		memcpy(export + 2, names[i], strlen(names[i]));
		export[2 + strlen(names[i])] = 2;
		wasm_section(&module, 5, WASM(1, 0, 1));
		wasm_section(&module, 7, export, 4 + strlen(names[i]));
		CHECK_EQ(wasm_rewrite(&module, &made, HF_REWRITE_FLAG, HF_REWRITE_NO_LIMIT, NULL, &error), i == 0);
	}
	wasm_begin(&module);
	wasm_section(&module, 2, WASM(1, 11, 'h', 'o', 'l', 'd', 'f', 'a', 's', 't', ':', '4', '1', 1, 'x', 2, 0, 1));
	rewrite();
	CHECK(holds("\013holdfast:42\004flag", 17));
}

int main(void)
{
	check_others();
	check_names();
	check_hints();
	check_order_of_hints();
	check_hints_after_bulk();
	check_prefix();
	return done();
}
