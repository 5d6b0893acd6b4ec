/* http_message.c - what components and the page send each other about HTTP: messages, and the exchanges to which they belong (http.h). */
#include <string.h>

#include "kernel/socket.h"
#include "wasi/p2/destroy.h"
#include "wasi/p2/http.h"
#include "wasi/p2/net.h"
#include "wasi/p2/pollable.h"

/* ---- bytes ---- */

/* Writes all bytes, or with wait = false all or none. */
static int write_bytes(struct hf_p2 *p2, uint32_t fd, const void *bytes, uint32_t size, bool wait)
{
	struct hf_iov iov;
	struct hf_uio uio;
	struct hf_fd_view view;
	hf_uio_kernel(&uio, &iov, (void *)(uintptr_t)bytes, size);
	int result = hf_fd_get(&p2->thread->process->fds, fd, 0, &view);
	if (result < 0)
		return -HF_EPIPE;
	while (result >= 0 && uio.resid > 0) {
		uint64_t before = uio.resid;
		result = view.file->ops->write(view.file, p2->thread, &uio);
		if (wait && (result == -HF_EAGAIN || (result == 0 && uio.resid == before)))
			result = hf__p2_wait_fd(p2, fd, HF_READY_OUT, HF_FOREVER);
	}
	hf_fd_put(&view);
	return result < 0 ? result : 0;
}

/* Reads what is there. The number of bytes; -HF_EAGAIN; -HF_EPIPE at the end. */
static int read_bytes(struct hf_p2 *p2, uint32_t fd, void *to, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	struct hf_fd_view view;
	hf_uio_kernel(&uio, &iov, to, size);
	uio.nonblock = true;
	int result = hf_fd_get(&p2->thread->process->fds, fd, 0, &view);
	if (result < 0)
		return -HF_EPIPE;
	result = view.file->ops->read(view.file, p2->thread, &uio);
	hf_fd_put(&view);
	if (result < 0)
		return result;
	return uio.resid < size ? (int)(size - uio.resid) : -HF_EPIPE;
}

/* ---- sending ---- */

static uint32_t size_of(const struct hf_p2_http_list *list)
{
	return list ? list->size : 0;
}

int hf__p2_http_send(struct hf_p2 *p2, uint32_t fd, struct hf_http_message *message,
                     const struct hf_p2_http_list *texts, const struct hf_p2_http_list *fields, bool wait)
{
	message->size = size_of(texts) + size_of(fields);
	int result = write_bytes(p2, fd, message, sizeof *message, wait);
	if (result == 0 && size_of(texts) > 0)
		result = write_bytes(p2, fd, texts->bytes, texts->size, wait);
	if (result == 0 && size_of(fields) > 0)
		result = write_bytes(p2, fd, fields->bytes, fields->size, wait);
	return result;
}

int hf__p2_http_open(struct hf_p2 *p2, struct hf_http_message *message, const struct hf_p2_http_list *texts,
                     const struct hf_p2_http_list *fields)
{
	int fd = p2->http ? hf_sock_call(p2->thread, HF_SOCK_CONNECT, 0, p2->http) : -HF_ECONNREFUSED;
	if (fd < 0)
		return fd;
	int result = hf__p2_http_send(p2, (uint32_t)fd, message, texts, fields, true);
	if (result == 0)
		return fd;
	(void)hf_fd_close(&p2->thread->process->fds, (uint32_t)fd);
	return result;
}

struct hf_p2_http_error hf__p2_http_failed(int result)
{
	static const char no_memory[] = "the kernel is out of memory", closed[] = "the page has closed the connection";
	switch (result) {
	case -HF_EAGAIN:
	case -HF_ENOBUFS:
	case -HF_EMFILE:
		return (struct hf_p2_http_error){.code = HF_CODE_CONNECTION_LIMIT_REACHED};
	case -HF_ENOMEM:
		return (struct hf_p2_http_error){
			.code = HF_CODE_INTERNAL_ERROR, .text = no_memory, .text_size = sizeof no_memory - 1};
	default:
		return (struct hf_p2_http_error){
			.code = HF_CODE_INTERNAL_ERROR, .text = closed, .text_size = sizeof closed - 1};
	}
}

/* ---- exchanges ---- */

struct hf_p2_exchange *hf__p2_exchange(struct hf_p2 *p2, uint32_t fd)
{
	struct hf_p2_exchange *exchange = hf__p2_object(p2, sizeof *exchange, HF_P2_HTTP_EXCHANGE, NULL);
	if (exchange)
		exchange->fd = fd;
	else
		hf__p2_close_socket(p2, &fd);
	return exchange;
}

void hf__p2_destroy_http_exchange(struct hf_p2_object *object)
{
	struct hf_p2_exchange *exchange = (struct hf_p2_exchange *)(void *)object;
	hf__p2_close_socket(object->p2, &exchange->fd);
	if (exchange->list)
		hf__p2_unref(&exchange->list->base);
}

void hf__p2_exchange_close(struct hf_p2_exchange *exchange)
{
	struct hf_p2 *p2 = exchange->base.p2;
	if (!exchange->serves)
		hf__p2_close_socket(p2, &exchange->fd);
	else if (exchange->fd)
		(void)hf_sock_call(p2->thread, HF_SOCK_SHUTDOWN, exchange->fd, HF_SHUT_RD);
}

/* Reads the next part. 1: that was the last. */
static int receive_part(struct hf_p2_exchange *exchange)
{
	struct hf_http_message *message = &exchange->message;
	struct hf_p2_http_list *list = exchange->list;
	bool head = exchange->got < sizeof *message;
	uint8_t *to = head ? (uint8_t *)message + exchange->got : list->bytes + list->size;
	uint32_t wanted = head ? (uint32_t)sizeof *message - exchange->got : message->size - list->size;
	int result = wanted > 0 ? read_bytes(exchange->base.p2, exchange->fd, to, wanted) : 0;
	if (result < 0)
		return result;
	exchange->got += (uint32_t)result;
	if (!head)
		list->size += (uint32_t)result;
	else if (exchange->got == sizeof *message)
		result = hf__p2_list_reserve(list, message->size);
	if (result < 0 || !hf__p2_exchange_has(exchange))
		return result < 0 ? result : 0;
	hf__p2_list_remove_forbidden(list);
	return 1;
}

int hf__p2_exchange_receive(struct hf_p2_exchange *exchange, bool wait)
{
	struct hf_p2 *p2 = exchange->base.p2;
	int result = 0;
	if (!exchange->list && !(exchange->list = hf__p2_http_list(p2)))
		return hf__p2_no_memory(p2);
	while (result == 0 && !hf__p2_exchange_has(exchange)) {
		result = receive_part(exchange);
		/* The page sends a message whole: once it has begun, the rest follows at once. */
		if (result == -HF_EAGAIN && (wait || exchange->got > 0))
			result = hf__p2_wait_fd(p2, exchange->fd, HF_READY_IN, HF_FOREVER);
		result = result > 0 ? 0 : result;
	}
	return result;
}

void hf__p2_exchange_error(const struct hf_p2_exchange *exchange, struct hf_p2_http_error *out)
{
	const struct hf_http_message *message = &exchange->message;
	struct hf_p2_field text = {0};
	uint32_t code = message->status < HF_CODES ? message->status : HF_CODE_INTERNAL_ERROR;
	(void)hf__p2_list_find(exchange->list, ":text", &text);
	*out = (struct hf_p2_http_error){
		.code = (enum hf_p2_http_code)code,
		.has_number = message->has_number,
		.number = message->number,
		.text = text.value,
		.text_size = text.value_size,
	};
}
