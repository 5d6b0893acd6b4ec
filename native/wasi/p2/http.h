/* http.h - wasi:http: what its files share.
 *
 * The page makes a component's requests, and gives it those that it serves (web/http.ts). The two sides speak over connections (kernel/socket.h) to a
 * port of the page, one of those with HF_PORT_HTTP, which only this code can name. So the kernel knows nothing of HTTP: bodies are pipes, streams and pollables work as
 * for sockets, and when the process ends, its connections end, which aborts its fetches.
 *
 *   struct hf_p2_exchange  one request and its response: a connection, on which the page answers with a message and the bytes of its body
 *   struct hf_p2_upload    the body that the component sends: a second connection, because the component may write before the message is sent
 *   struct hf_p2_list      header fields
 *
 * A message is a struct hf_http_message and a list. The method, the path and so on are in the list, too, under names that begin with a colon, as in
 * HTTP/2. An upload's connection also ends with the process, so its end does not mean that the body is complete: HF_HTTP_FINISH on the exchange does.
 *
 *   http_error.c   error-code                                  http_fields.c    fields
 *   http_message.c messages, exchanges                         http_body.c      bodies, uploads, trailers
 *   http_request.c outgoing-request, its options, handle       http_response.c  incoming-response
 *   http_serve.c   incoming-request, outgoing-response, response-outparam */
#ifndef HF_WASI_P2_HTTP_H
#define HF_WASI_P2_HTTP_H

#include <holdfast/layouts.h>

#include "wasi/p2/door.h"

/* ---- errors ---- */

/* variant error-code */
enum hf_p2_http_code {
#define X(name, text, kind) HF_CODE_##name,
#include "wasi/p2/http_errors.def"
#undef X
	HF_CODES,
};

/* An error-code. The payloads of all cases are a text, a number, or both, each of which may be absent. */
struct hf_p2_http_error {
	enum hf_p2_http_code code;
	bool has_number;
	uint64_t number;
	const char *text; /* NULL: none */
	uint32_t text_size;
};

/* error-code in the component's memory. */
struct hf_p2_error_code {
	_Alignas(8) uint8_t bytes[32];
};

/* Stores the error-code, whose texts need the component's realloc. -HF_EINTR after a trap. */
HF_MUST_CHECK int hf__p2_lower_error(hf_b b, const struct hf_p2_http_error *error, struct hf_p2_error_code *out);
/* Reads an error-code from its flat form. The text, if there is one, must be given back. -HF_EINTR after a trap. */
HF_MUST_CHECK int hf__p2_lift_error(hf_b b, uint32_t code, const uint64_t flat[6], struct hf_p2_http_error *out);

/* result<own<…>, error-code>, and result<_, error-code> */
struct hf_p2_http_result {
	_Alignas(8) uint8_t failed;
	union {
		uint32_t handle;
		struct hf_p2_error_code error;
	};
};
_Static_assert(sizeof(struct hf_p2_http_result) == 40, "as in the canonical ABI");

/* ---- fields: http_fields.c ---- */

/* The most bytes of all lists of a process; of one list: HF_HTTP_FIELDS_MAX. More is a trap. */
#define HF_P2_LISTS_MOST 4194304

/* Names and values, in order, as they are sent: the size of each, then its bytes. It has no handles: fields, and the objects that own fields, refer to it. */
struct hf_p2_http_list {
	struct hf_p2_object base;
	uint8_t *bytes; /* a block of the state; NULL: none yet */
	uint32_t size, capacity;
};

struct hf_p2_field {
	const char *name, *value;
	uint32_t name_size, value_size;
};

/* NULL: no memory. */
struct hf_p2_http_list *hf__p2_http_list(struct hf_p2 *p2);
/* Adds a field, whose name is in lower case. -HF_EINTR after a trap. */
HF_MUST_CHECK int hf__p2_list_add(struct hf_p2_http_list *list, const struct hf_p2_field *field);
/* Adds fields that are encoded already. */
HF_MUST_CHECK int hf__p2_list_append(struct hf_p2_http_list *list, const void *bytes, uint32_t size);
/* Makes room for this many more bytes. */
HF_MUST_CHECK int hf__p2_list_reserve(struct hf_p2_http_list *list, uint32_t more);
/* Sets the only field of a name. */
HF_MUST_CHECK int hf__p2_list_set(struct hf_p2_http_list *list, const char *name, const char *value, uint32_t size);
/* Reads the field at *at, and moves *at past it. False: there are no more. */
bool hf__p2_list_next(const struct hf_p2_http_list *list, uint32_t *at, struct hf_p2_field *out);
/* Finds the first field of a name. False: there is none, and *out is unchanged. */
bool hf__p2_list_find(const struct hf_p2_http_list *list, const char *name, struct hf_p2_field *out);
void hf__p2_list_remove(struct hf_p2_http_list *list, const char *name, uint32_t size);
/* Removes the headers of the connection, which components neither see nor set. */
void hf__p2_list_remove_forbidden(struct hf_p2_http_list *list);

/* The resource `fields`. */
struct hf_p2_fields {
	struct hf_p2_object base; /* immutable ones are children of what they belong to */
	struct hf_p2_http_list *list;
	bool immutable;
};

