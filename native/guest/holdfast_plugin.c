/* The protocol between a plugin and its page. A line of standard input is a request, which runs a method, or the answer to a call that is waiting
 * further down the stack. Answers may arrive in any order.
 */
#include "holdfast_plugin.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The most unanswered calls at a time. The page stops reading at 256, and a plugin that then only writes would wait forever. The difference is for
 * nested calls: each level may always make one, because an answer may depend on it.
 */
#define WINDOW 224
_Static_assert(WINDOW + HFP_NESTED < 256, "the page reads on");
#define READ_SIZE 16384
/* Calls that are sent together are written in one batch. */
#define HELD_SIZE 32768

enum { UNANSWERED = 1 };

/* Calls that wait together; call i has the id first + i. */
struct waiting {
	int64_t first;
	size_t count, sent, answered;
	struct hfp_outgoing *calls;
	struct waiting *next;
};

struct message {
	char *line;
	struct hfp_document document;
	struct message *next;
};

static ptrdiff_t read_stdin(void *buffer, size_t size)
{
	return read(0, buffer, size);
}

static ptrdiff_t write_stdout(const void *buffer, size_t size)
{
	return write(1, buffer, size);
}

static struct {
	struct hfp_io io;
	char *buffer; /* bytes that were read; those from `start` on are still unused */
	size_t start, filled, room;
	int64_t last_id;
	struct waiting *waiting;
	size_t unanswered;                           /* unanswered calls of all levels */
	struct message *postponed, **last_postponed; /* requests that arrived while the stack was full */
	unsigned depth;
	const struct hfp_method *methods;
	bool ended; /* standard input */
	bool holding;
	char held[HELD_SIZE]; /* lines not yet written, while `holding` */
	size_t held_size;
} self = {.io = {read_stdin, write_stdout}, .last_postponed = &self.postponed};

/* --- lines --- */

static int write_all(const char *text, size_t size)
{
	for (size_t at = 0; at < size;) {
		ptrdiff_t written = self.io.write(text + at, size - at);
		if (written <= 0)
			return HFP_CLOSED;
		at += (size_t)written;
	}
	return HFP_OK;
}

static int write_held(void)
{
	size_t size = self.held_size;
	self.held_size = 0;
	return write_all(self.held, size);
}

static int write_or_hold(const char *text, size_t size)
{
	if (!self.holding)
		return write_all(text, size);
	int outcome = self.held_size + size > HELD_SIZE ? write_held() : HFP_OK;
	if (outcome || size > HELD_SIZE)
		return outcome ? outcome : write_all(text, size);
	memcpy(self.held + self.held_size, text, size);
	self.held_size += size;
	return HFP_OK;
}

static int send_line(struct hfp_writer *line)
{
	hfp_write_json(line, "", 0);
	if (!line->failed)
		line->text[line->size - 1] = '\n'; /* overwrites the comma */
	int outcome = line->failed ? HFP_MEMORY : write_or_hold(line->text, line->size);
	hfp_writer_free(line);
	return outcome;
}

static int make_room(void)
{
	if (self.start > 0) {
		memmove(self.buffer, self.buffer + self.start, self.filled - self.start);
		self.filled -= self.start;
		self.start = 0;
	}
	if (self.room - self.filled >= READ_SIZE)
		return HFP_OK;
	size_t room = self.room < READ_SIZE ? 2 * READ_SIZE : 2 * self.room;
	char *buffer = room > self.room ? realloc(self.buffer, room) : NULL;
	if (!buffer)
		return HFP_MEMORY;
	self.buffer = buffer;
	self.room = room;
	return HFP_OK;
}

