/* Each case of error-code comes from the page, and goes to it, with its payload. */
#include "support/p2_http.h"

static struct hf_listener *page;
static struct hf_socket *exchange;

/* Sends a request, which the page answers with the error. The error-code is then at P2_OUT + 24. */
static void fails(struct p2_program *component, struct hf_http_message error, const char *text)
{
	hf_b b = component->b;
	struct hf_http_message message;
	char fields[1000];
	component->next = P2_HEAP;
	uint32_t future = http_sends(component, http_request(component, hf_p2_fields_new(b)));
	struct hf_socket *answers = page_accepts(page, &message, fields);
	error.kind = HF_HTTP_ERROR;
	page_sends(answers, error, text);
	hf_p2_future_response_get(b, future, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 16), 1);
	hf_p2_drop(b, HF_P2_FUTURE_INCOMING_RESPONSE, future);
	hf_socket_close(answers);
}

#define CODE(code) ((struct hf_http_message){.status = HF_CODE_##code})
#define NUMBERED(code, value) ((struct hf_http_message){.status = HF_CODE_##code, .number = (value), .has_number = 1})
#define BYTE(offset) peek_u8(component->program, P2_OUT + 24 + (offset))
#define WORD(offset) peek_u32(component->program, P2_OUT + 24 + (offset))

static void from_the_page(struct p2_program *component)
{
	fails(component, CODE(CONNECTION_REFUSED), "");
	CHECK_EQ(BYTE(0), HF_CODE_CONNECTION_REFUSED);
	fails(component, CODE(INTERNAL_ERROR), ":text: why\n");
	CHECK_EQ(BYTE(8), 1);
	http_is(component, P2_OUT + 24 + 12, "why");
	fails(component, CODE(INTERNAL_ERROR), "");
	CHECK_EQ(BYTE(8), 0);
	fails(component, NUMBERED(HTTP_RESPONSE_BODY_SIZE, UINT64_C(0x100000002)), "");
	CHECK_EQ(BYTE(8), 1);
	CHECK_EQ(peek_u64(component->program, P2_OUT + 24 + 16), UINT64_C(0x100000002));
	fails(component, NUMBERED(HTTP_RESPONSE_HEADER_SECTION_SIZE, 7), "");
	CHECK_EQ(BYTE(8), 1);
	CHECK_EQ(WORD(12), 7);
	fails(component, NUMBERED(DNS_ERROR, 0x1234), ":text: code\n");
	CHECK_EQ(BYTE(8), 1);
	http_is(component, P2_OUT + 24 + 12, "code");
	CHECK_EQ(BYTE(20), 1);
	CHECK_EQ(BYTE(22) | BYTE(23) << 8, 0x1234);
	fails(component, NUMBERED(TLS_ALERT_RECEIVED, 40), ":text: alert\n");
	CHECK_EQ(BYTE(8) << 8 | BYTE(9), 0x128);
	CHECK_EQ(BYTE(12), 1);
	http_is(component, P2_OUT + 24 + 16, "alert");
	fails(component, NUMBERED(HTTP_RESPONSE_HEADER_SIZE, 9), ":text: name\n");
	CHECK_EQ(BYTE(8), 1);
	http_is(component, P2_OUT + 24 + 12, "name");
	CHECK_EQ(BYTE(20), 1);
	CHECK_EQ(WORD(24), 9);
	fails(component, NUMBERED(HTTP_REQUEST_HEADER_SIZE, 9), ":text: name\n");
	CHECK_EQ(BYTE(8) & BYTE(12) & BYTE(24), 1);
	http_is(component, P2_OUT + 24 + 16, "name");
	CHECK_EQ(WORD(28), 9);
	fails(component, CODE(HTTP_REQUEST_HEADER_SIZE), "");
	CHECK_EQ(BYTE(8), 0);
	fails(component, (struct hf_http_message){.status = HF_CODES}, "");
	CHECK_EQ(BYTE(0), HF_CODE_INTERNAL_ERROR);
}

static void ask(struct p2_program *component)
{
	struct hf_http_message message;
	char fields[1000];
	(void)component;
	exchange = page_accepts(page, &message, fields);
	page_sends(exchange, (struct hf_http_message){.kind = HF_HTTP_REQUEST}, ":path: /\n");
}

