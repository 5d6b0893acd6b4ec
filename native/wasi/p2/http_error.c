/* http_error.c - wasi:http/types: error-code, and the errors of streams. */
#include <string.h>

#include "wasi/p2/error.h"
#include "wasi/p2/http.h"

/* What the payload of a case is (http_errors.def). */
enum kind { NONE, TEXT, SIZE, COUNT, DNS, ALERT, FIELD, A_FIELD };

static const uint8_t kinds[] = {
#define X(name, text, kind) [HF_CODE_##name] = kind,
#include "wasi/p2/http_errors.def"
#undef X
};

/* ---- to the component's memory ---- */

/* The offsets in the error-code of a payload's text, of its number, and of the byte that says whether there is a number (that for a text is 4 bytes
 * before it). 0: it has none. */
static const struct {
	uint8_t text, number, number_size, number_flag;
} places[] = {
	[NONE] = {0},
	[TEXT] = {.text = 12},
	[SIZE] = {.number = 16, .number_size = 8, .number_flag = 8},
	[COUNT] = {.number = 12, .number_size = 4, .number_flag = 8},
	[DNS] = {.text = 12, .number = 22, .number_size = 2, .number_flag = 20},
	[ALERT] = {.text = 16, .number = 9, .number_size = 1, .number_flag = 8},
	[FIELD] = {.text = 12, .number = 24, .number_size = 4, .number_flag = 20},
	[A_FIELD] = {.text = 16, .number = 28, .number_size = 4, .number_flag = 24},
};

int hf__p2_lower_error(hf_b b, const struct hf_p2_http_error *error, struct hf_p2_error_code *out)
{
	enum kind kind = kinds[error->code];
	uint32_t text = places[kind].text, number = places[kind].number;
	struct hf_p2_list string;
	memset(out, 0, sizeof *out);
	out->bytes[0] = (uint8_t)error->code;
	if (kind == A_FIELD)
		out->bytes[8] = error->text || error->has_number;
	if (number && error->has_number) {
		out->bytes[places[kind].number_flag] = 1;
		memcpy(out->bytes + number, &error->number, places[kind].number_size);
	}
	if (!text || !error->text)
		return 0;
	int result = hf__p2_put_string(b, error->text, error->text_size, &string);
	if (result < 0)
		return result;
	out->bytes[text - 4] = 1;
	memcpy(out->bytes + text, &string, sizeof string);
	return 0;
}

/* ---- from its flat form ---- */

static int flag(hf_b b, uint64_t value, bool *out)
{
	*out = value == 1;
	return value > 1 ? hf__p2_trap_at(b->p2, "an option has no case #", value) : 0;
}

/* option<string> */
static int lift_text(hf_b b, const uint64_t flat[3], struct hf_p2_http_error *out)
{
	bool some;
	char *text;
	int result = flag(b, flat[0], &some);
	if (result < 0 || !some)
		return result;
	result = hf__p2_get_text(b, (uint32_t)flat[1], (uint32_t)flat[2], &text);
	out->text = text;
	out->text_size = text ? (uint32_t)flat[2] : 0;
	return result;
}

static int lift_number(hf_b b, const uint64_t flat[2], struct hf_p2_http_error *out)
{
	out->number = flat[1];
	return flag(b, flat[0], &out->has_number);
}

int hf__p2_lift_error(hf_b b, uint32_t code, const uint64_t flat[6], struct hf_p2_http_error *out)
{
	bool some;
	int result = 0;
	if (code >= HF_CODES)
		return hf__p2_trap_at(b->p2, "an error-code has no case #", code);
	*out = (struct hf_p2_http_error){.code = (enum hf_p2_http_code)code};
	switch (kinds[code]) {
	case TEXT:
		return lift_text(b, flat, out);
	case SIZE:
	case COUNT:
		return lift_number(b, flat, out);
	case DNS:
	case FIELD:
		result = lift_number(b, flat + 3, out);
		return result < 0 ? result : lift_text(b, flat, out);
	case ALERT:
		result = lift_number(b, flat, out);
		return result < 0 ? result : lift_text(b, flat + 2, out);
	case A_FIELD:
		result = flag(b, flat[0], &some);
		if (result < 0 || !some)
			return result;
		result = lift_number(b, flat + 4, out);
		return result < 0 ? result : lift_text(b, flat + 1, out);
	default:
		return 0;
	}
}

/* ---- errors of streams ---- */

static enum hf_p2_http_code code_of(uint16_t code)
{
	switch (code) {
	case HF_ECONNRESET:
		return HF_CODE_HTTP_RESPONSE_INCOMPLETE;
	case HF_ETIMEDOUT:
		return HF_CODE_CONNECTION_READ_TIMEOUT;
	default:
		return HF_CODE_CONNECTION_TERMINATED;
	}
}

static void sys_http_error_code(hf_b b, uint32_t self, uint32_t out)
{
	/* option<error-code> */
	struct {
		_Alignas(8) uint8_t some;
		struct hf_p2_error_code code;
	} result = {0};
	const struct hf_p2_error *error = hf__p2_borrow(b, HF_P2_ERROR, self);
	if (!error || hf__p2_check(b, out, sizeof result, 8) < 0)
		return;
	const struct hf_p2_http_error found = {.code = code_of(error->code)};
	result.some = error->http;
	if (hf__p2_lower_error(b, &found, &result.code) == 0)
		hf__p2_store(b, out, &result, sizeof result);
}

P2_VOID_DOOR(http_error_code, (uint32_t error, uint32_t out), error, out)
