// wit: http.wit#http-client
/* Makes one HTTP request, and prints the response: its status, its fields as "name: value", an empty line, and its body.
 *
 *   http-client METHOD http://AUTHORITY/PATH [OPTION VALUE]…
 *     field NAME=VALUE        adds a field
 *     body TEXT               sends a body
 *     early TEXT              the same, but writes it before the request is sent
 *     repeat COUNT            writes the body this many times
 *     length BYTES            declares this length of the body
 *     unfinished TEXT         sends a body, waits for a line of input, and drops it
 *     timeouts CONNECT,FIRST,BETWEEN    in milliseconds; 0: none
 *     drop ANY                drops the future response, and prints "dropped"
 *     after BYTES             drops the response after this many bytes of its body, waits for a line of input, and prints "enough"
 *
 * An error is printed as "error CODE TEXT" with the number of its case, and of the body as "body failed CODE".
 *
 * It has no "guest" header, because it needs a server: tests/node/http.test.mjs runs it. */
#include "wasi-http.h"

struct options {
	const char *body, *early, *length, *unfinished, *timeouts;
	long repeat, after;
	bool drop;
};

static struct options options = {.repeat = 1, .after = -1};
static uint32_t fields;

static void add_pair(char *pair)
{
	char *sign = strchr(pair, '=');
	CHECK(sign);
	*sign = 0;
	add_field(fields, pair, sign + 1);
}

static void read_option(const char *name, char *value)
{
	if (strcmp(name, "field") == 0)
		add_pair(value);
	else if (strcmp(name, "body") == 0)
		options.body = value;
	else if (strcmp(name, "early") == 0)
		options.early = value;
	else if (strcmp(name, "repeat") == 0)
		options.repeat = atol(value);
	else if (strcmp(name, "length") == 0)
		add_field(fields, "Content-Length", value);
	else if (strcmp(name, "unfinished") == 0)
		options.unfinished = value;
	else if (strcmp(name, "timeouts") == 0)
		options.timeouts = value;
	else if (strcmp(name, "after") == 0)
		options.after = atol(value);
	else if (strcmp(name, "drop") == 0)
		options.drop = true;
	else
		CHECK(!"a known option");
}

static void set_method(uint32_t request, const char *method)
{
	static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
	uint32_t tag = 0;
	while (tag < METHOD_OTHER && strcmp(names[tag], method) != 0)
		tag++;
	CHECK_EQ(outgoing_request_set_method(request, tag, method, strlen(method)), 0);
}

static uint32_t new_request(const char *method, const char *url)
{
	uint32_t request = outgoing_request_new(fields);
	const char *authority = strstr(url, "://") + 3, *path = strchr(authority, '/');
	set_method(request, method);
	CHECK_EQ(outgoing_request_set_scheme(request, 1, url[4] == 's' ? SCHEME_HTTPS : SCHEME_HTTP, NULL, 0), 0);
	CHECK_EQ(outgoing_request_set_authority(request, 1, authority, (size_t)(path - authority)), 0);
	CHECK_EQ(outgoing_request_set_path(request, 1, path, strlen(path)), 0);
	return request;
}

static uint32_t new_options(void)
{
	unsigned long long connect, first, between;
	uint32_t made = request_options_new();
	CHECK_EQ(sscanf(options.timeouts, "%llu,%llu,%llu", &connect, &first, &between), 3);
	CHECK_EQ(set_connect_timeout(made, connect > 0, connect * MILLISECOND), 0);
	CHECK_EQ(set_first_byte_timeout(made, first > 0, first * MILLISECOND), 0);
	CHECK_EQ(set_between_bytes_timeout(made, between > 0, between * MILLISECOND), 0);
	return made;
}

static void print_error(const struct error_code *error)
{
	printf("error %d", error->code);
	if (error->code == INTERNAL_ERROR && error->payload[0])
		printf(" %.*s", (int)*(const uint32_t *)(error->payload + 8), *(char *const *)(error->payload + 4));
	if (error->code == REQUEST_BODY_SIZE && error->payload[0])
		printf(" %llu", *(const unsigned long long *)(error->payload + 8));
	printf("\n");
}

