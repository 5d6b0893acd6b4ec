/* A request and its body reach the page, which answers with a response and a body; and what the two sides of it that end early see. */
#include "support/p2_http.h"

static struct hf_listener *page;

/* The stream of an outgoing-body. */
static uint32_t stream_of(struct p2_program *component, uint32_t body)
{
	hf_p2_outgoing_body_write(component->b, body, P2_OUT);
	uint32_t stream = http_handle(component, 4);
	hf_p2_outgoing_body_write(component->b, body, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	return stream;
}

static uint32_t body_of(struct p2_program *component, uint32_t request)
{
	hf_p2_outgoing_request_body(component->b, request, P2_OUT);
	uint32_t body = http_handle(component, 4);
	hf_p2_outgoing_request_body(component->b, request, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	return body;
}

static void finish(struct p2_program *component, uint32_t body)
{
	hf_p2_outgoing_body_finish(component->b, body, 0, 0, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
}

static void is_not_ready(struct p2_program *component, uint32_t future, uint32_t pollable)
{
	CHECK_EQ(hf_p2_pollable_ready(component->b, pollable), 0);
	hf_p2_future_response_get(component->b, future, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
}

/* The response of a future that is ready, which is then used up. */
static uint32_t response_of(struct p2_program *component, uint32_t future)
{
	hf_p2_future_response_get(component->b, future, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 8), 0);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 16), 0);
	uint32_t response = peek_u32(component->program, P2_OUT + 24);
	hf_p2_future_response_get(component->b, future, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 8), 1);
	hf_p2_drop(component->b, HF_P2_FUTURE_INCOMING_RESPONSE, future);
	return response;
}

/* The error of a future, which is dropped. */
static int error_of(struct p2_program *component, uint32_t future)
{
	hf_p2_future_response_get(component->b, future, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 16), 1);
	hf_p2_drop(component->b, HF_P2_FUTURE_INCOMING_RESPONSE, future);
	return peek_u8(component->program, P2_OUT + 24);
}

