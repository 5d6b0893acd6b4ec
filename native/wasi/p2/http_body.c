/* http_body.c - wasi:http/types: bodies and trailers.
 *
 * The page's fetch neither sends nor shows trailers: a body is received with none, and cannot be sent with any. */
#include <string.h>

#include "kernel/socket.h"
#include "wasi/p2/destroy.h"
#include "wasi/p2/http.h"
#include "wasi/p2/net.h"
#include "wasi/p2/pollable.h"
#include "wasi/p2/stream.h"

/* result<own<…>> */
struct handle_result {
	uint32_t failed;
	uint32_t handle;
};

/* Stores the handle, or an error if it must not be made. */
static void put_handle(hf_b b, bool failed, uint32_t handle, uint32_t out)
{
	const struct handle_result result = {failed, handle};
	if (failed || handle)
		hf__p2_store(b, out, &result, sizeof result);
}

/* A body has one stream. Stores an error and returns false if it was given already. */
static bool begin_stream(hf_b b, bool *streamed, uint32_t out)
{
	bool first = !*streamed;
	*streamed = true;
	if (!first)
		put_handle(b, true, 0, out);
	return first;
}

static uint32_t give_pollable(hf_b b, struct hf_p2_object *of)
{
	struct hf_p2_pollable *pollable = of ? hf__p2_pollable(b->p2, HF_P2_EVENT_NOW, of) : NULL;
	return of ? hf__p2_give(b, pollable ? &pollable->base : NULL) : 0;
}

/* ---- incoming-body ---- */

struct incoming_body {
	struct hf_p2_object base;
	struct hf_p2_exchange *exchange;
	bool streamed;
};

void hf__p2_destroy_incoming_body(struct hf_p2_object *object)
{
	struct incoming_body *body = (struct incoming_body *)(void *)object;
	hf__p2_exchange_close(body->exchange);
	hf__p2_unref(&body->exchange->base);
}

void hf__p2_put_incoming_body(hf_b b, struct hf_p2_exchange **exchange, uint32_t out)
{
	struct incoming_body *body;
	if (!*exchange) {
		put_handle(b, true, 0, out);
		return;
	}
	body = hf__p2_object(b->p2, sizeof *body, HF_P2_INCOMING_BODY, NULL);
	if (body) {
		body->exchange = *exchange;
		*exchange = NULL;
	}
	put_handle(b, false, hf__p2_give(b, body ? &body->base : NULL), out);
}

static void sys_incoming_body_stream(hf_b b, uint32_t self, uint32_t out)
{
	struct incoming_body *body = hf__p2_borrow(b, HF_P2_INCOMING_BODY, self);
	if (!body || hf__p2_check(b, out, sizeof(struct handle_result), 4) < 0)
		return;
	if (!begin_stream(b, &body->streamed, out))
		return;
	struct hf_p2_stream *stream =
		hf__p2_stream(b->p2, HF_P2_INPUT_STREAM, body->exchange->fd, HF_P2_PLACE_NONE, 0, &body->base);
	put_handle(b, false, hf__p2_give(b, stream ? &stream->base : NULL), out);
}

P2_VOID_DOOR(incoming_body_stream, (uint32_t self, uint32_t out), self, out)

/* ---- trailers ---- */

struct future_trailers {
	struct hf_p2_object base;
	bool taken;
};

/* An object of the type whose handle the component gives up. Traps while it has children. */
static void *finish(hf_b b, enum hf_p2_type type, uint32_t handle)
{
	struct hf_p2_object *object = hf__p2_borrow(b, type, handle);
	if (object && object->children > 0) {
		(void)hf__p2_trap_at(b->p2, "the stream of the body with handle # must be dropped first", handle);
		return NULL;
	}
	return object ? hf__p2_take(b, type, handle) : NULL;
}

static uint32_t sys_incoming_body_finish(hf_b b, uint32_t self)
{
	struct incoming_body *body = finish(b, HF_P2_INCOMING_BODY, self);
	if (!body)
		return 0;
	hf__p2_unref(&body->base);
	return hf__p2_give(b, hf__p2_object(b->p2, sizeof(struct future_trailers), HF_P2_FUTURE_TRAILERS, NULL));
}

