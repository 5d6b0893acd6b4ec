#include "support/wasm_module.h"

#include <string.h>

void wasm_put(struct wasm *wasm, const uint8_t *bytes, size_t size)
{
	CHECK(size <= sizeof wasm->bytes - wasm->size);
	memcpy(wasm->bytes + wasm->size, bytes, size);
	wasm->size += size;
}

void wasm_begin(struct wasm *wasm)
{
	wasm->size = 0;
	wasm_put(wasm, WASM(0, 'a', 's', 'm', 1, 0, 0, 0));
}

static void put_size(struct wasm *wasm, size_t size)
{
	CHECK(size < 1 << 14);
	wasm_put(wasm, WASM((uint8_t)(size & 0x7f) | 0x80, (uint8_t)(size >> 7)));
}

void wasm_section(struct wasm *wasm, uint8_t id, const uint8_t *contents, size_t size)
{
	wasm_put(wasm, &id, 1);
	put_size(wasm, size);
	wasm_put(wasm, contents, size);
}

void wasm_custom(struct wasm *wasm, const char *name, const uint8_t *contents, size_t size)
{
	uint8_t length = (uint8_t)strlen(name);
	wasm_put(wasm, WASM(0));
	put_size(wasm, 1u + length + size);
	wasm_put(wasm, &length, 1);
	wasm_put(wasm, (const uint8_t *)name, length);
	wasm_put(wasm, contents, size);
}

void wasm_with_body(struct wasm *wasm, const uint8_t *body, size_t size)
{
	struct wasm code = {.size = 0};
	wasm_put(&code, WASM(2));
	put_size(&code, size + 1);
	wasm_put(&code, body, size);
	wasm_put(&code, WASM(0x0b, 2, 0, 0x0b));
	wasm_begin(wasm);
	wasm_section(wasm, 1, WASM(2, 0x60, 0, 0, 0x5e, 0x7f, 1));
	wasm_section(wasm, 2, WASM(1, 1, 'm', 1, 'f', 0, 0));
	wasm_section(wasm, 3, WASM(2, 0, 0));
	wasm_section(wasm, 4, WASM(1, 0x70, 0, 1));
	wasm_section(wasm, 5, WASM(1, 0, 1));
	wasm_section(wasm, 13, WASM(1, 0, 0));
	wasm_section(wasm, 6, WASM(1, 0x7f, 1, 0x41, 0, 0x0b));
	wasm_section(wasm, 9, WASM(1, 1, 0, 1, 2));
	wasm_section(wasm, 12, WASM(1));
	wasm_section(wasm, 10, code.bytes, code.size);
	wasm_section(wasm, 11, WASM(1, 1, 1, 'x'));
}

static void collect(void *context, const uint8_t *bytes, size_t size)
{
	wasm_put(context, bytes, size);
}

bool wasm_rewrite(const struct wasm *from, struct wasm *to, enum hf_rewrite_check check, uint64_t limit_pages,
                  struct hf_rewrite_stats *stats, struct hf_rewrite_error *error)
{
	const struct hf_rewrite_options options = {.check = check, .fuel = 1000, .limit_pages = limit_pages};
	struct hf_rewrite *rewrite = hf_rewrite_open(from->bytes, from->size, &options, error);
	if (!rewrite)
		return false;
	to->size = 0;
	hf_rewrite_write(rewrite, collect, to);
	CHECK_EQ(to->size, hf_rewrite_size(rewrite));
	if (stats)
		*stats = hf_rewrite_stats(rewrite);
	hf_rewrite_close(rewrite);
	return true;
}

long wasm_find(const struct wasm *wasm, const void *bytes, size_t size)
{
	for (size_t at = 0; at + size <= wasm->size; at++) {
		if (memcmp(wasm->bytes + at, bytes, size) == 0)
			return (long)at;
	}
	return -1;
}
