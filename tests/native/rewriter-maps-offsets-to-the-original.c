/* The section that the rewriter adds locates each byte of an original function body in the new module. */
#include "support/wasm_module.h"

#include <string.h>

#define MOST 32

static struct wasm module, made;
static struct hf_rewrite_error error;

static struct {
	uint32_t functions, usual;
	struct {
		uint32_t where;
		int64_t size;
	} insertions[MOST];
	unsigned count;
} offsets;

static uint32_t number(const uint8_t **at)
{
	uint32_t value = 0;
	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = *(*at)++;
		value |= (uint32_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
}

/* It is the last section. */
static void read_offsets(void)
{
	long name = wasm_find(&made, HF_REWRITE_OFFSETS, 16);
	CHECK(name > 0);
	const uint8_t *at = made.bytes + name + 16, *end = made.bytes + made.size;
	offsets.functions = number(&at);
	offsets.usual = number(&at);
	uint32_t where = 0;
	for (offsets.count = 0; at < end; offsets.count++) {
		CHECK(offsets.count < MOST);
		uint32_t distance = number(&at);
		where += distance / 2;
		uint32_t other = distance % 2 ? number(&at) : offsets.usual * 2;
		offsets.insertions[offsets.count].where = where;
		offsets.insertions[offsets.count].size = other % 2 ? -(int64_t)(other / 2) - 1 : other / 2;
	}
	CHECK(at == end);
}

static size_t moved(size_t offset)
{
	int64_t by = 0;
	for (unsigned i = 0; i < offsets.count && offsets.insertions[i].where <= offset; i++)
		by += offsets.insertions[i].size;
	return offset + (size_t)by;
}

static void check_body(const uint8_t *body, size_t size, enum hf_rewrite_check check, uint64_t limit_pages)
{
	wasm_with_body(&module, body, size);
	CHECK(wasm_rewrite(&module, &made, check, limit_pages, NULL, &error));
	read_offsets();
	CHECK_EQ(offsets.functions, 3);
	long begin = wasm_find(&module, body, size);
	CHECK(begin > 0);
	/* Including its end, and the function after it. */
	for (size_t at = (size_t)begin; at < (size_t)begin + size + 4; at++)
		CHECK_EQ(made.bytes[moved(at)], module.bytes[at]);
}

static const uint8_t long_body[] = {
	0, 0x10, 1,    0x03, 0x40, 0x0b, 0x03, 0x40, 0x03, 0x40, 0x0b, 0x0b, 0x41, 0,    0x41, 0,    0x41, 0, 0xfc, 0x0b,
	0, 0x03, 0x40, 0x03, 0x40, 0x03, 0x40, 0x0b, 0x0b, 0x0b, 0x41, 0,    0x04, 0x40, 0x00, 0x0b, 0x41, 0, 0x1a,
};

/* A code size that the rewriter shortens from two bytes to one, and one that needs two. */
static void check_kinds(void)
{
	for (enum hf_rewrite_check check = HF_REWRITE_FLAG; check <= HF_REWRITE_FUEL; check++) {
		check_body(WASM(0, 0x01, 0x01, 0x01), check, HF_REWRITE_NO_LIMIT);
		check_body(WASM(0, 0x01, 0x03, 0x40, 0x00, 0x0b, 0x01), check, HF_REWRITE_NO_LIMIT);
		check_body(long_body, sizeof long_body, check, HF_REWRITE_NO_LIMIT);
		check_body(long_body, sizeof long_body, check, 70000);
	}
}

/* Lowering a limit moves the code, too, as a whole. */
static void check_limits(void)
{
	check_body(long_body, sizeof long_body, HF_REWRITE_NONE, 70000);
	CHECK_EQ(offsets.count, 1);
	CHECK(offsets.insertions[0].size != 0);
}

/* A typical insertion takes one or two bytes in the section. */
static void check_size(void)
{
	static uint8_t body[3001];
	for (size_t at = 1; at + 3 <= sizeof body; at += 3)
		memcpy(body + at, (const uint8_t[]){0x03, 0x40, 0x0b}, 3);
	wasm_with_body(&module, body, sizeof body);
	CHECK(wasm_rewrite(&module, &made, HF_REWRITE_FLAG, HF_REWRITE_NO_LIMIT, NULL, &error));
	long name = wasm_find(&made, HF_REWRITE_OFFSETS, 16);
	CHECK(name > 0);
	CHECK((long)made.size - name < 1000 + 40);
}

int main(void)
{
	check_kinds();
	check_limits();
	check_size();
	return done();
}