static void send(uint32_t body, const char *text)
{
	uint32_t stream = stream_of(body);
	bool open = true;
	for (long i = 0; i < options.repeat && open; i++)
		open = write_all(stream, text, strlen(text));
	if (!open)
		printf("the body is not read\n");
	drop_output(stream);
}

/* Finishes the body, or prints why that fails. */
static void end_body(uint32_t body)
{
	struct http_result result;
	outgoing_body_finish(body, 0, 0, &result);
	if (result.failed)
		print_error(&result.error);
}

static void wait_for_line(void)
{
	fflush(stdout);
	while (getchar() != '\n')
		continue;
}

static uint32_t send_request(uint32_t request)
{
	struct http_result result;
	const char *text = options.body ? options.body : options.unfinished;
	uint32_t body = text || options.early ? body_of_request(request) : 0;
	if (options.early) {
		send(body, options.early);
		end_body(body);
	}
	outgoing_handle(request, options.timeouts != NULL, options.timeouts ? new_options() : 0, &result);
	if (result.failed) {
		print_error(&result.error);
		exit(0);
	}
	if (text)
		send(body, text);
	if (options.body)
		end_body(body);
	if (options.unfinished) {
		wait_for_line();
		outgoing_body_drop(body);
	}
	return result.handle;
}

static void print_fields(uint32_t response)
{
	struct entry {
		struct list name, value;
	};
	struct list entries;
	uint32_t headers = incoming_response_headers(response);
	fields_entries(headers, &entries);
	const struct entry *entry = (const struct entry *)entries.at;
	for (size_t i = 0; i < entries.count; i++, entry++)
		printf("%.*s: %.*s\n", (int)entry->name.count, entry->name.at, (int)entry->value.count, entry->value.at);
	printf("\n");
	fields_drop(headers);
}

static void print_body(uint32_t response)
{
	struct handle_result consumed;
	wasip2_list_u8_t bytes;
	int error = 0, result;
	long size = 0;
	incoming_response_consume(response, &consumed);
	uint32_t body = opened(consumed), stream = stream_of_incoming(body);
	incoming_response_consume(response, &consumed);
	CHECK_EQ((uint8_t)consumed.failed, 1);
	while ((result = read_some(stream, &bytes, &error)) == 1 && (options.after < 0 || size < options.after)) {
		size += (long)bytes.len;
		fwrite(bytes.ptr, 1, bytes.len, stdout);
		fflush(stdout);
		free(bytes.ptr);
	}
	if (result < 0)
		printf("body failed %d\n", error);
	drop_input(stream);
	if (options.after >= 0) {
		incoming_body_drop(body);
		wait_for_line();
		printf("enough\n");
		return;
	}
	struct future_result trailers;
	uint32_t future = incoming_body_finish(body);
	wait_for(future_trailers_subscribe(future));
	future_trailers_get(future, &trailers);
	CHECK(trailers.some && !trailers.taken && !trailers.result.failed && (uint8_t)trailers.result.handle == 0);
	future_trailers_drop(future);
}

int main(int argc, char **argv)
{
	CHECK(argc >= 3);
	fields = fields_new();
	for (int i = 3; i + 1 < argc; i += 2)
		read_option(argv[i], argv[i + 1]);
	uint32_t future = send_request(new_request(argv[1], argv[2]));
	if (options.drop) {
		future_drop(future);
		printf("dropped\n");
		wait_for_line();
		return 0;
	}
	struct http_result result = response_of(future);
	if (result.failed) {
		print_error(&result.error);
		return 0;
	}
	printf("%u\n", incoming_response_status(result.handle));
	print_fields(result.handle);
	print_body(result.handle);
	incoming_response_drop(result.handle);
	return 0;
}
