/* wasi-http.h - wasi:http for guests, as the canonical ABI lowers it: handles and tags are numbers, and results are stored through the last parameter. */
#ifndef GUEST_WASI_HTTP_H
#define GUEST_WASI_HTTP_H

#include "wasi2.h"

#define HTTP(name) __attribute__((import_module("wasi:http/types@0.2.12"), import_name(name)))
#define HANDLER(name) __attribute__((import_module("wasi:http/outgoing-handler@0.2.12"), import_name(name)))

/* Strings and lists of bytes. */
struct list {
	uint8_t *at;
	size_t count;
};

/* Of all results, the first byte says which case it is. */
struct handle_result {
	uint32_t failed;
	uint32_t handle;
};

struct error_code {
	_Alignas(8) uint8_t code;
	_Alignas(8) uint8_t payload[24];
};

struct http_result {
	_Alignas(8) uint8_t failed;
	union {
		uint32_t handle;
		struct error_code error;
	};
};

/* option<result<result<T, error-code>>> */
struct future_result {
	_Alignas(8) uint8_t some;
	_Alignas(8) uint8_t taken;
	struct http_result result;
};

/* Some cases of error-code, and of method. */
enum {
	CONNECTION_REFUSED = 6,
	CONNECTION_READ_TIMEOUT = 9,
	REQUEST_DENIED = 15,
	REQUEST_BODY_SIZE = 17,
	INTERNAL_ERROR = 38
};
enum { METHOD_GET = 0, METHOD_POST = 2, METHOD_OTHER = 9 };
enum { SCHEME_HTTP = 0, SCHEME_HTTPS = 1 };

HTTP("http-error-code") void http_error_code(uint32_t error, void *out);
HTTP("[constructor]fields") uint32_t fields_new(void);
HTTP("[static]fields.from-list") void fields_from_list(const void *entries, size_t count, struct handle_result *out);
HTTP("[method]fields.get") void fields_get(uint32_t self, const char *name, size_t size, struct list *out);
HTTP("[method]fields.has") uint32_t fields_has(uint32_t self, const char *name, size_t size);
HTTP("[method]fields.set")
void fields_set(uint32_t self, const char *name, size_t size, const struct list *values, size_t count, uint8_t *out);
HTTP("[method]fields.delete") void fields_delete(uint32_t self, const char *name, size_t size, uint8_t *out);
HTTP("[method]fields.append")
void fields_append(uint32_t self, const char *name, size_t size, const char *value, size_t count, uint8_t *out);
HTTP("[method]fields.entries") void fields_entries(uint32_t self, struct list *out);
HTTP("[method]fields.clone") uint32_t fields_clone(uint32_t self);
HTTP("[resource-drop]fields") void fields_drop(uint32_t self);

HTTP("[constructor]outgoing-request") uint32_t outgoing_request_new(uint32_t headers);
HTTP("[method]outgoing-request.body") void outgoing_request_body(uint32_t self, struct handle_result *out);
HTTP("[method]outgoing-request.method") void outgoing_request_method(uint32_t self, void *out);
HTTP("[method]outgoing-request.set-method")
uint32_t outgoing_request_set_method(uint32_t self, uint32_t tag, const char *other, size_t size);
HTTP("[method]outgoing-request.path-with-query") void outgoing_request_path(uint32_t self, void *out);
HTTP("[method]outgoing-request.set-path-with-query")
uint32_t outgoing_request_set_path(uint32_t self, uint32_t some, const char *text, size_t size);
HTTP("[method]outgoing-request.scheme") void outgoing_request_scheme(uint32_t self, void *out);
HTTP("[method]outgoing-request.set-scheme")
uint32_t outgoing_request_set_scheme(uint32_t self, uint32_t some, uint32_t tag, const char *other, size_t size);
HTTP("[method]outgoing-request.authority") void outgoing_request_authority(uint32_t self, void *out);
HTTP("[method]outgoing-request.set-authority")
uint32_t outgoing_request_set_authority(uint32_t self, uint32_t some, const char *text, size_t size);
HTTP("[method]outgoing-request.headers") uint32_t outgoing_request_headers(uint32_t self);
HTTP("[resource-drop]outgoing-request") void outgoing_request_drop(uint32_t self);

