/* http_request.c - wasi:http: outgoing-request, request-options, and outgoing-handler. */
#include <string.h>

#include "wasi/p2/destroy.h"
#include "wasi/p2/http.h"

/* ---- texts ---- */

/* The cases of method, and of scheme, before `other`. */
static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
static const char *const schemes[] = {"http", "https"};
#define METHODS (sizeof methods / sizeof *methods)
#define SCHEMES (sizeof schemes / sizeof *schemes)

/* A variant of names, the last case of which is other(string). */
struct name {
	uint32_t tag;
	struct hf_p2_list other;
};

static int lower_name(hf_b b, const struct hf_p2_field *text, const char *const *names, uint32_t count,
                      struct name *out)
{
	for (uint32_t i = 0; i < count; i++) {
		if (strlen(names[i]) == text->value_size && memcmp(names[i], text->value, text->value_size) == 0) {
			*out = (struct name){.tag = i};
			return 0;
		}
	}
	out->tag = count;
	return hf__p2_put_string(b, text->value, text->value_size, &out->other);
}

void hf__p2_put_method(hf_b b, const struct hf_p2_http_list *texts, uint32_t out)
{
	struct hf_p2_field method = {.value = methods[0], .value_size = 3};
	struct name name = {0};
	if (hf__p2_check(b, out, sizeof name, 4) < 0)
		return;
	if (texts)
		(void)hf__p2_list_find(texts, ":method", &method);
	if (lower_name(b, &method, methods, METHODS, &name) == 0)
		hf__p2_store(b, out, &name, sizeof name);
}

void hf__p2_put_scheme(hf_b b, const struct hf_p2_http_list *texts, uint32_t out)
{
	struct {
		uint32_t some;
		struct name name;
	} scheme = {0};
	struct hf_p2_field field;
	if (hf__p2_check(b, out, sizeof scheme, 4) < 0)
		return;
	scheme.some = hf__p2_list_find(texts, ":scheme", &field);
	if (!scheme.some || lower_name(b, &field, schemes, SCHEMES, &scheme.name) == 0)
		hf__p2_store(b, out, &scheme, sizeof scheme);
}

void hf__p2_put_option(hf_b b, const struct hf_p2_http_list *texts, const char *name, uint32_t out)
{
	struct {
		uint32_t some;
		struct hf_p2_list text;
	} option = {0};
	struct hf_p2_field field;
	if (hf__p2_check(b, out, sizeof option, 4) < 0)
		return;
	option.some = hf__p2_list_find(texts, name, &field);
	if (!option.some || hf__p2_put_string(b, field.value, field.value_size, &option.text) == 0)
		hf__p2_store(b, out, &option, sizeof option);
}

/* ---- outgoing-request ---- */

struct outgoing_request {
	struct hf_p2_object base;
	struct hf_p2_http_list *fields, *texts;
	struct hf_p2_upload *upload; /* NULL: body was not called */
};

void hf__p2_destroy_outgoing_request(struct hf_p2_object *object)
{
	struct outgoing_request *request = (struct outgoing_request *)(void *)object;
	hf__p2_unref(&request->fields->base);
	hf__p2_unref(&request->texts->base);
	if (request->upload)
		hf__p2_unref(&request->upload->base);
}

static uint32_t sys_outgoing_request_new(hf_b b, uint32_t headers)
{
	struct outgoing_request *request = NULL;
	struct hf_p2_http_list *fields = hf__p2_take_list(b, headers);
	struct hf_p2_http_list *texts = fields ? hf__p2_http_list(b->p2) : NULL;
	if (texts)
		request = hf__p2_object(b->p2, sizeof *request, HF_P2_OUTGOING_REQUEST, NULL);
	if (request) {
		request->fields = fields;
		request->texts = texts;
	} else if (fields) {
		hf__p2_unref(&fields->base);
		if (texts)
			hf__p2_unref(&texts->base);
	}
	return fields ? hf__p2_give(b, request ? &request->base : NULL) : 0;
}

P2_DOOR(uint32_t, outgoing_request_new, (uint32_t headers), headers)

static struct outgoing_request *get(hf_b b, uint32_t self)
{
	return hf__p2_borrow(b, HF_P2_OUTGOING_REQUEST, self);
}

static uint32_t sys_outgoing_request_headers(hf_b b, uint32_t self)
{
	struct outgoing_request *request = get(b, self);
	return request ? hf__p2_give_fields(b, request->fields, &request->base) : 0;
}

P2_DOOR(uint32_t, outgoing_request_headers, (uint32_t self), self)

static void sys_outgoing_request_body(hf_b b, uint32_t self, uint32_t out)
{
	struct outgoing_request *request = get(b, self);
	if (request && hf__p2_check(b, out, 8, 4) == 0)
		hf__p2_put_outgoing_body(b, &request->upload, request->fields, false, out);
}

