/* p2_http.h - wasi:http, as a component calls it, and the page, which answers it. Results are put at P2_OUT. */
#ifndef HF_TEST_P2_HTTP_H
#define HF_TEST_P2_HTTP_H

#include <string.h>

#include "support/p2.h"
#include "support/sockets.h"
#include "wasi/p2/http.h"

void hf_p2_http_error_code(hf_b b, uint32_t error, uint32_t out);
uint32_t hf_p2_fields_new(hf_b b);
void hf_p2_fields_from_list(hf_b b, uint32_t entries, uint32_t count, uint32_t out);
void hf_p2_fields_get(hf_b b, uint32_t self, uint32_t name, uint32_t size, uint32_t out);
uint32_t hf_p2_fields_has(hf_b b, uint32_t self, uint32_t name, uint32_t size);
void hf_p2_fields_set(hf_b b, uint32_t self, uint32_t name, uint32_t size, uint32_t values, uint32_t count,
                      uint32_t out);
void hf_p2_fields_delete(hf_b b, uint32_t self, uint32_t name, uint32_t size, uint32_t out);
void hf_p2_fields_append(hf_b b, uint32_t self, uint32_t name, uint32_t size, uint32_t value, uint32_t count,
                         uint32_t out);
void hf_p2_fields_entries(hf_b b, uint32_t self, uint32_t out);
uint32_t hf_p2_fields_clone(hf_b b, uint32_t self);
uint32_t hf_p2_outgoing_request_new(hf_b b, uint32_t headers);
uint32_t hf_p2_outgoing_request_headers(hf_b b, uint32_t self);
void hf_p2_outgoing_request_body(hf_b b, uint32_t self, uint32_t out);
void hf_p2_outgoing_request_method(hf_b b, uint32_t self, uint32_t out);
void hf_p2_outgoing_request_scheme(hf_b b, uint32_t self, uint32_t out);
void hf_p2_outgoing_request_authority(hf_b b, uint32_t self, uint32_t out);
void hf_p2_outgoing_request_path_with_query(hf_b b, uint32_t self, uint32_t out);
uint32_t hf_p2_outgoing_request_set_method(hf_b b, uint32_t self, uint32_t tag, uint32_t text, uint32_t size);
uint32_t hf_p2_outgoing_request_set_scheme(hf_b b, uint32_t self, uint32_t some, uint32_t tag, uint32_t text,
                                           uint32_t size);
uint32_t hf_p2_outgoing_request_set_authority(hf_b b, uint32_t self, uint32_t some, uint32_t text, uint32_t size);
uint32_t hf_p2_outgoing_request_set_path_with_query(hf_b b, uint32_t self, uint32_t some, uint32_t text, uint32_t size);
uint32_t hf_p2_request_options_new(hf_b b);
void hf_p2_request_options_connect_timeout(hf_b b, uint32_t self, uint32_t out);
void hf_p2_request_options_first_byte_timeout(hf_b b, uint32_t self, uint32_t out);
void hf_p2_request_options_between_bytes_timeout(hf_b b, uint32_t self, uint32_t out);
uint32_t hf_p2_request_options_set_connect_timeout(hf_b b, uint32_t self, uint32_t some, uint64_t duration);
uint32_t hf_p2_request_options_set_first_byte_timeout(hf_b b, uint32_t self, uint32_t some, uint64_t duration);
uint32_t hf_p2_request_options_set_between_bytes_timeout(hf_b b, uint32_t self, uint32_t some, uint64_t duration);
void hf_p2_outgoing_handle(hf_b b, uint32_t request, uint32_t some, uint32_t options, uint32_t out);
uint32_t hf_p2_future_response_subscribe(hf_b b, uint32_t self);
void hf_p2_future_response_get(hf_b b, uint32_t self, uint32_t out);
uint32_t hf_p2_incoming_response_status(hf_b b, uint32_t self);
uint32_t hf_p2_incoming_response_headers(hf_b b, uint32_t self);
void hf_p2_incoming_response_consume(hf_b b, uint32_t self, uint32_t out);
void hf_p2_incoming_body_stream(hf_b b, uint32_t self, uint32_t out);
uint32_t hf_p2_incoming_body_finish(hf_b b, uint32_t self);
uint32_t hf_p2_future_trailers_subscribe(hf_b b, uint32_t self);
void hf_p2_future_trailers_get(hf_b b, uint32_t self, uint32_t out);
void hf_p2_outgoing_body_write(hf_b b, uint32_t self, uint32_t out);
void hf_p2_outgoing_body_finish(hf_b b, uint32_t self, uint32_t some, uint32_t trailers, uint32_t out);
void hf_p2_incoming_request_method(hf_b b, uint32_t self, uint32_t out);
void hf_p2_incoming_request_path_with_query(hf_b b, uint32_t self, uint32_t out);
void hf_p2_incoming_request_scheme(hf_b b, uint32_t self, uint32_t out);
void hf_p2_incoming_request_authority(hf_b b, uint32_t self, uint32_t out);
uint32_t hf_p2_incoming_request_headers(hf_b b, uint32_t self);
void hf_p2_incoming_request_consume(hf_b b, uint32_t self, uint32_t out);
uint32_t hf_p2_outgoing_response_new(hf_b b, uint32_t headers);
uint32_t hf_p2_outgoing_response_status_code(hf_b b, uint32_t self);
uint32_t hf_p2_outgoing_response_set_status_code(hf_b b, uint32_t self, uint32_t status);
uint32_t hf_p2_outgoing_response_headers(hf_b b, uint32_t self);
void hf_p2_outgoing_response_body(hf_b b, uint32_t self, uint32_t out);
void hf_p2_send_informational(hf_b b, uint32_t self, uint32_t status, uint32_t headers, uint32_t out);
void hf_p2_response_outparam_set(hf_b b, uint32_t param, uint32_t failed, uint32_t a0, uint32_t a1, uint64_t a2,
                                 uint32_t a3, uint32_t a4, uint32_t a5, uint32_t a6);

/* Where tests put texts, as two arguments. */
#define TEXT_AT 1024
#define TEXT(text) TEXT_AT, poke_text(component->program, TEXT_AT, (text))

/* ---- the page ---- */

/* The page's port, on which the component of p2_begin finds it. */
struct hf_listener *page_listens(void);
/* Accepts a connection, which must be there, and reads its first message. Its texts and fields, "name: value\n" each, are in the second buffer. */
struct hf_socket *page_accepts(struct hf_listener *page, struct hf_http_message *message, char fields[1000]);
/* Reads the next message. */
void page_reads(struct hf_socket *socket, struct hf_http_message *message, char fields[1000]);
/* Sends a message with fields, given as "name: value\n" each. */
void page_sends(struct hf_socket *socket, struct hf_http_message message, const char *fields);

/* ---- the component ---- */

/* The handle of a result at P2_OUT whose handle is at the offset; it must be ok. */
uint32_t http_handle(struct p2_program *component, uint32_t offset);
/* New fields with one field. */
uint32_t http_fields(struct p2_program *component, const char *name, const char *value);
/* A request of http://host/path with these fields. */
uint32_t http_request(struct p2_program *component, uint32_t fields);
/* Sends a request. Returns the future. */
uint32_t http_sends(struct p2_program *component, uint32_t request);
void http_writes(struct p2_program *component, uint32_t stream, const char *text);
/* Checks a string in the component's memory, of which the address and the size are at `at`. */
void http_is(struct p2_program *component, uint32_t at, const char *text);
/* Checks the fields, given as "name: value\n" each, and drops them. */
void http_fields_are(struct p2_program *component, uint32_t fields, const char *text);

#endif
