// wit: http.wit#http-server
// flags: -mexec-model=reactor
/* Answers HTTP requests; what it does depends on the path.
 *
 *   /hello      "METHOD SCHEME AUTHORITY PATH\n", and the field "x-own" if the request has it, with the status 201
 *   /greet?name=NAME    "hello, NAME\n"
 *   /echo       the request's body, as it comes
 *   /count      how many requests this instance has answered
 *   /empty      204 without a body
 *   /early      writes the body before it sets the response
 *   /twice      sends 1.2 MB: 60,000 bytes of "x", 20 times
 *   /proxy?URL  the response of a GET of the URL
 *   /error      sets the error HTTP-request-denied; /internal: internal-error("out of order")
 *   /none       returns without a response; /drop: drops the response-outparam
 *   /unfinished does not finish its body; /short: finishes a body that is shorter than its Content-Length
 *   /trap       traps before it has sent anything; /late: after a part of the body
 *   /hang       never returns
 *   /print      prints to standard output and standard error
 *
 * It has no "guest" header: tests/node/http-serve.test.mjs runs it. */
#include "wasi-http.h"

struct text {
	char *at;
	size_t size;
};

struct option_text {
	uint32_t some;
	struct text text;
};

static int count;

static uint32_t new_response(uint32_t status, uint32_t *body)
{
	struct handle_result result;
	uint32_t response = outgoing_response_new(fields_new());
	CHECK_EQ(outgoing_response_status(response), 200);
	CHECK_EQ(outgoing_response_set_status(response, status), 0);
	CHECK_EQ(outgoing_response_set_status(response, 99), 1);
	CHECK_EQ(outgoing_response_status(response), status);
	if (body) {
		outgoing_response_body(response, &result);
		*body = opened(result);
		outgoing_response_body(response, &result);
		CHECK_EQ((uint8_t)result.failed, 1);
	}
	return response;
}

static void answer(uint32_t out, uint32_t response)
{
	response_outparam_set(out, 0, response, 0, 0, 0, 0, 0, 0);
}

static void answer_text(uint32_t out, uint32_t status, const char *text)
{
	uint32_t body, response = new_response(status, &body);
	answer(out, response);
	uint32_t stream = stream_of(body);
	CHECK(write_all(stream, text, strlen(text)));
	drop_output(stream);
	finish_body(body);
}

static void hello(uint32_t request, uint32_t out)
{
	struct {
		uint32_t tag;
		struct text other;
	} method;
	struct {
		uint32_t some, tag;
		struct text other;
	} scheme;
	struct option_text authority, path;
	struct list values;
	char text[1000];
	uint32_t headers = incoming_request_headers(request);
	incoming_request_method(request, &method);
	incoming_request_scheme(request, &scheme);
	incoming_request_authority(request, &authority);
	incoming_request_path(request, &path);
	fields_get(headers, "X-Own", 5, &values);
	const struct list *value = (const struct list *)values.at;
	fields_drop(headers);
	CHECK((uint8_t)scheme.some && (uint8_t)authority.some && (uint8_t)path.some);
	snprintf(text, sizeof text, "%d %.*s %d %.*s %.*s\n%.*s", (uint8_t)method.tag,
	         (uint8_t)method.tag == METHOD_OTHER ? (int)method.other.size : 0, method.other.at, (uint8_t)scheme.tag,
	         (int)authority.text.size, authority.text.at, (int)path.text.size, path.text.at,
	         values.count ? (int)value->count : 0, values.count ? (char *)value->at : "");
	answer_text(out, 201, text);
}

static void echo(uint32_t request, uint32_t out)
{
	struct handle_result consumed;
	wasip2_list_u8_t bytes;
	int error = 0, result;
	uint32_t body, response = new_response(200, &body);
	answer(out, response);
	incoming_request_consume(request, &consumed);
	uint32_t from = opened(consumed), input = stream_of_incoming(from), output = stream_of(body);
	while ((result = read_some(input, &bytes, &error)) == 1 && write_all(output, bytes.ptr, bytes.len))
		free(bytes.ptr);
	drop_input(input);
	drop_output(output);
	future_trailers_drop(incoming_body_finish(from));
	if (result == 0)
		finish_body(body);
	else
		outgoing_body_drop(body);
}

static void early(uint32_t out)
{
	uint32_t body, response = new_response(200, &body), stream = stream_of(body);
	CHECK(write_all(stream, "early", 5));
	drop_output(stream);
	finish_body(body);
	answer(out, response);
}