P2_DOOR(uint32_t, incoming_body_finish, (uint32_t self), self)

static uint32_t sys_future_trailers_subscribe(hf_b b, uint32_t self)
{
	return give_pollable(b, hf__p2_borrow(b, HF_P2_FUTURE_TRAILERS, self));
}

P2_DOOR(uint32_t, future_trailers_subscribe, (uint32_t self), self)

/* some(ok(ok(none))), and later some(err) */
static void sys_future_trailers_get(hf_b b, uint32_t self, uint32_t out)
{
	struct {
		_Alignas(8) uint8_t some;
		_Alignas(8) uint8_t again;
		struct hf_p2_http_result trailers;
	} result = {.some = 1};
	struct future_trailers *trailers = hf__p2_borrow(b, HF_P2_FUTURE_TRAILERS, self);
	if (!trailers || hf__p2_check(b, out, sizeof result, 8) < 0)
		return;
	result.again = trailers->taken;
	trailers->taken = true;
	hf__p2_store(b, out, &result, sizeof result);
}

P2_VOID_DOOR(future_trailers_get, (uint32_t self, uint32_t out), self, out)

/* ---- uploads ---- */

/* Reports how the upload has ended. This does not block: if there is no room, because the page does not read, it gets no more messages. The response may
 * still be read, so the descriptor stays open. */
static void report(struct hf_p2_upload *upload)
{
	struct hf_p2_exchange *exchange = upload->exchange;
	struct hf_http_message message = {
		.kind = upload->finished ? HF_HTTP_FINISH : HF_HTTP_ABORT, .number = upload->written, .has_number = 1};
	if (exchange->fd && hf__p2_http_send(upload->base.p2, exchange->fd, &message, NULL, NULL, false) < 0)
		(void)hf_sock_call(upload->base.p2->thread, HF_SOCK_SHUTDOWN, exchange->fd, HF_SHUT_WR);
}

/* Before the message is sent, the page does not know of the upload; hf__p2_upload_begins reports it then. */
static void end_upload(struct hf_p2_upload *upload, bool finished)
{
	upload->ended = true;
	upload->finished = finished;
	if (upload->exchange)
		report(upload);
	hf__p2_close_socket(upload->base.p2, &upload->fd);
}

void hf__p2_destroy_http_upload(struct hf_p2_object *object)
{
	struct hf_p2_upload *upload = (struct hf_p2_upload *)(void *)object;
	hf__p2_close_socket(object->p2, &upload->fd);
	if (upload->exchange)
		hf__p2_unref(&upload->exchange->base);
}

void hf__p2_upload_begins(struct hf_p2_upload *upload, struct hf_p2_exchange *exchange)
{
	upload->exchange = exchange;
	exchange->base.refs++;
	if (upload->ended)
		report(upload);
}

/* The field Content-Length; UINT64_MAX: there is none. */
static uint64_t length_of(const struct hf_p2_http_list *fields)
{
	struct hf_p2_field field;
	uint64_t length = 0;
	if (!hf__p2_list_find(fields, "content-length", &field) || field.value_size == 0 || field.value_size > 18)
		return UINT64_MAX;
	for (uint32_t i = 0; i < field.value_size; i++) {
		if (field.value[i] < '0' || field.value[i] > '9')
			return UINT64_MAX;
		length = length * 10 + (uint64_t)(field.value[i] - '0');
	}
	return length;
}

static struct hf_p2_upload *create_upload(struct hf_p2 *p2, const struct hf_p2_http_list *fields, bool answers)
{
	struct hf_http_message message = {.kind = HF_HTTP_UPLOAD, .upload = ++p2->uploads};
	struct hf_p2_upload *upload = hf__p2_object(p2, sizeof *upload, HF_P2_HTTP_UPLOAD, NULL);
	if (!upload)
		return NULL;
	/* Without a connection, what the component writes is refused; the reason is reported when it sends the message. */
	int fd = hf__p2_http_open(p2, &message, NULL, NULL);
	upload->fd = fd > 0 ? (uint32_t)fd : 0;
	upload->failed = fd < 0 ? fd : 0;
	upload->number = p2->uploads;
	upload->length = length_of(fields);
	upload->answers = answers;
	return upload;
}

