/* Requests that are not sent: because the process may use no HTTP, because fetch could not make them, and because the page accepts no more connections. And
 * the parts of a request that are not valid, its options, and traps. */
#include "support/p2_http.h"

/* Sends the request, which must fail with this code. */
static void refused(struct p2_program *component, uint32_t request, enum hf_p2_http_code code)
{
	hf_p2_outgoing_handle(component->b, request, 0, 0, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 8), code);
}

static uint32_t plain_request(struct p2_program *component)
{
	return http_request(component, hf_p2_fields_new(component->b));
}

static void denied(struct p2_program *component)
{
	uint32_t request = plain_request(component);
	component->p2->http = 0;
	refused(component, request, HF_CODE_HTTP_REQUEST_DENIED);
	/* What is written to a body meanwhile is lost. */
	request = plain_request(component);
	hf_p2_outgoing_request_body(component->b, request, P2_OUT);
	hf_p2_outgoing_body_write(component->b, http_handle(component, 4), P2_OUT);
	hf_p2_output_stream_check_write(component->b, http_handle(component, 4), P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 8), 1); /* closed */
	refused(component, request, HF_CODE_HTTP_REQUEST_DENIED);
	CHECK_EQ(hf_socket_count(), 0);
}

static void impossible(struct p2_program *component)
{
	hf_b b = component->b;
	uint32_t request = plain_request(component);
	CHECK_EQ(hf_p2_outgoing_request_set_scheme(b, request, 1, 2, TEXT("ftp")), 0);
	refused(component, request, HF_CODE_HTTP_PROTOCOL_ERROR);
	request = plain_request(component);
	CHECK_EQ(hf_p2_outgoing_request_set_authority(b, request, 0, 0, 0), 0);
	refused(component, request, HF_CODE_HTTP_REQUEST_URI_INVALID);
	request = plain_request(component);
	CHECK_EQ(hf_p2_outgoing_request_set_method(b, request, 5, 0, 0), 0); /* CONNECT */
	refused(component, request, HF_CODE_HTTP_REQUEST_METHOD_INVALID);
	refused(component, plain_request(component), HF_CODE_INTERNAL_ERROR); /* no page answers */
	CHECK_EQ(component->p2->handles, 0);
}

static void too_many(struct p2_program *component)
{
	for (int i = 0; i < HF_BACKLOG; i++)
		(void)http_sends(component, plain_request(component));
	refused(component, plain_request(component), HF_CODE_CONNECTION_LIMIT_REACHED);
}

/* Sets a text of each part of a request. */
static uint32_t method(struct p2_program *component, uint32_t request, const char *text)
{
	return hf_p2_outgoing_request_set_method(component->b, request, 9, TEXT(text));
}

static uint32_t scheme(struct p2_program *component, uint32_t request, const char *text)
{
	return hf_p2_outgoing_request_set_scheme(component->b, request, 1, 2, TEXT(text));
}

static uint32_t authority(struct p2_program *component, uint32_t request, const char *text)
{
	return hf_p2_outgoing_request_set_authority(component->b, request, 1, TEXT(text));
}

static uint32_t path(struct p2_program *component, uint32_t request, const char *text)
{
	return hf_p2_outgoing_request_set_path_with_query(component->b, request, 1, TEXT(text));
}