static void reads(struct p2_program *component, uint32_t input, const char *text)
{
	hf_p2_input_stream_read(component->b, input, 100, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
	http_is(component, P2_OUT + 4, text);
}

static void read_response(struct p2_program *component, uint32_t response, struct hf_socket *exchange)
{
	hf_b b = component->b;
	CHECK_EQ(hf_p2_incoming_response_status(b, response), 404);
	http_fields_are(component, hf_p2_incoming_response_headers(b, response), "x-a: 1\nset-cookie: b\n");
	hf_p2_incoming_response_consume(b, response, P2_OUT);
	uint32_t body = http_handle(component, 4);
	hf_p2_incoming_response_consume(b, response, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	hf_p2_drop(b, HF_P2_INCOMING_RESPONSE, response);
	hf_p2_incoming_body_stream(b, body, P2_OUT);
	uint32_t input = http_handle(component, 4);
	hf_p2_incoming_body_stream(b, body, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(s_write(exchange, "contents", 8), 8);
	reads(component, input, "contents");
	hf_socket_shutdown(exchange, HF_SHUT_WR);
	hf_p2_input_stream_read(b, input, 100, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 4), 1); /* closed */
	hf_p2_drop(b, HF_P2_INPUT_STREAM, input);
	uint32_t trailers = hf_p2_incoming_body_finish(b, body), pollable = hf_p2_future_trailers_subscribe(b, trailers);
	CHECK_EQ(hf_p2_pollable_ready(b, pollable), 1);
	hf_p2_drop(b, HF_P2_POLLABLE, pollable);
	for (int again = 0; again < 2; again++) {
		hf_p2_future_trailers_get(b, trailers, P2_OUT);
		CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
		CHECK_EQ(peek_u8(component->program, P2_OUT + 8), again);
		CHECK_EQ(peek_u8(component->program, P2_OUT + 16) | peek_u8(component->program, P2_OUT + 24), 0);
	}
	hf_p2_drop(b, HF_P2_FUTURE_TRAILERS, trailers);
}

static void whole(struct p2_program *component)
{
	hf_b b = component->b;
	struct hf_http_message message;
	char fields[1000], bytes[10];
	uint32_t request = http_request(component, http_fields(component, "A", "1"));
	CHECK_EQ(hf_p2_outgoing_request_set_method(b, request, 2, 0, 0), 0);
	uint32_t body = body_of(component, request), stream = stream_of(component, body);
	http_writes(component, stream, "early ");
	uint32_t future = http_sends(component, request), pollable = hf_p2_future_response_subscribe(b, future);
	http_writes(component, stream, "late");

	struct hf_socket *upload = page_accepts(page, &message, fields);
	CHECK_EQ(message.kind, HF_HTTP_UPLOAD);
	uint32_t number = message.upload;
	CHECK_EQ(s_read(upload, bytes, 10), 10);
	CHECK_BYTES(bytes, "early late", 10);
	struct hf_socket *exchange = page_accepts(page, &message, fields);
	CHECK_EQ(message.kind, HF_HTTP_REQUEST);
	CHECK_EQ(message.upload, number);
	CHECK_EQ(message.head_timeout | message.bytes_timeout, 0);
	CHECK_EQ(strcmp(fields, ":scheme: http\n:authority: host\n:path: /path\n:method: POST\na: 1\n"), 0);

	hf_p2_drop(b, HF_P2_OUTPUT_STREAM, stream);
	finish(component, body);
	page_reads(exchange, &message, fields);
	CHECK_EQ(message.kind, HF_HTTP_FINISH);
	CHECK_EQ(message.number, 10);
	CHECK_EQ(s_read(upload, bytes, 10), 0);
	hf_socket_close(upload);

	is_not_ready(component, future, pollable);
	page_sends(exchange, (struct hf_http_message){.kind = HF_HTTP_RESPONSE, .status = 404},
	           "x-a: 1\nconnection: close\nset-cookie: b\n");
	CHECK_EQ(hf_p2_pollable_ready(b, pollable), 1);
	hf_p2_drop(b, HF_P2_POLLABLE, pollable);
	read_response(component, response_of(component, future), exchange);
	CHECK_EQ(s_read(exchange, bytes, 1), 0); /* it was closed with the body */
	hf_socket_close(exchange);
	CHECK_EQ(component->p2->handles, 0);
	CHECK_EQ(component->p2->list_bytes, 0);
}

static void unfinished(struct p2_program *component)
{
	hf_b b = component->b;
	struct hf_http_message message;
	char fields[1000];
	uint32_t request = http_request(component, hf_p2_fields_new(b)), body = body_of(component, request);
	uint32_t future = http_sends(component, request);
	hf_p2_drop(b, HF_P2_OUTGOING_BODY, body);
	hf_socket_close(page_accepts(page, &message, fields));
	struct hf_socket *exchange = page_accepts(page, &message, fields);
	page_reads(exchange, &message, fields);
	CHECK_EQ(message.kind, HF_HTTP_ABORT);
	page_sends(exchange, (struct hf_http_message){.kind = HF_HTTP_ERROR, .status = HF_CODE_HTTP_UPGRADE_FAILED}, "");
	CHECK_EQ(error_of(component, future), HF_CODE_HTTP_UPGRADE_FAILED);
	hf_socket_close(exchange);
}

/* A body that is finished before the request is sent is reported with it; one whose length differs from the field is not finished. */
static void finished_first(struct p2_program *component)
{
	hf_b b = component->b;
	struct hf_http_message message;
	char fields[1000];
	uint32_t request = http_request(component, http_fields(component, "content-length", "2"));
	uint32_t body = body_of(component, request), stream = stream_of(component, body);
	http_writes(component, stream, "ab");
	hf_p2_drop(b, HF_P2_OUTPUT_STREAM, stream);
	finish(component, body);
	uint32_t future = http_sends(component, request);
	hf_socket_close(page_accepts(page, &message, fields));
	struct hf_socket *exchange = page_accepts(page, &message, fields);
	page_reads(exchange, &message, fields);
	CHECK_EQ(message.kind, HF_HTTP_FINISH);
	hf_p2_drop(b, HF_P2_FUTURE_INCOMING_RESPONSE, future);
	CHECK_EQ(s_write(exchange, "x", 1), -HF_EPIPE); /* the response is not wanted */
	hf_socket_close(exchange);

	request = http_request(component, http_fields(component, "content-length", "3"));
	body = body_of(component, request);
	hf_p2_outgoing_body_finish(b, body, 0, 0, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 8), HF_CODE_HTTP_REQUEST_BODY_SIZE);
	CHECK_EQ(peek_u64(component->program, P2_OUT + 24), 0);
	hf_p2_drop(b, HF_P2_OUTGOING_REQUEST, request);
	hf_socket_close(page_accepts(page, &message, fields));
}

static void trailers_are_refused(struct p2_program *component)
{
	hf_b b = component->b;
	uint32_t request = http_request(component, hf_p2_fields_new(b)), body = body_of(component, request);
	hf_p2_outgoing_body_finish(b, body, 1, http_fields(component, "a", "1"), P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 8), HF_CODE_INTERNAL_ERROR);
	http_is(component, P2_OUT + 20, "fetch cannot send trailers");
	hf_p2_drop(b, HF_P2_OUTGOING_REQUEST, request);
	request = http_request(component, hf_p2_fields_new(b));
	body = body_of(component, request);
	hf_p2_outgoing_body_finish(b, body, 1, hf_p2_fields_new(b), P2_OUT); /* none are */
	CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
	hf_p2_drop(b, HF_P2_OUTGOING_REQUEST, request);
	for (int i = 0; i < 2; i++)
		hf_socket_close(accept_from(page));
}