P2_VOID_DOOR(outgoing_request_body, (uint32_t self, uint32_t out), self, out)

static void sys_outgoing_request_method(hf_b b, uint32_t self, uint32_t out)
{
	struct outgoing_request *request = get(b, self);
	if (request)
		hf__p2_put_method(b, request->texts, out);
}

P2_VOID_DOOR(outgoing_request_method, (uint32_t self, uint32_t out), self, out)

static void sys_outgoing_request_path_with_query(hf_b b, uint32_t self, uint32_t out)
{
	struct outgoing_request *request = get(b, self);
	if (request)
		hf__p2_put_option(b, request->texts, ":path", out);
}

P2_VOID_DOOR(outgoing_request_path_with_query, (uint32_t self, uint32_t out), self, out)

static void sys_outgoing_request_scheme(hf_b b, uint32_t self, uint32_t out)
{
	struct outgoing_request *request = get(b, self);
	if (request)
		hf__p2_put_scheme(b, request->texts, out);
}

P2_VOID_DOOR(outgoing_request_scheme, (uint32_t self, uint32_t out), self, out)

static void sys_outgoing_request_authority(hf_b b, uint32_t self, uint32_t out)
{
	struct outgoing_request *request = get(b, self);
	if (request)
		hf__p2_put_option(b, request->texts, ":authority", out);
}

P2_VOID_DOOR(outgoing_request_authority, (uint32_t self, uint32_t out), self, out)

/* ---- changing it; each returns result<_, _> ---- */

/* RFC 3986, 3.1. */
static bool is_scheme(const char *text, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		char c = text[i], letter = (char)(c | 0x20);
		bool later = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
		if (!(letter >= 'a' && letter <= 'z') && (i == 0 || !later))
			return false;
	}
	return size > 0;
}

/* The parts of a request that the component sets, in the list under these names. */
enum part { METHOD, SCHEME, AUTHORITY, PATH };
static const char *const parts[] = {":method", ":scheme", ":authority", ":path"};

/* Whether all characters may be in a URI, and none is one of these, which end the part. The page's URL parser decides about the rest. */
static bool is_plain(const char *text, uint32_t size, const char *ends)
{
	for (uint32_t i = 0; i < size; i++) {
		if ((uint8_t)text[i] <= ' ' || text[i] == 0x7f || strchr(ends, text[i]))
			return false;
	}
	return true;
}

static bool is_authority(const char *text, uint32_t size)
{
	return size > 0 && is_plain(text, size, "/?#\\\"<>^`{|}");
}

static bool is_path(const char *text, uint32_t size)
{
	return (size == 0 || *text == '/' || *text == '?' || (*text == '*' && size == 1)) &&
	       is_plain(text, size, "#\"<>\\");
}

static bool is_valid(enum part part, const char *text, uint32_t size)
{
	switch (part) {
	case METHOD:
		return hf__p2_is_token(text, size);
	case SCHEME:
		return is_scheme(text, size);
	case AUTHORITY:
		return is_authority(text, size);
	default:
		return is_path(text, size);
	}
}

/* Sets the part, or removes it if there is no text. Returns 0. */
static uint32_t set(struct outgoing_request *request, enum part part, const char *text, uint32_t size)
{
	const char *name = parts[part];
	if (text)
		return hf__p2_list_set(request->texts, name, text, size) < 0;
	hf__p2_list_remove(request->texts, name, (uint32_t)strlen(name));
	return 0;
}

/* The same for a string of the component's. Returns 1 if it is not valid. */
static uint32_t set_string(hf_b b, struct outgoing_request *request, enum part part, uint32_t at, uint32_t size)
{
	char *text;
	if (hf__p2_get_text(b, at, size, &text) < 0)
		return 0;
	uint32_t failed = !text || !is_valid(part, text, size) || set(request, part, text, size);
	hf__p2_give_back(text);
	return failed;
}

/* The same for option<string>. */
static uint32_t set_option(hf_b b, uint32_t self, enum part part, uint32_t some, uint32_t at, uint32_t size)
{
	struct outgoing_request *request = get(b, self);
	if (request && some > 1)
		(void)hf__p2_trap_at(b->p2, "an option has no case #", some);
	if (!request || some > 1)
		return 0;
	return some ? set_string(b, request, part, at, size) : set(request, part, NULL, 0);
}

static uint32_t sys_outgoing_request_set_method(hf_b b, uint32_t self, uint32_t tag, uint32_t at, uint32_t size)
{
	struct outgoing_request *request = get(b, self);
	if (request && tag > METHODS)
		(void)hf__p2_trap_at(b->p2, "a method has no case #", tag);
	if (!request || tag > METHODS)
		return 0;
	if (tag < METHODS)
		return set(request, METHOD, methods[tag], (uint32_t)strlen(methods[tag]));
	return set_string(b, request, METHOD, at, size);
}

