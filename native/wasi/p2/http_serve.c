/* http_serve.c - wasi:http/types for incoming-handler: incoming-request, outgoing-response, response-outparam.
 *
 * A process answers one request: the exchange that it opens when it starts. */
#include <string.h>

#include "wasi/p2/destroy.h"
#include "wasi/p2/http.h"

/* ---- incoming-request ---- */

struct incoming_request {
	struct hf_p2_object base;
	struct hf_p2_exchange *exchange; /* NULL once the body was taken */
	struct hf_p2_http_list *texts, *fields;
};

void hf__p2_destroy_incoming_request(struct hf_p2_object *object)
{
	struct incoming_request *request = (struct incoming_request *)(void *)object;
	if (request->texts)
		hf__p2_unref(&request->texts->base);
	if (request->fields)
		hf__p2_unref(&request->fields->base);
	if (!request->exchange)
		return;
	hf__p2_exchange_close(request->exchange);
	hf__p2_unref(&request->exchange->base);
}

static struct incoming_request *get(hf_b b, uint32_t self)
{
	return hf__p2_borrow(b, HF_P2_INCOMING_REQUEST, self);
}

static void sys_incoming_request_method(hf_b b, uint32_t self, uint32_t out)
{
	struct incoming_request *request = get(b, self);
	if (request)
		hf__p2_put_method(b, request->texts, out);
}

P2_VOID_DOOR(incoming_request_method, (uint32_t self, uint32_t out), self, out)

static void sys_incoming_request_path_with_query(hf_b b, uint32_t self, uint32_t out)
{
	struct incoming_request *request = get(b, self);
	if (request)
		hf__p2_put_option(b, request->texts, ":path", out);
}

P2_VOID_DOOR(incoming_request_path_with_query, (uint32_t self, uint32_t out), self, out)

static void sys_incoming_request_scheme(hf_b b, uint32_t self, uint32_t out)
{
	struct incoming_request *request = get(b, self);
	if (request)
		hf__p2_put_scheme(b, request->texts, out);
}

P2_VOID_DOOR(incoming_request_scheme, (uint32_t self, uint32_t out), self, out)

static void sys_incoming_request_authority(hf_b b, uint32_t self, uint32_t out)
{
	struct incoming_request *request = get(b, self);
	if (request)
		hf__p2_put_option(b, request->texts, ":authority", out);
}

P2_VOID_DOOR(incoming_request_authority, (uint32_t self, uint32_t out), self, out)

static uint32_t sys_incoming_request_headers(hf_b b, uint32_t self)
{
	struct incoming_request *request = get(b, self);
	return request ? hf__p2_give_fields(b, request->fields, &request->base) : 0;
}

P2_DOOR(uint32_t, incoming_request_headers, (uint32_t self), self)

static void sys_incoming_request_consume(hf_b b, uint32_t self, uint32_t out)
{
	struct incoming_request *request = get(b, self);
	if (request && hf__p2_check(b, out, 8, 4) == 0)
		hf__p2_put_incoming_body(b, &request->exchange, out);
}

P2_VOID_DOOR(incoming_request_consume, (uint32_t self, uint32_t out), self, out)

/* ---- outgoing-response ---- */

struct outgoing_response {
	struct hf_p2_object base;
	struct hf_p2_http_list *fields;
	struct hf_p2_upload *upload; /* NULL: body was not called */
	uint16_t status;
};

void hf__p2_destroy_outgoing_response(struct hf_p2_object *object)
{
	struct outgoing_response *response = (struct outgoing_response *)(void *)object;
	hf__p2_unref(&response->fields->base);
	if (response->upload)
		hf__p2_unref(&response->upload->base);
}

static uint32_t sys_outgoing_response_new(hf_b b, uint32_t headers)
{
	struct hf_p2_http_list *fields = hf__p2_take_list(b, headers);
	struct outgoing_response *response =
		fields ? hf__p2_object(b->p2, sizeof *response, HF_P2_OUTGOING_RESPONSE, NULL) : NULL;
	if (!fields)
		return 0;
	if (response) {
		response->fields = fields;
		response->status = 200;
	} else {
		hf__p2_unref(&fields->base);
	}
	return hf__p2_give(b, response ? &response->base : NULL);
}

P2_DOOR(uint32_t, outgoing_response_new, (uint32_t headers), headers)

static uint32_t sys_outgoing_response_status_code(hf_b b, uint32_t self)
{
	const struct outgoing_response *response = hf__p2_borrow(b, HF_P2_OUTGOING_RESPONSE, self);
	return response ? response->status : 0;
}

P2_DOOR(uint32_t, outgoing_response_status_code, (uint32_t self), self)