/* Waits until the unused bytes begin with a whole line, and returns its length in `size`. */
static int find_line(size_t *size)
{
	size_t searched = 0;
	for (;;) {
		size_t unused = self.filled - self.start;
		const char *from = unused > searched ? self.buffer + self.start + searched : NULL;
		const char *end = from ? memchr(from, '\n', unused - searched) : NULL;
		if (end) {
			*size = (size_t)(end - self.buffer) - self.start;
			return HFP_OK;
		}
		searched = unused;
		if (self.ended)
			return HFP_CLOSED;
		int error = make_room();
		if (error)
			return error;
		ptrdiff_t got = self.io.read(self.buffer + self.filled, self.room - self.filled);
		self.ended = got <= 0;
		self.filled += got > 0 ? (size_t)got : 0;
	}
}

/* Returns a copy of the next line, NUL-terminated, because answers outlive the buffer. */
static int read_line(char **line, size_t *size)
{
	int error = find_line(size);
	if (error)
		return error;
	*line = malloc(*size + 1);
	if (!*line)
		return HFP_MEMORY;
	memcpy(*line, self.buffer + self.start, *size);
	(*line)[*size] = 0;
	self.start += *size + 1;
	return HFP_OK;
}

/* --- answers from this side --- */

static void begin_message(struct hfp_writer *line)
{
	hfp_begin_object(line);
	hfp_key(line, "jsonrpc");
	hfp_write_string(line, "2.0");
}

static int send_error(const struct hfp_value *id, const struct hfp_request *error)
{
	struct hfp_writer line = {0};
	begin_message(&line);
	hfp_key(&line, "id");
	hfp_write_value(&line, id);
	hfp_key(&line, "error");
	hfp_begin_object(&line);
	hfp_key(&line, "code");
	hfp_write_integer(&line, error->code);
	hfp_key(&line, "message");
	hfp_write_string(&line, error->message);
	if (error->data.size > 0 && !error->data.failed) {
		hfp_key(&line, "data");
		hfp_write_json(&line, error->data.text, error->data.size);
	}
	hfp_end_object(&line);
	hfp_end_object(&line);
	return send_line(&line);
}

static int send_result(const struct hfp_value *id, const struct hfp_writer *result)
{
	struct hfp_writer line = {0};
	begin_message(&line);
	hfp_key(&line, "id");
	hfp_write_value(&line, id);
	hfp_key(&line, "result");
	if (result->size > 0)
		hfp_write_json(&line, result->text, result->size);
	else
		hfp_write_null(&line);
	hfp_end_object(&line);
	return send_line(&line);
}

static int refuse(const struct hfp_value *id, int code, const char *message)
{
	struct hfp_request error = {.code = code};
	snprintf(error.message, sizeof error.message, "%s", message);
	return send_error(id, &error);
}

void hfp_fail(struct hfp_request *request, int code, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	request->code = code;
	vsnprintf(request->message, sizeof request->message, format, arguments);
	va_end(arguments);
}

/* --- requests --- */

static const struct hfp_method *find_method(const struct hfp_value *name)
{
	for (const struct hfp_method *method = self.methods; method && method->name; method++) {
		if (hfp_is(name, method->name))
			return method;
	}
	return NULL;
}

static void run_method(const struct hfp_method *method, struct hfp_request *request)
{
	if (!method) {
		hfp_fail(request, HFP_METHOD_NOT_FOUND, "the plugin has no method \"%.100s\"", request->method);
		return;
	}
	method->run(request);
	if (request->code == 0 && request->result.failed)
		hfp_fail(request, HFP_INTERNAL_ERROR, "out of memory for the result");
}

static void free_message(struct message *message)
{
	hfp_free(&message->document);
	free(message->line);
	free(message);
}