/* ---- outgoing-body ---- */

/* Its parent is the upload. */
struct outgoing_body {
	struct hf_p2_object base;
	bool streamed;
};

static struct hf_p2_upload *upload_of(const struct outgoing_body *body)
{
	return (struct hf_p2_upload *)(void *)body->base.parent;
}

void hf__p2_destroy_outgoing_body(struct hf_p2_object *object)
{
	struct hf_p2_upload *upload = upload_of((struct outgoing_body *)(void *)object);
	if (!upload->ended)
		end_upload(upload, false);
}

void hf__p2_put_outgoing_body(hf_b b, struct hf_p2_upload **upload, const struct hf_p2_http_list *fields, bool answers,
                              uint32_t out)
{
	struct outgoing_body *body;
	if (*upload) {
		put_handle(b, true, 0, out);
		return;
	}
	*upload = create_upload(b->p2, fields, answers);
	body = *upload ? hf__p2_object(b->p2, sizeof *body, HF_P2_OUTGOING_BODY, &(*upload)->base) : NULL;
	put_handle(b, false, hf__p2_give(b, body ? &body->base : NULL), out);
}

static void sys_outgoing_body_write(hf_b b, uint32_t self, uint32_t out)
{
	struct outgoing_body *body = hf__p2_borrow(b, HF_P2_OUTGOING_BODY, self);
	if (!body || hf__p2_check(b, out, sizeof(struct handle_result), 4) < 0)
		return;
	if (!begin_stream(b, &body->streamed, out))
		return;
	struct hf_p2_upload *upload = upload_of(body);
	struct hf_p2_stream *stream =
		hf__p2_stream(b->p2, HF_P2_OUTPUT_STREAM, upload->fd, HF_P2_PLACE_NONE, 0, &body->base);
	if (stream) {
		stream->closed = upload->fd == 0;
		stream->moved = &upload->written;
	}
	put_handle(b, false, hf__p2_give(b, stream ? &stream->base : NULL), out);
}

P2_VOID_DOOR(outgoing_body_write, (uint32_t self, uint32_t out), self, out)

/* Whether the body can be finished; otherwise sets the error. */
static bool can_finish(const struct hf_p2_upload *upload, bool trailers, struct hf_p2_http_error *error)
{
	static const char no_trailers[] = "fetch cannot send trailers";
	if (trailers)
		*error = (struct hf_p2_http_error){
			.code = HF_CODE_INTERNAL_ERROR, .text = no_trailers, .text_size = sizeof no_trailers - 1};
	else if (upload->length != UINT64_MAX && upload->length != upload->written)
		*error = (struct hf_p2_http_error){.code = upload->answers ? HF_CODE_HTTP_RESPONSE_BODY_SIZE
		                                                           : HF_CODE_HTTP_REQUEST_BODY_SIZE,
		                                   .has_number = true,
		                                   .number = upload->written};
	else
		return true;
	return false;
}

static void sys_outgoing_body_finish(hf_b b, uint32_t self, uint32_t some, uint32_t trailers, uint32_t out)
{
	struct hf_p2_http_result result = {0};
	struct hf_p2_http_error error;
	struct hf_p2_http_list *list = NULL;
	if (some > 1)
		(void)hf__p2_trap_at(b->p2, "an option has no case #", some);
	if (some > 1 || hf__p2_check(b, out, sizeof result, 8) < 0)
		return;
	struct outgoing_body *body = finish(b, HF_P2_OUTGOING_BODY, self);
	if (!body)
		return;
	if (some && !(list = hf__p2_take_list(b, trailers))) {
		hf__p2_unref(&body->base);
		return;
	}
	bool ok = can_finish(upload_of(body), list && list->size > 0, &error);
	end_upload(upload_of(body), ok);
	hf__p2_unref(&body->base);
	if (list)
		hf__p2_unref(&list->base);
	result.failed = !ok;
	if (ok || hf__p2_lower_error(b, &error, &result.error) == 0)
		hf__p2_store(b, out, &result, sizeof result);
}

P2_VOID_DOOR(outgoing_body_finish, (uint32_t self, uint32_t some, uint32_t trailers, uint32_t out), self, some,
             trailers, out)
