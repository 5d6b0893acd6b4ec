/* A process that answers a request: it waits for the page's request, and sends a response with a body, an error, or nothing. */
#include "support/p2_http.h"

static struct hf_listener *page;
static struct hf_socket *exchange;

/* The page asks while the component waits. */
static void ask(struct p2_program *component)
{
	struct hf_http_message message;
	char fields[1000];
	(void)component;
	exchange = page_accepts(page, &message, fields);
	CHECK_EQ(message.kind, HF_HTTP_ACCEPT);
	page_sends(exchange, (struct hf_http_message){.kind = HF_HTTP_REQUEST},
	           ":method: PROPFIND\n:scheme: https\n:authority: host:8\n:path: /path?q\nx-a: 1\nhost: host\nx-b: 2\n");
	CHECK_EQ(s_write(exchange, "body", 4), 4);
}

/* Waits for the request. Returns its handle, and the outparam's. */
static uint32_t serve(struct p2_program *component, uint32_t *outparam)
{
	p2_meanwhile(component, ask);
	uint64_t handles = hf_p2_serve(component->instance);
	*outparam = (uint32_t)(handles >> 32);
	return (uint32_t)handles;
}

static void read_request(struct p2_program *component, uint32_t request)
{
	hf_b b = component->b;
	hf_p2_incoming_request_method(b, request, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 9);
	http_is(component, P2_OUT + 4, "PROPFIND");
	hf_p2_incoming_request_scheme(b, request, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 4), 1); /* HTTPS */
	hf_p2_incoming_request_authority(b, request, P2_OUT);
	http_is(component, P2_OUT + 4, "host:8");
	hf_p2_incoming_request_path_with_query(b, request, P2_OUT);
	http_is(component, P2_OUT + 4, "/path?q");
	http_fields_are(component, hf_p2_incoming_request_headers(b, request), "x-a: 1\nx-b: 2\n");
	hf_p2_incoming_request_consume(b, request, P2_OUT);
	uint32_t body = http_handle(component, 4);
	hf_p2_incoming_request_consume(b, request, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	hf_p2_incoming_body_stream(b, body, P2_OUT);
	uint32_t input = http_handle(component, 4);
	hf_p2_input_stream_blocking_read(b, input, 100, P2_OUT);
	http_is(component, P2_OUT + 4, "body");
	hf_p2_drop(b, HF_P2_INPUT_STREAM, input);
	hf_p2_drop(b, HF_P2_FUTURE_TRAILERS, hf_p2_incoming_body_finish(b, body));
	hf_p2_drop(b, HF_P2_INCOMING_REQUEST, request);
	CHECK_EQ(s_write(exchange, "more", 4), -HF_EPIPE); /* the rest of the body is not wanted */
}

static void with_a_body(struct p2_program *component)
{
	hf_b b = component->b;
	struct hf_http_message message;
	char fields[1000], bytes[10];
	uint32_t outparam, request = serve(component, &outparam);
	read_request(component, request);
	uint32_t response = hf_p2_outgoing_response_new(b, http_fields(component, "X-C", "3"));
	CHECK_EQ(hf_p2_outgoing_response_status_code(b, response), 200);
	CHECK_EQ(hf_p2_outgoing_response_set_status_code(b, response, 99), 1);
	CHECK_EQ(hf_p2_outgoing_response_set_status_code(b, response, 404), 0);
	CHECK_EQ(hf_p2_outgoing_response_status_code(b, response), 404);
	http_fields_are(component, hf_p2_outgoing_response_headers(b, response), "x-c: 3\n");
	hf_p2_outgoing_response_body(b, response, P2_OUT);
	uint32_t body = http_handle(component, 4);
	hf_p2_outgoing_response_body(b, response, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	hf_p2_response_outparam_set(b, outparam, 0, response, 0, 0, 0, 0, 0, 0);
	page_reads(exchange, &message, fields);
	CHECK_EQ(message.kind, HF_HTTP_RESPONSE);
	CHECK_EQ(message.status, 404);
	CHECK_EQ(strcmp(fields, "x-c: 3\n"), 0);
	hf_p2_outgoing_body_write(b, body, P2_OUT);
	uint32_t output = http_handle(component, 4), number = message.upload;
	http_writes(component, output, "answer");
	hf_p2_drop(b, HF_P2_OUTPUT_STREAM, output);
	hf_p2_outgoing_body_finish(b, body, 0, 0, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
	page_reads(exchange, &message, fields);
	CHECK_EQ(message.kind, HF_HTTP_FINISH);
	struct hf_socket *upload = page_accepts(page, &message, fields);
	CHECK_EQ(message.upload, number);
	CHECK_EQ(s_read(upload, bytes, 10), 6);
	hf_socket_close(upload);
	CHECK_EQ(component->p2->handles, 0);
}

static void drops(struct p2_program *component)
{
	struct hf_http_message message;
	char fields[1000];
	uint32_t outparam, request = serve(component, &outparam);
	hf_p2_send_informational(component->b, outparam, 103, hf_p2_fields_new(component->b), P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 8), HF_CODE_INTERNAL_ERROR);
	hf_p2_drop(component->b, HF_P2_RESPONSE_OUTPARAM, outparam);
	hf_p2_drop(component->b, HF_P2_INCOMING_REQUEST, request);
	page_reads(exchange, &message, fields);
	CHECK_EQ(message.kind, HF_HTTP_ABORT);
}

static void without_a_page(struct p2_program *component)
{
	hf_listener_close(page);
	(void)hf_p2_serve(component->instance);
	CHECK(!"it has ended");
}

/* The page has closed the server: the process ends, and that is no error. */
static void ends(void)
{
	struct p2_program *component = p2_begin();
	page = page_listens();
	CHECK(program_run(component->program, (void (*)(void *))without_a_page, component));
	CHECK_EQ(component->program->process->reason, HF_EXIT_EXIT);
	CHECK_EQ(component->program->process->code, 0);
	p2_end(component);
}

int main(void)
{
	void (*const guests[])(struct p2_program *) = {with_a_body, drops};
	for (size_t i = 0; i < sizeof guests / sizeof *guests; i++) {
		page = page_listens();
		p2_runs(guests[i]);
		hf_socket_close(exchange);
		hf_listener_close(page);
		CHECK_EQ(hf_socket_count(), 0);
	}
	ends();
	return done();
}