HTTP("[constructor]request-options") uint32_t request_options_new(void);
HTTP("[method]request-options.connect-timeout") void connect_timeout(uint32_t self, void *out);
HTTP("[method]request-options.set-connect-timeout")
uint32_t set_connect_timeout(uint32_t self, uint32_t some, uint64_t duration);
HTTP("[method]request-options.first-byte-timeout") void first_byte_timeout(uint32_t self, void *out);
HTTP("[method]request-options.set-first-byte-timeout")
uint32_t set_first_byte_timeout(uint32_t self, uint32_t some, uint64_t duration);
HTTP("[method]request-options.between-bytes-timeout") void between_bytes_timeout(uint32_t self, void *out);
HTTP("[method]request-options.set-between-bytes-timeout")
uint32_t set_between_bytes_timeout(uint32_t self, uint32_t some, uint64_t duration);

HANDLER("handle") void outgoing_handle(uint32_t request, uint32_t some, uint32_t options, struct http_result *out);

HTTP("[method]future-incoming-response.subscribe") uint32_t future_subscribe(uint32_t self);
HTTP("[method]future-incoming-response.get") void future_get(uint32_t self, struct future_result *out);
HTTP("[resource-drop]future-incoming-response") void future_drop(uint32_t self);
HTTP("[method]incoming-response.status") uint32_t incoming_response_status(uint32_t self);
HTTP("[method]incoming-response.headers") uint32_t incoming_response_headers(uint32_t self);
HTTP("[method]incoming-response.consume") void incoming_response_consume(uint32_t self, struct handle_result *out);
HTTP("[resource-drop]incoming-response") void incoming_response_drop(uint32_t self);

HTTP("[method]incoming-body.stream") void incoming_body_stream(uint32_t self, struct handle_result *out);
HTTP("[static]incoming-body.finish") uint32_t incoming_body_finish(uint32_t self);
HTTP("[resource-drop]incoming-body") void incoming_body_drop(uint32_t self);
HTTP("[method]future-trailers.subscribe") uint32_t future_trailers_subscribe(uint32_t self);
HTTP("[method]future-trailers.get") void future_trailers_get(uint32_t self, struct future_result *out);
HTTP("[resource-drop]future-trailers") void future_trailers_drop(uint32_t self);
HTTP("[method]outgoing-body.write") void outgoing_body_write(uint32_t self, struct handle_result *out);
HTTP("[static]outgoing-body.finish")
void outgoing_body_finish(uint32_t self, uint32_t some, uint32_t trailers, struct http_result *out);
HTTP("[resource-drop]outgoing-body") void outgoing_body_drop(uint32_t self);

HTTP("[method]incoming-request.method") void incoming_request_method(uint32_t self, void *out);
HTTP("[method]incoming-request.path-with-query") void incoming_request_path(uint32_t self, void *out);
HTTP("[method]incoming-request.scheme") void incoming_request_scheme(uint32_t self, void *out);
HTTP("[method]incoming-request.authority") void incoming_request_authority(uint32_t self, void *out);
HTTP("[method]incoming-request.headers") uint32_t incoming_request_headers(uint32_t self);
HTTP("[method]incoming-request.consume") void incoming_request_consume(uint32_t self, struct handle_result *out);
HTTP("[resource-drop]incoming-request") void incoming_request_drop(uint32_t self);
HTTP("[constructor]outgoing-response") uint32_t outgoing_response_new(uint32_t headers);
HTTP("[method]outgoing-response.status-code") uint32_t outgoing_response_status(uint32_t self);
HTTP("[method]outgoing-response.set-status-code")
uint32_t outgoing_response_set_status(uint32_t self, uint32_t status);
HTTP("[method]outgoing-response.headers") uint32_t outgoing_response_headers(uint32_t self);
HTTP("[method]outgoing-response.body") void outgoing_response_body(uint32_t self, struct handle_result *out);
HTTP("[static]response-outparam.set")
void response_outparam_set(uint32_t param, uint32_t failed, uint32_t a0, uint32_t a1, uint64_t a2, uint32_t a3,
                           uint32_t a4, uint32_t a5, uint32_t a6);