/* The page breaks off a response: the component's read fails, and the error has a code. */
static void broken(struct p2_program *component, uint8_t why, enum hf_p2_http_code code)
{
	hf_b b = component->b;
	struct hf_http_message message;
	char fields[1000];
	uint32_t future = http_sends(component, http_request(component, hf_p2_fields_new(b)));
	struct hf_socket *exchange = page_accepts(page, &message, fields);
	page_sends(exchange, (struct hf_http_message){.kind = HF_HTTP_RESPONSE, .status = 404}, "");
	uint32_t response = response_of(component, future);
	hf_p2_incoming_response_consume(b, response, P2_OUT);
	uint32_t body = http_handle(component, 4);
	hf_p2_incoming_body_stream(b, body, P2_OUT);
	uint32_t input = http_handle(component, 4);
	hf_pipe_fail(exchange->out, why);
	hf_p2_input_stream_read(b, input, 100, P2_OUT);
	CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 4), 0);
	hf_p2_http_error_code(b, peek_u32(component->program, P2_OUT + 8), P2_OUT + 64);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 64), 1);
	CHECK_EQ(peek_u8(component->program, P2_OUT + 72), code);
	hf_socket_close(exchange);
}

static void breaks(struct p2_program *component)
{
	broken(component, HF_ECONNRESET, HF_CODE_HTTP_RESPONSE_INCOMPLETE);
	broken(component, HF_ETIMEDOUT, HF_CODE_CONNECTION_READ_TIMEOUT);
}

/* The page no longer reads when the component finishes the body; the response still arrives, and not from another descriptor. */
static void answered_early(struct p2_program *component)
{
	hf_b b = component->b;
	struct hf_http_message message;
	char fields[1000];
	uint32_t request = http_request(component, hf_p2_fields_new(b)), body = body_of(component, request);
	uint32_t future = http_sends(component, request);
	struct hf_socket *upload = page_accepts(page, &message, fields);
	struct hf_socket *exchange = page_accepts(page, &message, fields);
	page_sends(exchange, (struct hf_http_message){.kind = HF_HTTP_RESPONSE, .status = 404}, "x-a: 1\nset-cookie: b\n");
	hf_socket_shutdown(exchange, HF_SHUT_RD);
	finish(component, body);
	read_response(component, response_of(component, future), exchange);
	hf_socket_close(upload);
	hf_socket_close(exchange);
}

static void page_closes(struct p2_program *component)
{
	uint32_t future = http_sends(component, http_request(component, hf_p2_fields_new(component->b)));
	hf_socket_close(accept_from(page));
	CHECK_EQ(error_of(component, future), HF_CODE_INTERNAL_ERROR);
}

static void answers_while_it_waits(struct p2_program *component)
{
	struct hf_http_message message;
	char fields[1000];
	(void)component;
	struct hf_socket *exchange = page_accepts(page, &message, fields);
	page_sends(exchange, (struct hf_http_message){.kind = HF_HTTP_RESPONSE, .status = 200}, "");
	hf_socket_close(exchange);
}

static void waits(struct p2_program *component)
{
	uint32_t future = http_sends(component, http_request(component, hf_p2_fields_new(component->b)));
	uint32_t pollable = hf_p2_future_response_subscribe(component->b, future);
	p2_meanwhile(component, answers_while_it_waits);
	hf_p2_pollable_block(component->b, pollable);
	hf_p2_drop(component->b, HF_P2_POLLABLE, pollable);
	CHECK_EQ(hf_p2_incoming_response_status(component->b, response_of(component, future)), 200);
}

int main(void)
{
	void (*const guests[])(struct p2_program *) = {whole,  unfinished,     finished_first, trailers_are_refused,
	                                               breaks, answered_early, page_closes,    waits};
	for (size_t i = 0; i < sizeof guests / sizeof *guests; i++) {
		page = page_listens();
		p2_runs(guests[i]);
		hf_listener_close(page);
		CHECK_EQ(hf_socket_count(), 0);
	}
	return done();
}