/* Runs the method of a request and answers. Frees the message. */
static int handle_request(struct message *message)
{
	const struct hfp_value *root = message->document.root, *name = hfp_get(root, "method");
	const struct hfp_value *id = hfp_get(root, "id"), *params = hfp_get(root, "params");
	bool structured = !params || params->type == HFP_OBJECT || params->type == HFP_ARRAY;
	int outcome = HFP_OK;
	if (!hfp_is(hfp_get(root, "jsonrpc"), "2.0") || name->type != HFP_STRING || !structured) {
		outcome = refuse(id, HFP_INVALID_REQUEST, "not a request of JSON-RPC 2.0");
	} else {
		struct hfp_request request = {.method = name->text, .params = params, .notification = !id};
		self.depth++;
		run_method(find_method(name), &request);
		self.depth--;
		if (id)
			outcome = request.code ? send_error(id, &request) : send_result(id, &request.result);
		hfp_writer_free(&request.result);
		hfp_writer_free(&request.data);
	}
	free_message(message);
	return outcome;
}

/* --- answers from the page --- */

static struct hfp_outgoing *find_call(const struct hfp_value *id, struct waiting **found)
{
	int64_t number;
	if (!hfp_integer(id, &number))
		return NULL;
	for (struct waiting *waiting = self.waiting; waiting; waiting = waiting->next) {
		if (number >= waiting->first && (uint64_t)(number - waiting->first) < waiting->sent) {
			*found = waiting;
			return &waiting->calls[number - waiting->first];
		}
	}
	return NULL;
}

/* Gives the message to the call that waits for it; frees it if none does. */
static void take_answer(struct message *message)
{
	const struct hfp_value *root = message->document.root, *error = hfp_get(root, "error");
	struct waiting *waiting = NULL;
	struct hfp_outgoing *call = find_call(hfp_get(root, "id"), &waiting);
	if (!call || call->reply.outcome != UNANSWERED) {
		free_message(message);
		return;
	}
	const struct hfp_value *text = hfp_get(error, "message");
	int64_t code;
	call->reply = (struct hfp_reply){
		.outcome = error ? HFP_ERROR : HFP_OK,
		.result = error ? NULL : hfp_get(root, "result"),
		.code = hfp_integer(hfp_get(error, "code"), &code) && code >= INT32_MIN && code <= INT32_MAX ? (int)code : 0,
		.message = text && text->type == HFP_STRING ? text->text : "",
		.data = hfp_get(error, "data"),
		.line = message->line,
		.document = message->document,
	};
	waiting->answered++;
	self.unanswered--;
	free(message);
}

/* --- the loop --- */

static void postpone(struct message *message)
{
	message->next = NULL;
	*self.last_postponed = message;
	self.last_postponed = &message->next;
}

static struct message *take_postponed(void)
{
	struct message *message = self.postponed;
	self.postponed = message->next;
	if (!self.postponed)
		self.last_postponed = &self.postponed;
	return message;
}

static int take_message(struct message *message)
{
	const struct hfp_value *root = message->document.root;
	if (hfp_get(root, "method")) {
		if (self.depth < HFP_NESTED)
			return handle_request(message);
		postpone(message);
		return HFP_OK;
	}
	if (hfp_get(root, "id")) {
		take_answer(message);
		return HFP_OK;
	}
	free_message(message);
	return refuse(NULL, HFP_INVALID_REQUEST, "not a message that this plugin understands");
}

static bool is_blank(const char *line)
{
	return line[strspn(line, " \t\r")] == 0;
}

/* Handles one message. Returns HFP_CLOSED at the end of input. */
static int step(void)
{
	if (self.postponed && self.depth < HFP_NESTED)
		return handle_request(take_postponed());
	struct message *message = calloc(1, sizeof *message);
	size_t size = 0;
	if (!message)
		return HFP_MEMORY;
	int error = read_line(&message->line, &size);
	if (error || is_blank(message->line)) {
		free_message(message);
		return error;
	}
	error = hfp_parse(message->line, size, &message->document);
	if (!error)
		return take_message(message);
	free_message(message);
	return error == HFP_SYNTAX ? refuse(NULL, HFP_PARSE_ERROR, "the plugin got a line that is not JSON")
	                           : refuse(NULL, HFP_INTERNAL_ERROR, "the plugin is out of memory");
}