P2_DOOR(uint32_t, outgoing_request_set_method, (uint32_t self, uint32_t tag, uint32_t text, uint32_t size), self, tag,
        text, size)

static uint32_t sys_outgoing_request_set_scheme(hf_b b, uint32_t self, uint32_t some, uint32_t tag, uint32_t at,
                                                uint32_t size)
{
	struct outgoing_request *request = get(b, self);
	if (request && some == 1 && tag > SCHEMES)
		(void)hf__p2_trap_at(b->p2, "a scheme has no case #", tag);
	if (!request || (some == 1 && tag > SCHEMES))
		return 0;
	if (some == 1 && tag < SCHEMES)
		return set(request, SCHEME, schemes[tag], (uint32_t)strlen(schemes[tag]));
	return set_option(b, self, SCHEME, some, at, size);
}

P2_DOOR(uint32_t, outgoing_request_set_scheme,
        (uint32_t self, uint32_t some, uint32_t tag, uint32_t text, uint32_t size), self, some, tag, text, size)

static uint32_t sys_outgoing_request_set_authority(hf_b b, uint32_t self, uint32_t some, uint32_t at, uint32_t size)
{
	return set_option(b, self, AUTHORITY, some, at, size);
}

P2_DOOR(uint32_t, outgoing_request_set_authority, (uint32_t self, uint32_t some, uint32_t text, uint32_t size), self,
        some, text, size)

static uint32_t sys_outgoing_request_set_path_with_query(hf_b b, uint32_t self, uint32_t some, uint32_t at,
                                                         uint32_t size)
{
	return set_option(b, self, PATH, some, at, size);
}

P2_DOOR(uint32_t, outgoing_request_set_path_with_query, (uint32_t self, uint32_t some, uint32_t text, uint32_t size),
        self, some, text, size)

/* ---- request-options ---- */

enum timeout { CONNECT, FIRST_BYTE, BETWEEN_BYTES, TIMEOUTS };

#define NONE UINT64_MAX

struct request_options {
	struct hf_p2_object base;
	uint64_t timeouts[TIMEOUTS]; /* in nanoseconds; NONE */
};

static uint32_t sys_request_options_new(hf_b b)
{
	struct request_options *options = hf__p2_object(b->p2, sizeof *options, HF_P2_REQUEST_OPTIONS, NULL);
	for (int i = 0; options && i < TIMEOUTS; i++)
		options->timeouts[i] = NONE;
	return hf__p2_give(b, options ? &options->base : NULL);
}

P2_PLAIN_DOOR(uint32_t, request_options_new)

static void put_timeout(hf_b b, uint32_t self, enum timeout which, uint32_t out)
{
	const struct request_options *options = hf__p2_borrow(b, HF_P2_REQUEST_OPTIONS, self);
	uint64_t option[2] = {0};
	if (!options || hf__p2_check(b, out, sizeof option, 8) < 0)
		return;
	option[0] = options->timeouts[which] != NONE;
	option[1] = option[0] ? options->timeouts[which] : 0;
	hf__p2_store(b, out, option, sizeof option);
}

static uint32_t set_timeout(hf_b b, uint32_t self, enum timeout which, uint32_t some, uint64_t duration)
{
	struct request_options *options = hf__p2_borrow(b, HF_P2_REQUEST_OPTIONS, self);
	if (options && some > 1)
		(void)hf__p2_trap_at(b->p2, "an option has no case #", some);
	if (options)
		options->timeouts[which] = some ? duration : NONE;
	return 0;
}