HTTP("[method]response-outparam.send-informational")
void send_informational(uint32_t self, uint32_t status, uint32_t headers, struct http_result *out);
HTTP("[resource-drop]response-outparam") void response_outparam_drop(uint32_t self);

/* ---- what guests do often ---- */

static inline uint32_t opened(struct handle_result result)
{
	CHECK_EQ((uint8_t)result.failed, 0);
	return result.handle;
}

static inline void add_field(uint32_t fields, const char *name, const char *value)
{
	uint8_t result[2];
	fields_append(fields, name, strlen(name), value, strlen(value), result);
	CHECK_EQ(result[0], 0);
}

static inline uint32_t body_of_request(uint32_t request)
{
	struct handle_result body;
	outgoing_request_body(request, &body);
	return opened(body);
}

static inline uint32_t stream_of(uint32_t outgoing_body)
{
	struct handle_result stream;
	outgoing_body_write(outgoing_body, &stream);
	return opened(stream);
}

/* Writes all bytes; false: the stream is closed. */
static inline bool write_all(uint32_t stream, const void *bytes, size_t size)
{
	streams_borrow_output_stream_t to = {(int32_t)stream};
	for (size_t done = 0, part; done < size; done += part) {
		streams_stream_error_t error;
		part = size - done < 4096 ? size - done : 4096;
		wasip2_list_u8_t list = {.ptr = (uint8_t *)(uintptr_t)bytes + done, .len = part};
		if (!streams_method_output_stream_blocking_write_and_flush(to, &list, &error))
			return false;
	}
	return true;
}

static inline void drop_output(uint32_t stream)
{
	streams_output_stream_drop_own((streams_own_output_stream_t){(int32_t)stream});
}

static inline void drop_input(uint32_t stream)
{
	streams_input_stream_drop_own((streams_own_input_stream_t){(int32_t)stream});
}

static inline void finish_body(uint32_t body)
{
	struct http_result result;
	outgoing_body_finish(body, 0, 0, &result);
	CHECK_EQ(result.failed, 0);
}

static inline void wait_for(uint32_t pollable)
{
	poll_own_pollable_t own = {(int32_t)pollable};
	poll_method_pollable_block(poll_borrow_pollable(own));
	poll_pollable_drop_own(own);
}

/* Waits for the response, and gives up the future. */
static inline struct http_result response_of(uint32_t future)
{
	struct future_result got;
	wait_for(future_subscribe(future));
	future_get(future, &got);
	CHECK_EQ(got.some, 1);
	CHECK_EQ(got.taken, 0);
	struct http_result result = got.result;
	future_get(future, &got);
	CHECK_EQ(got.some, 1);
	CHECK_EQ(got.taken, 1);
	future_drop(future);
	return result;
}

static inline uint32_t stream_of_incoming(uint32_t body)
{
	struct handle_result stream;
	incoming_body_stream(body, &stream);
	return opened(stream);
}

/* Reads some bytes. 1, or at the end of the stream 0; -1: the read failed, and *error is why, as a case of error-code; -1: it has none. */
static inline int read_some(uint32_t stream, wasip2_list_u8_t *out, int *error)
{
	streams_borrow_input_stream_t from = {(int32_t)stream};
	streams_stream_error_t failure;
	struct {
		_Alignas(8) uint8_t some;
		struct error_code code;
	} code;
	if (streams_method_input_stream_blocking_read(from, 65536, out, &failure))
		return 1;
	if (failure.tag == STREAMS_STREAM_ERROR_CLOSED)
		return 0;
	http_error_code((uint32_t)failure.val.last_operation_failed.__handle, &code);
	*error = code.some ? code.code.code : -1;
	return -1;
}

#endif