static void parts(struct p2_program *component)
{
	hf_b b = component->b;
	uint32_t request = hf_p2_outgoing_request_new(b, hf_p2_fields_new(b));
	hf_p2_outgoing_request_method(b, request, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0); /* GET */
	hf_p2_outgoing_request_scheme(b, request, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
	hf_p2_outgoing_request_authority(b, request, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
	CHECK_EQ(path(component, request, "/first"), 0);
	hf_p2_outgoing_request_method(b, request, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0); /* still GET */
	CHECK_EQ(method(component, request, "a b") & method(component, request, ""), 1);
	CHECK_EQ(method(component, request, "POST"), 0);
	hf_p2_outgoing_request_method(b, request, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 2); /* its own case */
	CHECK_EQ(scheme(component, request, "1a") & scheme(component, request, "a:") & scheme(component, request, ""), 1);
	CHECK_EQ(scheme(component, request, "a+1.-"), 0);
	hf_p2_outgoing_request_scheme(b, request, P2_OUT);
	http_is(component, P2_OUT + 8, "a+1.-");
	CHECK_EQ(authority(component, request, "") & authority(component, request, "a/b"), 1);
	CHECK_EQ(authority(component, request, "a b") & authority(component, request, "a?"), 1);
	CHECK_EQ(authority(component, request, "[::1]:80"), 0);
	CHECK_EQ(path(component, request, "a") & path(component, request, "/#") & path(component, request, "/\n"), 1);
	CHECK_EQ(path(component, request, "?q") | path(component, request, "") | path(component, request, "*"), 0);
	CHECK_EQ(path(component, request, "/\xc3\xa9?a=b"), 0);
	hf_p2_outgoing_request_path_with_query(b, request, P2_OUT);
	http_is(component, P2_OUT + 4, "/\xc3\xa9?a=b");
	CHECK_EQ(hf_p2_outgoing_request_set_path_with_query(b, request, 1, TEXT_AT, HF_P2_TEXT_MOST + 1), 1);
	CHECK_EQ(hf_p2_outgoing_request_set_path_with_query(b, request, 0, 0, 0), 0);
	hf_p2_outgoing_request_path_with_query(b, request, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
	hf_p2_drop(b, HF_P2_OUTGOING_REQUEST, request);
	CHECK_EQ(component->p2->list_bytes, 0);
}

#define MS UINT64_C(1000000)

/* The page's timeouts, for these of the component; UINT64_MAX: none. */
static void sends(struct p2_program *component, struct hf_listener *page, const uint64_t timeouts[3], uint32_t head,
                  uint32_t bytes)
{
	hf_b b = component->b;
	struct hf_http_message message;
	char fields[1000];
	uint32_t options = hf_p2_request_options_new(b);
	hf_p2_request_options_set_connect_timeout(b, options, timeouts[0] != UINT64_MAX, timeouts[0]);
	hf_p2_request_options_set_first_byte_timeout(b, options, timeouts[1] != UINT64_MAX, timeouts[1]);
	hf_p2_request_options_set_between_bytes_timeout(b, options, timeouts[2] != UINT64_MAX, timeouts[2]);
	hf_p2_request_options_connect_timeout(b, options, P2_OUT);
	hf_p2_request_options_first_byte_timeout(b, options, P2_OUT + 16);
	hf_p2_request_options_between_bytes_timeout(b, options, P2_OUT + 32);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK_EQ(peek_u8(component->program, P2_OUT + 16 * i), timeouts[i] != UINT64_MAX);
		if (timeouts[i] != UINT64_MAX)
			CHECK_EQ(peek_u64(component->program, P2_OUT + 16 * i + 8), timeouts[i]);
	}
	hf_p2_outgoing_handle(b, plain_request(component), 1, options, P2_OUT);
	hf_p2_drop(b, HF_P2_FUTURE_INCOMING_RESPONSE, http_handle(component, 8));
	hf_socket_close(page_accepts(page, &message, fields));
	CHECK_EQ(message.head_timeout, head);
	CHECK_EQ(message.bytes_timeout, bytes);
}

static void timeouts(struct p2_program *component)
{
	struct hf_listener *page = page_listens();
	const uint64_t none = UINT64_MAX;
	sends(component, page, (uint64_t[]){none, none, none}, 0, 0);
	sends(component, page, (uint64_t[]){none, 5 * MS, 1}, 5, 1);
	sends(component, page, (uint64_t[]){2 * MS, 5 * MS, 0}, 7, 1);
	sends(component, page, (uint64_t[]){2 * MS, none, none - 1}, 600002, 0);
	sends(component, page, (uint64_t[]){none - 1, none - 1, 3 * MS}, 0, 3);
	hf_listener_close(page);
}

static void unknown_method(struct p2_program *component)
{
	(void)hf_p2_outgoing_request_set_method(component->b, plain_request(component), 10, 0, 0);
}

static void unknown_scheme(struct p2_program *component)
{
	(void)hf_p2_outgoing_request_set_scheme(component->b, plain_request(component), 1, 3, 0, 0);
}

static void unknown_option(struct p2_program *component)
{
	(void)hf_p2_outgoing_request_set_authority(component->b, plain_request(component), 2, 0, 0);
}

static void options_of_another_type(struct p2_program *component)
{
	uint32_t request = plain_request(component), fields = hf_p2_fields_new(component->b);
	hf_p2_outgoing_handle(component->b, request, 1, fields, P2_OUT);
}

static void text_beyond_the_end(struct p2_program *component)
{
	(void)hf_p2_outgoing_request_set_authority(component->b, plain_request(component), 1, GUEST_SIZE - 1, 2);
}

static void fields_outlive_their_request(struct p2_program *component)
{
	uint32_t request = plain_request(component);
	(void)hf_p2_outgoing_request_headers(component->b, request);
	hf_p2_drop(component->b, HF_P2_OUTGOING_REQUEST, request);
}

static void body_with_a_stream(struct p2_program *component)
{
	hf_b b = component->b;
	hf_p2_outgoing_request_body(b, plain_request(component), P2_OUT);
	uint32_t body = http_handle(component, 4);
	hf_p2_outgoing_body_write(b, body, P2_OUT);
	hf_p2_outgoing_body_finish(b, body, 0, 0, P2_OUT);
}

#define TYPES "wasi:http/types "

int main(void)
{
	p2_runs(denied);
	p2_runs(impossible);
	struct hf_listener *page = page_listens();
	p2_runs(too_many);
	hf_listener_close(page);
	p2_runs(parts);
	p2_runs(timeouts);
	p2_traps(unknown_method, TYPES "[method]outgoing-request.set-method: a method has no case 10");
	p2_traps(unknown_scheme, TYPES "[method]outgoing-request.set-scheme: a scheme has no case 3");
	p2_traps(unknown_option, TYPES "[method]outgoing-request.set-authority: an option has no case 2");
	p2_traps(options_of_another_type, "wasi:http/outgoing-handler handle: handle 2 is of another resource type");
	p2_traps(text_beyond_the_end,
	         TYPES "[method]outgoing-request.set-authority: the pointer 131071 is outside the component's memory");
	p2_traps(fields_outlive_their_request,
	         "resource.drop: the resource of handle 1 still has children: drop them first");
	p2_traps(body_with_a_stream,
	         TYPES "[static]outgoing-body.finish: the stream of the body with handle 2 must be dropped first");
	CHECK_EQ(hf_socket_count(), 0);
	return done();
}