static uint32_t sys_outgoing_response_set_status_code(hf_b b, uint32_t self, uint32_t status)
{
	struct outgoing_response *response = hf__p2_borrow(b, HF_P2_OUTGOING_RESPONSE, self);
	/* The statuses that a Response of the page can have (fetch.spec.whatwg.org, "initialize a response"). */
	if (!response || (uint16_t)status < 200 || (uint16_t)status > 599)
		return 1;
	response->status = (uint16_t)status;
	return 0;
}

P2_DOOR(uint32_t, outgoing_response_set_status_code, (uint32_t self, uint32_t status), self, status)

static uint32_t sys_outgoing_response_headers(hf_b b, uint32_t self)
{
	struct outgoing_response *response = hf__p2_borrow(b, HF_P2_OUTGOING_RESPONSE, self);
	return response ? hf__p2_give_fields(b, response->fields, &response->base) : 0;
}

P2_DOOR(uint32_t, outgoing_response_headers, (uint32_t self), self)

static void sys_outgoing_response_body(hf_b b, uint32_t self, uint32_t out)
{
	struct outgoing_response *response = hf__p2_borrow(b, HF_P2_OUTGOING_RESPONSE, self);
	if (response && hf__p2_check(b, out, 8, 4) == 0)
		hf__p2_put_outgoing_body(b, &response->upload, response->fields, true, out);
}

P2_VOID_DOOR(outgoing_response_body, (uint32_t self, uint32_t out), self, out)

/* ---- response-outparam ---- */

struct response_outparam {
	struct hf_p2_object base;
	struct hf_p2_exchange *exchange;
	bool set;
};

void hf__p2_destroy_response_outparam(struct hf_p2_object *object)
{
	struct response_outparam *outparam = (struct response_outparam *)(void *)object;
	struct hf_http_message message = {.kind = HF_HTTP_ABORT};
	struct hf_p2_exchange *exchange = outparam->exchange;
	/* If the page does not read, it does not wait for the response either. */
	if (!outparam->set)
		(void)!hf__p2_http_send(object->p2, exchange->fd, &message, NULL, NULL, false);
	hf__p2_unref(&exchange->base);
}

static void send_response(struct hf_p2_exchange *exchange, const struct outgoing_response *response)
{
	struct hf_http_message message = {.kind = HF_HTTP_RESPONSE,
	                                  .status = response->status,
	                                  .upload = response->upload ? response->upload->number : 0};
	/* If the page no longer wants the response, the component learns that when it writes the body. */
	(void)!hf__p2_http_send(exchange->base.p2, exchange->fd, &message, NULL, response->fields, true);
	if (response->upload)
		hf__p2_upload_begins(response->upload, exchange);
}

/* -HF_EINTR after a trap. */
static int send_error(struct hf_p2_exchange *exchange, const struct hf_p2_http_error *error)
{
	struct hf_p2 *p2 = exchange->base.p2;
	struct hf_http_message message = {
		.kind = HF_HTTP_ERROR, .status = error->code, .has_number = error->has_number, .number = error->number};
	struct hf_p2_http_list *texts = hf__p2_http_list(p2);
	int result = texts ? 0 : hf__p2_no_memory(p2);
	if (result == 0 && error->text)
		result = hf__p2_list_set(texts, ":text", error->text, error->text_size);
	if (result == 0)
		(void)!hf__p2_http_send(p2, exchange->fd, &message, texts, NULL, true);
	if (texts)
		hf__p2_unref(&texts->base);
	return result;
}

static void set_error(hf_b b, struct hf_p2_exchange *exchange, uint32_t code, const uint64_t flat[6])
{
	struct hf_p2_http_error error;
	if (hf__p2_lift_error(b, code, flat, &error) < 0)
		return;
	(void)!send_error(exchange, &error);
	hf__p2_give_back((void *)(uintptr_t)error.text);
}

static void sys_response_outparam_set(hf_b b, uint32_t param, uint32_t failed, uint32_t a0, uint32_t a1, uint64_t a2,
                                      uint32_t a3, uint32_t a4, uint32_t a5, uint32_t a6)
{
	struct outgoing_response *response = NULL;
	struct response_outparam *outparam = hf__p2_take(b, HF_P2_RESPONSE_OUTPARAM, param);
	const uint64_t flat[6] = {a1, a2, a3, a4, a5, a6};
	if (!outparam)
		return;
	outparam->set = true;
	if (failed > 1)
		(void)hf__p2_trap_at(b->p2, "# is not a valid result", failed);
	else if (failed)
		set_error(b, outparam->exchange, a0, flat);
	else if ((response = hf__p2_take(b, HF_P2_OUTGOING_RESPONSE, a0)))
		send_response(outparam->exchange, response);
	if (response)
		hf__p2_unref(&response->base);
	hf__p2_unref(&outparam->base);
}