#define TIMEOUT(name, which)                                                                                     \
	static void sys_request_options_##name(hf_b b, uint32_t self, uint32_t out)                                  \
	{                                                                                                            \
		put_timeout(b, self, which, out);                                                                        \
	}                                                                                                            \
	P2_VOID_DOOR(request_options_##name, (uint32_t self, uint32_t out), self, out)                               \
	static uint32_t sys_request_options_set_##name(hf_b b, uint32_t self, uint32_t some, uint64_t duration)      \
	{                                                                                                            \
		return set_timeout(b, self, which, some, duration);                                                      \
	}                                                                                                            \
	P2_DOOR(uint32_t, request_options_set_##name, (uint32_t self, uint32_t some, uint64_t duration), self, some, \
	        duration)

TIMEOUT(connect_timeout, CONNECT)
TIMEOUT(first_byte_timeout, FIRST_BYTE)
TIMEOUT(between_bytes_timeout, BETWEEN_BYTES)

/* ---- handle ---- */

#define NS_PER_MS 1000000
/* How long the first byte may take once it is connected, if only connecting has a timeout: Wasmtime's default. */
#define DEFAULT_TIMEOUT UINT64_C(600000000000)

/* In milliseconds, rounded up; 0: none. */
static uint32_t milliseconds(uint64_t timeout)
{
	if (timeout >= UINT64_C(0x7fffffff) * NS_PER_MS)
		return 0;
	return timeout == 0 ? 1 : (uint32_t)((timeout + NS_PER_MS - 1) / NS_PER_MS);
}

static void set_timeouts(struct hf_http_message *message, const uint64_t *timeouts)
{
	uint64_t connect = timeouts[CONNECT], first = timeouts[FIRST_BYTE];
	message->bytes_timeout = milliseconds(timeouts[BETWEEN_BYTES]);
	if (connect == NONE && first == NONE)
		return;
	/* Fetch does not show when it has connected, so the head of the response may take both times together. */
	connect = connect == NONE ? 0 : connect;
	first = first == NONE ? DEFAULT_TIMEOUT : first;
	message->head_timeout = milliseconds(first > NONE - connect ? NONE : connect + first);
}

static bool is(const struct hf_p2_http_list *texts, const char *name, const char *value)
{
	struct hf_p2_field field;
	return hf__p2_list_find(texts, name, &field) && strlen(value) == field.value_size &&
	       memcmp(field.value, value, field.value_size) == 0;
}

/* Whether a fetch of the request is possible; otherwise sets the error. */
static bool can_send(struct hf_p2 *p2, const struct outgoing_request *request, struct hf_p2_http_error *error)
{
	struct hf_p2_field field;
	const struct hf_p2_http_list *texts = request->texts;
	*error = (struct hf_p2_http_error){.code = HF_CODES};
	if (!p2->http)
		error->code = HF_CODE_HTTP_REQUEST_DENIED;
	else if (hf__p2_list_find(texts, ":scheme", &field) && !is(texts, ":scheme", "http") &&
	         !is(texts, ":scheme", "https"))
		error->code = HF_CODE_HTTP_PROTOCOL_ERROR;
	else if (!hf__p2_list_find(texts, ":authority", &field))
		error->code = HF_CODE_HTTP_REQUEST_URI_INVALID;
	else if (is(texts, ":method", "CONNECT") || is(texts, ":method", "TRACE") || is(texts, ":method", "TRACK"))
		error->code = HF_CODE_HTTP_REQUEST_METHOD_INVALID;
	else if (request->upload && request->upload->failed)
		*error = hf__p2_http_failed(request->upload->failed);
	return error->code == HF_CODES;
}

/* Sends the request. Returns the exchange, or NULL and sets the error. */
static struct hf_p2_exchange *start(struct hf_p2 *p2, const struct outgoing_request *request,
                                    const struct request_options *options, struct hf_p2_http_error *error)
{
	struct hf_http_message message = {.kind = HF_HTTP_REQUEST, .upload = request->upload ? request->upload->number : 0};
	if (!can_send(p2, request, error))
		return NULL;
	if (options)
		set_timeouts(&message, options->timeouts);
	int fd = hf__p2_http_open(p2, &message, request->texts, request->fields);
	struct hf_p2_exchange *exchange = fd < 0 ? NULL : hf__p2_exchange(p2, (uint32_t)fd);
	if (!exchange)
		*error = hf__p2_http_failed(fd < 0 ? fd : -HF_ENOMEM);
	else if (request->upload)
		hf__p2_upload_begins(request->upload, exchange);
	return exchange;
}

static void handle(hf_b b, struct outgoing_request *request, struct request_options *options, uint32_t out)
{
	struct hf_p2_http_result result = {0};
	struct hf_p2_http_error error;
	struct hf_p2_exchange *exchange = start(b->p2, request, options, &error);
	if (exchange)
		result.handle = hf__p2_give_future(b, exchange);
	result.failed = !exchange;
	if (exchange ? result.handle != 0 : hf__p2_lower_error(b, &error, &result.error) == 0)
		hf__p2_store(b, out, &result, sizeof result);
}

static void sys_outgoing_handle(hf_b b, uint32_t request, uint32_t some, uint32_t options, uint32_t out)
{
	struct outgoing_request *taken;
	struct request_options *with = NULL;
	if (some > 1)
		(void)hf__p2_trap_at(b->p2, "an option has no case #", some);
	if (some > 1 || hf__p2_check(b, out, sizeof(struct hf_p2_http_result), 8) < 0 ||
	    !(taken = hf__p2_take(b, HF_P2_OUTGOING_REQUEST, request)))
		return;
	if (!some || (with = hf__p2_take(b, HF_P2_REQUEST_OPTIONS, options)))
		handle(b, taken, with, out);
	if (with)
		hf__p2_unref(&with->base);
	hf__p2_unref(&taken->base);
}

P2_VOID_DOOR(outgoing_handle, (uint32_t request, uint32_t some, uint32_t options, uint32_t out), request, some, options,
             out)