static void many(uint32_t out)
{
	static char bytes[60000];
	uint32_t body;
	memset(bytes, 'x', sizeof bytes);
	answer(out, new_response(200, &body));
	uint32_t stream = stream_of(body);
	bool open = true;
	for (int i = 0; i < 20 && open; i++)
		open = write_all(stream, bytes, sizeof bytes);
	drop_output(stream);
	if (open)
		finish_body(body);
	else
		outgoing_body_drop(body);
}

static void proxy(const char *url, size_t size, uint32_t out)
{
	struct http_result started;
	struct handle_result consumed;
	wasip2_list_u8_t bytes;
	int error = 0;
	uint32_t request = outgoing_request_new(fields_new());
	const char *authority = memchr(url, '/', size) + 2,
			   *path = memchr(authority, '/', size - (size_t)(authority - url));
	CHECK_EQ(outgoing_request_set_scheme(request, 1, SCHEME_HTTP, NULL, 0), 0);
	CHECK_EQ(outgoing_request_set_authority(request, 1, authority, (size_t)(path - authority)), 0);
	CHECK_EQ(outgoing_request_set_path(request, 1, path, size - (size_t)(path - url)), 0);
	outgoing_handle(request, 0, 0, &started);
	if (!started.failed)
		started = response_of(started.handle);
	if (started.failed) {
		response_outparam_set(out, 1, started.error.code, 0, 0, 0, 0, 0, 0);
		return;
	}
	uint32_t body;
	answer(out, new_response(incoming_response_status(started.handle), &body));
	incoming_response_consume(started.handle, &consumed);
	uint32_t from = opened(consumed), input = stream_of_incoming(from), output = stream_of(body);
	while (read_some(input, &bytes, &error) == 1 && write_all(output, bytes.ptr, bytes.len))
		free(bytes.ptr);
	drop_input(input);
	drop_output(output);
	incoming_body_drop(from);
	incoming_response_drop(started.handle);
	finish_body(body);
}

static void part(uint32_t out, const char *length)
{
	struct http_result result;
	uint32_t body, fields = fields_new();
	struct handle_result opening;
	if (length)
		add_field(fields, "content-length", length);
	uint32_t response = outgoing_response_new(fields);
	outgoing_response_body(response, &opening);
	body = opened(opening);
	answer(out, response);
	uint32_t stream = stream_of(body);
	CHECK(write_all(stream, "part", 4));
	drop_output(stream);
	if (!length)
		return;
	outgoing_body_finish(body, 0, 0, &result);
	CHECK_EQ(result.failed, 1);
}

__attribute__((export_name("wasi:http/incoming-handler@0.2.12#handle"))) void handle(uint32_t request, uint32_t out)
{
	static const char text[] = "out of order";
	struct option_text path;
	char number[20], greeting[100];
	incoming_request_path(request, &path);
	CHECK((uint8_t)path.some);
	count++;
#define IS(name) (path.text.size >= strlen(name) && memcmp(path.text.at, name, strlen(name)) == 0)
	if (IS("/hello"))
		hello(request, out);
	else if (IS("/greet?name=")) {
		snprintf(greeting, sizeof greeting, "hello, %.*s\n", (int)path.text.size - 12, path.text.at + 12);
		answer_text(out, 200, greeting);
	} else if (IS("/echo"))
		echo(request, out);
	else if (IS("/count"))
		answer_text(out, 200, (snprintf(number, sizeof number, "%d", count), number));
	else if (IS("/empty"))
		answer(out, new_response(204, NULL));
	else if (IS("/early"))
		early(out);
	else if (IS("/twice"))
		many(out);
	else if (IS("/proxy?"))
		proxy(path.text.at + 7, path.text.size - 7, out);
	else if (IS("/error"))
		response_outparam_set(out, 1, REQUEST_DENIED, 0, 0, 0, 0, 0, 0);
	else if (IS("/internal"))
		response_outparam_set(out, 1, INTERNAL_ERROR, 1, (uintptr_t)text, sizeof text - 1, 0, 0, 0);
	else if (IS("/drop"))
		response_outparam_drop(out);
	else if (IS("/unfinished"))
		part(out, NULL);
	else if (IS("/short"))
		part(out, "5");
	else if (IS("/trap"))
		__builtin_trap();
	else if (IS("/late"))
		part(out, NULL), __builtin_trap();
	else if (IS("/hang"))
		for (volatile int i = 0;; i++)
			continue;
	else if (IS("/print"))
		printf("to output\n"), fflush(stdout), fprintf(stderr, "to errors\n"), answer_text(out, 200, "printed");
	incoming_request_drop(request);
}
