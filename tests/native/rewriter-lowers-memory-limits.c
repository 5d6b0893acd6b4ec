/* A limit lowers the maxima of a module's memories, both defined and imported, and changes nothing else; a memory whose initial size is above the
 * limit is refused. */
#include "support/wasm_module.h"

#include <string.h>

static struct wasm module, made;
static struct hf_rewrite_error error;

static void make(const uint8_t *imported, size_t imported_size, const uint8_t *defined, size_t defined_size)
{
	uint8_t import[32] = {1, 1, 'm', 1, 'n', 2}, memory[32] = {1};
	memcpy(import + 6, imported, imported_size);
	memcpy(memory + 1, defined, defined_size);
	wasm_begin(&module);
	wasm_section(&module, 2, import, 6 + imported_size);
	wasm_section(&module, 5, memory, 1 + defined_size);
	wasm_custom(&module, "x", WASM(1));
}

static bool limited(uint64_t pages)
{
	return wasm_rewrite(&module, &made, HF_REWRITE_NONE, pages, NULL, &error);
}

static bool holds(const uint8_t *bytes, size_t size)
{
	return wasm_find(&made, bytes, size) >= 0;
}

/* Asks for each of 400,000 memories, in order and out of order. If each request read the section from its start, that would be 80 billion reads, and
 * the test would exceed its 120 s. */
static void ask_for_many(void)
{
	enum { COUNT = 400000 };
	static uint8_t bytes[8 + 4 + 3 + 2 * COUNT] = {0, 'a', 's', 'm', 1, 0, 0, 0, 5};
	size_t size = 3 + 2 * COUNT, at = 9;
	for (int i = 0; i < 3; i++)
		bytes[at++] = (uint8_t)(size >> 7 * i & 0x7f) | (i < 2 ? 0x80 : 0);
	for (int i = 0; i < 3; i++)
		bytes[at++] = (uint8_t)(COUNT >> 7 * i & 0x7f) | (i < 2 ? 0x80 : 0);
	for (int i = 0; i < COUNT; i++, at += 2)
		bytes[at + 1] = (uint8_t)(i % 100);
	const struct hf_rewrite_options options = {.check = HF_REWRITE_FLAG, .limit_pages = HF_REWRITE_NO_LIMIT};
	struct hf_rewrite *rewrite = hf_rewrite_open(bytes, at, &options, &error);
	struct hf_rewrite_memory memory;
	CHECK(rewrite);
	CHECK_EQ(hf_rewrite_memories(rewrite), COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		CHECK(hf_rewrite_memory(rewrite, i, &memory));
		CHECK_EQ(memory.initial, i % 100);
	}
	CHECK(!hf_rewrite_memory(rewrite, COUNT, &memory));
	const uint32_t jumps[] = {3, 3, 2, 0, 0, 77, COUNT - 1, 5};
	for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
		CHECK(hf_rewrite_memory(rewrite, jumps[i], &memory));
		CHECK_EQ(memory.initial, jumps[i] % 100);
	}
	hf_rewrite_close(rewrite);
}

int main(void)
{
	make(WASM(0, 1), WASM(1, 2, 9));
	CHECK(limited(5));
	CHECK(holds(WASM(2, 9, 1, 1, 'm', 1, 'n', 2, 1, 1, 5)));
	/* Section sizes are rewritten in the shortest encoding. */
	CHECK(holds(WASM(5, 4, 1, 1, 2, 5)));
	CHECK(limited(9));
	CHECK(holds(WASM(5, 4, 1, 1, 2, 9)));
	CHECK(limited(2));
	CHECK(holds(WASM(5, 4, 1, 1, 2, 2)));
	CHECK(!limited(1));
	CHECK(strstr(error.text, "larger than the limit") && strstr(error.text, "2"));
	CHECK_EQ(error.fault, HF_REWRITE_OVER_LIMIT);
	/* A broken module is not reported as over the limit. */
	module.size -= 3;
	CHECK(!limited(1) && error.fault == HF_REWRITE_NOT_KNOWN);
	module.size += 3;
	CHECK(limited(HF_REWRITE_NO_LIMIT));
	CHECK(holds(WASM(1, 'm', 1, 'n', 2, 0, 1)));

	make(WASM(3, 1, 4), WASM(4, 1)); /* one shared, one 64-bit */
	CHECK(limited(3));
	CHECK(holds(WASM(1, 'n', 2, 3, 1, 3)));
	CHECK(holds(WASM(5, 4, 1, 5, 1, 3)));

	/* Also with checks, where a defined memory becomes an import that the host has to provide. */
	const struct hf_rewrite_options options = {.check = HF_REWRITE_FLAG, .limit_pages = 7};
	make(WASM(0, 1), WASM(0, 3));
	struct hf_rewrite *rewrite = hf_rewrite_open(module.bytes, module.size, &options, &error);
	struct hf_rewrite_memory memory;
	CHECK(rewrite);
	CHECK(hf_rewrite_memory(rewrite, 0, &memory));
	CHECK_EQ(memory.initial, 3);
	CHECK_EQ(memory.maximum, 7);
	CHECK(!memory.shared && !memory.memory64);
	CHECK(!hf_rewrite_memory(rewrite, 1, &memory));
	CHECK_EQ(hf_rewrite_memories(rewrite), 2);
	hf_rewrite_close(rewrite);
	ask_for_many();
	return done();
}
