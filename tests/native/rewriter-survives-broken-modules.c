/* A module that is cut off anywhere, or has any byte changed, is refused or rewritten; a rewritten module can be rewritten again. */
#include "support/wasm_module.h"

static struct wasm module, broken, made, again;
static struct hf_rewrite_error error;

static void attempt(size_t size)
{
	broken.size = size;
	for (int check = HF_REWRITE_NONE; check <= HF_REWRITE_FUEL; check++) {
		bool ok = wasm_rewrite(&broken, &made, (enum hf_rewrite_check)check, 100, NULL, &error);
		if (ok && check != HF_REWRITE_NONE) /* NONE does not read the code */
			CHECK(wasm_rewrite(&made, &again, HF_REWRITE_FUEL, HF_REWRITE_NO_LIMIT, NULL, &error));
	}
}

int main(void)
{
	wasm_with_body(
		&module, WASM(1, 2, 0x7f, 0x03, 0x40, 0x20, 0, 0x0d, 0, 0x0b, 0x10, 1, 0x41, 0x80, 0x7f, 0x1a, 0x0e, 1, 0, 0));
	wasm_custom(&module, "name", WASM(1, 4, 1, 1, 1, 'a'));
	wasm_custom(&module, "metadata.code.x", WASM(1, 1, 1, 5, 0));
	broken = module;
	CHECK(wasm_rewrite(&module, &made, HF_REWRITE_FLAG, HF_REWRITE_NO_LIMIT, NULL, &error));
	for (size_t size = 0; size <= module.size; size++)
		attempt(size);
	for (size_t at = 0; at < module.size; at++) {
		static const uint8_t values[] = {0, 1, 2, 3, 4, 5, 0x0b, 0x40, 0x7f, 0x80, 0xfb, 0xfc, 0xfd, 0xfe, 0xff};
		for (unsigned i = 0; i < sizeof values; i++) {
			broken.bytes[at] = values[i];
			attempt(module.size);
		}
		broken.bytes[at] = module.bytes[at];
	}
	/* Numbers with too many bytes, or too many bits (core specification, 5.2.2). */
	const uint8_t bodies[][8] = {{0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0},
	                             {0x41, 0xff, 0xff, 0xff, 0xff, 0x0f},
	                             {0x0c, 0x80, 0x80, 0x80, 0x80, 0x10}};
	for (unsigned i = 0; i < 3; i++) {
		uint8_t body[9] = {0};
		for (unsigned j = 0; j < sizeof *bodies; j++)
			body[j + 1] = bodies[i][j];
		wasm_with_body(&broken, body, i == 0 ? 8 : 7);
		CHECK(!wasm_rewrite(&broken, &made, HF_REWRITE_FUEL, HF_REWRITE_NO_LIMIT, NULL, &error));
	}
	/* The error for an unknown instruction has its opcode and its offset. */
	wasm_with_body(&broken, WASM(0, 0xe0, 0));
	CHECK(!wasm_rewrite(&broken, &made, HF_REWRITE_FUEL, HF_REWRITE_NO_LIMIT, NULL, &error));
	CHECK_EQ(broken.bytes[error.offset], 0xe0);
	return done();
}