/* What the page reads of an error that the component answers with. */
struct sent {
	uint32_t code, has_number;
	uint64_t number;
	const char *fields;
};

static void answers(struct p2_program *component, const uint64_t flat[6], const struct sent *sent)
{
	struct hf_http_message message;
	char fields[1000];
	p2_meanwhile(component, ask);
	uint64_t handles = hf_p2_serve(component->instance);
	hf_p2_response_outparam_set(component->b, (uint32_t)(handles >> 32), 1, sent->code, (uint32_t)flat[0], flat[1],
	                            (uint32_t)flat[2], (uint32_t)flat[3], (uint32_t)flat[4], (uint32_t)flat[5]);
	page_reads(exchange, &message, fields);
	CHECK_EQ(message.kind, HF_HTTP_ERROR);
	CHECK_EQ(message.status, sent->code);
	CHECK_EQ(message.has_number, sent->has_number);
	if (sent->has_number)
		CHECK_EQ(message.number, sent->number);
	CHECK_EQ(strcmp(fields, sent->fields), 0);
	hf_p2_drop(component->b, HF_P2_INCOMING_REQUEST, (uint32_t)handles);
	hf_socket_close(exchange);
}

static void to_the_page(struct p2_program *component)
{
	const uint32_t size = poke_text(component->program, TEXT_AT, "text");
	const struct {
		uint64_t flat[6];
		struct sent sent;
	} cases[] = {
		{{0}, {.code = HF_CODE_LOOP_DETECTED, .fields = ""}},
		{{1, TEXT_AT, size}, {.code = HF_CODE_INTERNAL_ERROR, .fields = ":text: text\n"}},
		{{0}, {.code = HF_CODE_INTERNAL_ERROR, .fields = ""}},
		{{1, UINT64_C(1) << 40}, {HF_CODE_HTTP_RESPONSE_BODY_SIZE, 1, UINT64_C(1) << 40, ""}},
		{{1, TEXT_AT, size, 1, 5}, {HF_CODE_DNS_ERROR, 1, 5, ":text: text\n"}},
		{{0, 0, 0, 1, 5}, {HF_CODE_HTTP_RESPONSE_TRAILER_SIZE, 1, 5, ""}},
		{{1, 40, 1, TEXT_AT, size}, {HF_CODE_TLS_ALERT_RECEIVED, 1, 40, ":text: text\n"}},
		{{1, 1, TEXT_AT, size, 1, 6}, {HF_CODE_HTTP_REQUEST_HEADER_SIZE, 1, 6, ":text: text\n"}},
		{{0}, {.code = HF_CODE_HTTP_REQUEST_HEADER_SIZE, .fields = ""}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		answers(component, cases[i].flat, &cases[i].sent);
}

/* The page is asked, and the component then answers what is no error-code. */
static void unknown_case(struct p2_program *component)
{
	p2_meanwhile(component, ask);
	uint64_t handles = hf_p2_serve(component->instance);
	hf_p2_response_outparam_set(component->b, (uint32_t)(handles >> 32), 1, HF_CODES, 0, 0, 0, 0, 0, 0);
}

static void unknown_option(struct p2_program *component)
{
	p2_meanwhile(component, ask);
	uint64_t handles = hf_p2_serve(component->instance);
	hf_p2_response_outparam_set(component->b, (uint32_t)(handles >> 32), 1, HF_CODE_INTERNAL_ERROR, 2, 0, 0, 0, 0, 0);
}

static void unknown_result(struct p2_program *component)
{
	p2_meanwhile(component, ask);
	uint64_t handles = hf_p2_serve(component->instance);
	hf_p2_response_outparam_set(component->b, (uint32_t)(handles >> 32), 2, 0, 0, 0, 0, 0, 0, 0);
}

int main(void)
{
	page = page_listens();
	p2_runs(from_the_page);
	p2_runs(to_the_page);
	p2_traps(unknown_case, "wasi:http/types [static]response-outparam.set: an error-code has no case 39");
	hf_socket_close(exchange);
	p2_traps(unknown_option, "wasi:http/types [static]response-outparam.set: an option has no case 2");
	hf_socket_close(exchange);
	p2_traps(unknown_result, "wasi:http/types [static]response-outparam.set: 2 is not a valid result");
	hf_socket_close(exchange);
	hf_listener_close(page);
	CHECK_EQ(hf_socket_count(), 0);
	return done();
}
