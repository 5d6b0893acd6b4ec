/* error.c - wasi:io/error. */
#include "wasi/p2/error.h"

#include <string.h>

#include "wasi/p2/door.h"

static const struct {
	uint16_t code;
	const char *text;
} texts[] = {
#define X(name, value, doc) {value, #name ": " doc},
#include <holdfast/errno.def>
#undef X
};

struct hf_p2_error *hf__p2_error(struct hf_p2 *p2, int code)
{
	struct hf_p2_error *error = hf__p2_object(p2, sizeof *error, HF_P2_ERROR, NULL);
	if (error)
		error->code = (uint16_t)code;
	return error;
}

static const char *text_of(uint16_t code)
{
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (texts[i].code == code)
			return texts[i].text;
	}
	return "unknown error";
}

static void sys_error_to_debug_string(hf_b b, uint32_t self, uint32_t out)
{
	struct hf_p2_error *error = hf__p2_borrow(b, HF_P2_ERROR, self);
	struct hf_p2_list list;
	if (!error || hf__p2_check(b, out, sizeof list, 4) < 0)
		return;
	const char *text = text_of(error->code);
	if (hf__p2_put_string(b, text, (uint32_t)strlen(text), &list) == 0)
		hf__p2_store(b, out, &list, sizeof list);
}

P2_VOID_DOOR(error_to_debug_string, (uint32_t self, uint32_t out), self, out)