/* A handle of immutable fields that are the list; 0 after a trap. */
uint32_t hf__p2_give_fields(hf_b b, struct hf_p2_http_list *list, struct hf_p2_object *parent);
/* Takes the list of fields that the component gives away; NULL after a trap. */
struct hf_p2_http_list *hf__p2_take_list(hf_b b, uint32_t fields);

/* ---- text ---- */

/* The longest method, scheme, authority, or path with its query; also the longest name of a field. */
#define HF_P2_TEXT_MOST 16384

/* A string of the component's, copied; *out, which must be given back, is NULL if it is longer than HF_P2_TEXT_MOST. -HF_EINTR after a trap. */
HF_MUST_CHECK int hf__p2_get_text(hf_b b, uint32_t at, uint32_t size, char **out);
/* Whether the text can be a method or a field's name (RFC 9110, 5.6.2). */
bool hf__p2_is_token(const char *text, uint32_t size);
/* Stores a text of the list, which may be absent, as option<string>. */
void hf__p2_put_option(hf_b b, const struct hf_p2_http_list *list, const char *name, uint32_t out);
/* Store the texts ":method", which is GET if absent, and ":scheme" as method and as option<scheme>. */
void hf__p2_put_method(hf_b b, const struct hf_p2_http_list *list, uint32_t out);
void hf__p2_put_scheme(hf_b b, const struct hf_p2_http_list *list, uint32_t out);

/* ---- exchanges: http_message.c ---- */

struct hf_p2_exchange {
	struct hf_p2_object base;
	uint32_t fd;                    /* the connection; 0: closed */
	bool serves;                    /* the page has asked, and the component answers */
	struct hf_http_message message; /* what the page has sent */
	uint32_t got;                   /* how much of it and its list has been read */
	struct hf_p2_http_list *list;
};

/* Opens a connection to the page, and sends it a message with the fields of the lists (NULL: none). Blocks. Returns the descriptor, or an
 * error: -HF_ECONNREFUSED if the page does not answer, or the process may not use HTTP. */
HF_MUST_CHECK int hf__p2_http_open(struct hf_p2 *p2, struct hf_http_message *message,
                                   const struct hf_p2_http_list *texts, const struct hf_p2_http_list *fields);
/* The same on an open connection. `wait`: blocks while there is no room, otherwise -HF_EAGAIN. */
HF_MUST_CHECK int hf__p2_http_send(struct hf_p2 *p2, uint32_t fd, struct hf_http_message *message,
                                   const struct hf_p2_http_list *texts, const struct hf_p2_http_list *fields,
                                   bool wait);
/* NULL: no memory. The exchange takes over the descriptor, also on failure. */
struct hf_p2_exchange *hf__p2_exchange(struct hf_p2 *p2, uint32_t fd);
/* Reads the page's message, once; then returns 0. `wait`: blocks until it is there, otherwise -HF_EAGAIN. -HF_EPIPE: the page has closed the connection. */
HF_MUST_CHECK int hf__p2_exchange_receive(struct hf_p2_exchange *exchange, bool wait);
static inline bool hf__p2_exchange_has(const struct hf_p2_exchange *exchange)
{
	return exchange->got >= sizeof exchange->message &&
	       exchange->got == sizeof exchange->message + exchange->message.size;
}
/* The component no longer receives what the page sends: aborts the fetch. */
void hf__p2_exchange_close(struct hf_p2_exchange *exchange);
/* The error that a message of the kind HF_HTTP_ERROR reports. */
void hf__p2_exchange_error(const struct hf_p2_exchange *exchange, struct hf_p2_http_error *out);
/* The error-code of a negated HF_E* from opening a connection. */
struct hf_p2_http_error hf__p2_http_failed(int result);

/* ---- bodies: http_body.c ---- */

struct hf_p2_upload {
	struct hf_p2_object base;
	uint32_t fd;                     /* 0: the page does not read it */
	uint32_t number;                 /* by which the message refers to it */
	struct hf_p2_exchange *exchange; /* a reference, once the message is sent */
	uint64_t written;
	uint64_t length; /* of the field Content-Length; UINT64_MAX: there is none */
	int failed;      /* why there is no connection: a negated HF_E* */
	bool ended;      /* the component has given up the body */
	bool finished;   /* it is complete */
	bool answers;    /* it is the body of a response */
};

/* Stores result<own<outgoing-body>> for a new upload, *upload, which the caller owns; an error if there is one already. */
void hf__p2_put_outgoing_body(hf_b b, struct hf_p2_upload **upload, const struct hf_p2_http_list *fields, bool answers,
                              uint32_t out);
/* The message was sent: reports whether the upload is finished already. */
void hf__p2_upload_begins(struct hf_p2_upload *upload, struct hf_p2_exchange *exchange);
/* Stores result<own<incoming-body>>. The body takes over *exchange, which becomes NULL; an error if it is NULL already. */
void hf__p2_put_incoming_body(hf_b b, struct hf_p2_exchange **exchange, uint32_t out);

/* ---- responses: http_response.c ---- */

/* A handle of a future-incoming-response, which takes over the exchange, also on failure; 0 after a trap. */
uint32_t hf__p2_give_future(hf_b b, struct hf_p2_exchange *exchange);
/* The descriptor that becomes readable when the response of this future-incoming-response has arrived; 0: it has. */
uint32_t hf__p2_future_fd(const struct hf_p2_object *future);

#endif