int hfp_serve(const struct hfp_method *methods)
{
	int outcome;
	self.methods = methods;
	do
		outcome = step();
	while (outcome == HFP_OK);
	return outcome == HFP_CLOSED && self.ended ? HFP_OK : outcome;
}

static int send_call(int64_t id, const char *method, const struct hfp_writer *params)
{
	struct hfp_writer line = {0};
	if (params && params->failed)
		return HFP_MEMORY;
	begin_message(&line);
	if (id > 0) {
		hfp_key(&line, "id");
		hfp_write_integer(&line, id);
	}
	hfp_key(&line, "method");
	hfp_write_string(&line, method);
	if (params && params->size > 0) {
		hfp_key(&line, "params");
		hfp_write_json(&line, params->text, params->size);
	}
	hfp_end_object(&line);
	return send_line(&line);
}

static void send_next(struct waiting *waiting)
{
	size_t i = waiting->sent++;
	struct hfp_outgoing *call = &waiting->calls[i];
	int outcome = send_call(waiting->first + (int64_t)i, call->method, call->params);
	if (outcome) {
		call->reply.outcome = outcome;
		waiting->answered++;
	} else {
		self.unanswered++;
	}
}

static bool may_send(const struct waiting *waiting)
{
	return waiting->sent < waiting->count && (self.unanswered < WINDOW || waiting->sent == waiting->answered);
}

/* Sends more calls, up to the most that may be unanswered, once half of them are answered, so that many are sent in one batch. */
static int send_calls(struct waiting *waiting)
{
	if (waiting->sent - waiting->answered > WINDOW / 2)
		return HFP_OK;
	self.holding = true;
	while (may_send(waiting))
		send_next(waiting);
	self.holding = false;
	return write_held();
}

static void stop_waiting(struct waiting *waiting)
{
	struct waiting **link = &self.waiting;
	while (*link != waiting)
		link = &(*link)->next;
	*link = waiting->next;
	self.unanswered -= waiting->sent - waiting->answered;
}

int hfp_call_many(struct hfp_outgoing *calls, size_t count)
{
	struct waiting waiting = {.first = self.last_id + 1, .count = count, .calls = calls, .next = self.waiting};
	int outcome = HFP_OK;
	self.last_id += (int64_t)count;
	self.waiting = &waiting;
	for (size_t i = 0; i < count; i++)
		calls[i].reply = (struct hfp_reply){.outcome = UNANSWERED};
	while (outcome == HFP_OK) {
		outcome = send_calls(&waiting);
		if (waiting.answered == count)
			break;
		if (outcome == HFP_OK)
			outcome = step();
	}
	stop_waiting(&waiting);
	for (size_t i = 0; i < count; i++) {
		if (calls[i].reply.outcome == UNANSWERED)
			calls[i].reply.outcome = outcome;
	}
	for (size_t i = 0; i < count; i++) {
		if (calls[i].reply.outcome)
			return calls[i].reply.outcome;
	}
	return HFP_OK;
}

int hfp_call(const char *method, const struct hfp_writer *params, struct hfp_reply *reply)
{
	struct hfp_outgoing call = {.method = method, .params = params};
	int outcome = hfp_call_many(&call, 1);
	*reply = call.reply;
	return outcome;
}

int hfp_notify(const char *method, const struct hfp_writer *params)
{
	return send_call(0, method, params);
}

void hfp_reply_free(struct hfp_reply *reply)
{
	hfp_free(&reply->document);
	free(reply->line);
	*reply = (struct hfp_reply){0};
}

void hfp_use(const struct hfp_io *io)
{
	while (self.postponed)
		free_message(take_postponed());
	free(self.buffer);
	self.buffer = NULL;
	self.start = self.filled = self.room = 0;
	self.last_id = 0;
	self.unanswered = 0;
	self.depth = 0;
	self.ended = false;
	self.io = *io;
}