P2_VOID_DOOR(response_outparam_set,
             (uint32_t param, uint32_t failed, uint32_t a0, uint32_t a1, uint64_t a2, uint32_t a3, uint32_t a4,
              uint32_t a5, uint32_t a6),
             param, failed, a0, a1, a2, a3, a4, a5, a6)

/* The page's Response has no place for informational responses. */
static void sys_send_informational(hf_b b, uint32_t self, uint32_t status, uint32_t headers, uint32_t out)
{
	static const char text[] = "informational responses cannot be sent";
	struct hf_p2_http_result result = {.failed = 1};
	const struct hf_p2_http_error error = {.code = HF_CODE_INTERNAL_ERROR, .text = text, .text_size = sizeof text - 1};
	(void)status;
	if (!hf__p2_borrow(b, HF_P2_RESPONSE_OUTPARAM, self) || hf__p2_check(b, out, sizeof result, 8) < 0)
		return;
	struct hf_p2_http_list *list = hf__p2_take_list(b, headers);
	if (!list)
		return;
	hf__p2_unref(&list->base);
	if (hf__p2_lower_error(b, &error, &result.error) == 0)
		hf__p2_store(b, out, &result, sizeof result);
}

P2_VOID_DOOR(send_informational, (uint32_t self, uint32_t status, uint32_t headers, uint32_t out), self, status,
             headers, out)

/* ---- the request that the process answers ---- */

/* Distributes what the page has sent over the two lists. */
static int sort(const struct hf_p2_http_list *from, struct hf_p2_http_list *texts, struct hf_p2_http_list *fields)
{
	struct hf_p2_field field;
	int result = 0;
	for (uint32_t at = 0; result == 0 && hf__p2_list_next(from, &at, &field);)
		result = hf__p2_list_add(field.name_size > 0 && field.name[0] == ':' ? texts : fields, &field);
	return result;
}

/* NULL: no memory, or it has trapped. Takes over a reference to the exchange, unless it returns NULL. */
static struct incoming_request *create_request(struct hf_p2_exchange *exchange)
{
	struct hf_p2 *p2 = exchange->base.p2;
	struct incoming_request *request = hf__p2_object(p2, sizeof *request, HF_P2_INCOMING_REQUEST, NULL);
	if (!request)
		return NULL;
	request->texts = hf__p2_http_list(p2);
	request->fields = hf__p2_http_list(p2);
	if (request->texts && request->fields && sort(exchange->list, request->texts, request->fields) == 0) {
		request->exchange = exchange;
		return request;
	}
	hf__p2_unref(&request->base);
	return NULL;
}

static struct response_outparam *create_outparam(struct hf_p2_exchange *exchange)
{
	struct response_outparam *outparam =
		hf__p2_object(exchange->base.p2, sizeof *outparam, HF_P2_RESPONSE_OUTPARAM, NULL);
	if (outparam) {
		outparam->exchange = exchange;
		exchange->base.refs++;
	}
	return outparam;
}

/* Waits for a request. NULL if there is none, or after a trap or an order to stop. */
static struct hf_p2_exchange *accept_request(struct hf_p2 *p2)
{
	struct hf_http_message message = {.kind = HF_HTTP_ACCEPT};
	int fd = hf__p2_http_open(p2, &message, NULL, NULL);
	struct hf_p2_exchange *exchange = fd > 0 ? hf__p2_exchange(p2, (uint32_t)fd) : NULL;
	if (!exchange)
		return NULL;
	exchange->serves = true;
	if (hf__p2_exchange_receive(exchange, true) == 0)
		return exchange;
	hf__p2_unref(&exchange->base);
	return NULL;
}

uint64_t hf_p2_serve(struct hf_p2_instance *instance)
{
	struct hf_p2 *p2 = instance->p2;
	struct hf_p2_binding binding = {.instance = instance, .p2 = p2};
	uint64_t handles = 0;
	hf__p2_enter(p2, HF_P2_CALL_setup);
	struct hf_p2_exchange *exchange = accept_request(p2);
	if (exchange) {
		struct response_outparam *outparam = create_outparam(exchange);
		struct incoming_request *request = create_request(exchange);
		handles = hf__p2_give(&binding, request ? &request->base : NULL);
		handles |= (uint64_t)hf__p2_give(&binding, outparam ? &outparam->base : NULL) << 32;
	} else {
		/* The page has closed the server. */
		hf_process_end(p2->thread->process, HF_EXIT_EXIT, 0, NULL, 0, NULL, 0);
	}
	hf__p2_leave(p2);
	return handles;
}
