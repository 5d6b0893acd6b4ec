/* http_response.c - wasi:http/types: future-incoming-response and incoming-response. */
#include "wasi/p2/destroy.h"
#include "wasi/p2/http.h"
#include "wasi/p2/pollable.h"

/* ---- incoming-response ---- */

struct incoming_response {
	struct hf_p2_object base;
	struct hf_p2_exchange *exchange; /* NULL once the body was taken */
	struct hf_p2_http_list *fields;
	uint16_t status;
};

void hf__p2_destroy_incoming_response(struct hf_p2_object *object)
{
	struct incoming_response *response = (struct incoming_response *)(void *)object;
	hf__p2_unref(&response->fields->base);
	if (!response->exchange)
		return;
	hf__p2_exchange_close(response->exchange);
	hf__p2_unref(&response->exchange->base);
}

/* Takes over the reference to the exchange, unless it returns NULL: no memory. */
static struct incoming_response *create(struct hf_p2_exchange *exchange)
{
	struct incoming_response *response =
		hf__p2_object(exchange->base.p2, sizeof *response, HF_P2_INCOMING_RESPONSE, NULL);
	if (!response)
		return NULL;
	response->exchange = exchange;
	response->fields = exchange->list;
	response->fields->base.refs++;
	response->status = (uint16_t)exchange->message.status;
	return response;
}

static uint32_t sys_incoming_response_status(hf_b b, uint32_t self)
{
	const struct incoming_response *response = hf__p2_borrow(b, HF_P2_INCOMING_RESPONSE, self);
	return response ? response->status : 0;
}

P2_DOOR(uint32_t, incoming_response_status, (uint32_t self), self)

static uint32_t sys_incoming_response_headers(hf_b b, uint32_t self)
{
	struct incoming_response *response = hf__p2_borrow(b, HF_P2_INCOMING_RESPONSE, self);
	return response ? hf__p2_give_fields(b, response->fields, &response->base) : 0;
}

P2_DOOR(uint32_t, incoming_response_headers, (uint32_t self), self)

static void sys_incoming_response_consume(hf_b b, uint32_t self, uint32_t out)
{
	struct incoming_response *response = hf__p2_borrow(b, HF_P2_INCOMING_RESPONSE, self);
	if (response && hf__p2_check(b, out, 8, 4) == 0)
		hf__p2_put_incoming_body(b, &response->exchange, out);
}

P2_VOID_DOOR(incoming_response_consume, (uint32_t self, uint32_t out), self, out)

/* ---- future-incoming-response ---- */

struct future_response {
	struct hf_p2_object base;
	struct hf_p2_exchange *exchange; /* NULL once the response was taken */
};

void hf__p2_destroy_future_response(struct hf_p2_object *object)
{
	struct future_response *future = (struct future_response *)(void *)object;
	if (!future->exchange)
		return;
	hf__p2_exchange_close(future->exchange);
	hf__p2_unref(&future->exchange->base);
}

uint32_t hf__p2_give_future(hf_b b, struct hf_p2_exchange *exchange)
{
	struct future_response *future = hf__p2_object(b->p2, sizeof *future, HF_P2_FUTURE_INCOMING_RESPONSE, NULL);
	if (future)
		future->exchange = exchange;
	else
		hf__p2_unref(&exchange->base);
	return hf__p2_give(b, future ? &future->base : NULL);
}

uint32_t hf__p2_future_fd(const struct hf_p2_object *object)
{
	const struct future_response *future = (const struct future_response *)(const void *)object;
	bool answered = !future->exchange || hf__p2_exchange_has(future->exchange);
	return answered ? 0 : future->exchange->fd;
}

static uint32_t sys_future_response_subscribe(hf_b b, uint32_t self)
{
	struct future_response *future = hf__p2_borrow(b, HF_P2_FUTURE_INCOMING_RESPONSE, self);
	struct hf_p2_pollable *pollable = future ? hf__p2_pollable(b->p2, HF_P2_EVENT_RESPONSE, &future->base) : NULL;
	return future ? hf__p2_give(b, pollable ? &pollable->base : NULL) : 0;
}

P2_DOOR(uint32_t, future_response_subscribe, (uint32_t self), self)

/* Takes the response, or the error. -HF_EINTR after a trap. */
static int take(hf_b b, struct future_response *future, int received, struct hf_p2_http_result *out)
{
	struct hf_p2_exchange *exchange = future->exchange;
	struct hf_p2_http_error error;
	future->exchange = NULL;
	if (received == 0 && exchange->message.kind == HF_HTTP_RESPONSE) {
		struct incoming_response *response = create(exchange);
		if (!response)
			hf__p2_unref(&exchange->base);
		out->handle = hf__p2_give(b, response ? &response->base : NULL);
		return out->handle ? 0 : -HF_EINTR;
	}
	if (received == 0)
		hf__p2_exchange_error(exchange, &error);
	else
		error = hf__p2_http_failed(received);
	out->failed = 1;
	int result = hf__p2_lower_error(b, &error, &out->error);
	hf__p2_unref(&exchange->base);
	return result;
}

static void sys_future_response_get(hf_b b, uint32_t self, uint32_t out)
{
	/* option<result<result<own<incoming-response>, error-code>>> */
	struct {
		_Alignas(8) uint8_t some;
		_Alignas(8) uint8_t again;
		struct hf_p2_http_result response;
	} result = {.some = 1};
	_Static_assert(sizeof result == 56, "as in the canonical ABI");
	struct future_response *future = hf__p2_borrow(b, HF_P2_FUTURE_INCOMING_RESPONSE, self);
	if (!future || hf__p2_check(b, out, sizeof result, 8) < 0)
		return;
	int received = future->exchange ? hf__p2_exchange_receive(future->exchange, false) : 0;
	if (received == -HF_EINTR)
		return;
	result.some = received != -HF_EAGAIN;
	result.again = !future->exchange;
	if (!future->exchange || !result.some || take(b, future, received, &result.response) == 0)
		hf__p2_store(b, out, &result, sizeof result);
}

P2_VOID_DOOR(future_response_get, (uint32_t self, uint32_t out), self, out)
