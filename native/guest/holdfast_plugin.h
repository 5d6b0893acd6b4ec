/* A page's plugin, in C: it is called by the page and calls the page, with JSON-RPC 2.0 over its standard input and output (docs/plugins.md). Compile
 * holdfast_plugin.c and holdfast_json.c with your program; they need only a C library.
 *
 * One thread at a time may use this library. Standard output carries the messages: write everything else to stderr. When memory runs out, the call
 * fails with HFP_MEMORY; the program is not ended.
 */
#ifndef HOLDFAST_PLUGIN_H
#define HOLDFAST_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- reading JSON ------------------------------------------------------------------------------------------------ */

enum hfp_type { HFP_NULL, HFP_BOOL, HFP_NUMBER, HFP_STRING, HFP_ARRAY, HFP_OBJECT };

/* A value of a document. The fields are read-only. All functions accept NULL, which means no value. */
struct hfp_value {
	enum hfp_type type;
	bool boolean;
	double number;
	const char *text; /* for a string: UTF-8, NUL-terminated, and may contain other NULs */
	size_t size;      /* for a string: bytes; for an array or object: entries */
	const char *key;  /* for an entry of an object */
	size_t key_size;
	struct hfp_value *first, *next; /* the first entry of an array or object; the next entry of the parent */
};

/* A parsed text, valid until hfp_free. The text, which the parser changes, must live as long. */
struct hfp_document {
	struct hfp_value *root;
	struct hfp_block *blocks;
};

/* Deeper nesting is refused. */
#define HFP_DEPTH 128

enum hfp_outcome {
	HFP_OK = 0,
	HFP_ERROR = -1,  /* hfp_call: the other side answered with an error */
	HFP_CLOSED = -2, /* the page is gone, or broke the protocol */
	HFP_MEMORY = -3,
	HFP_SYNTAX = -4, /* not JSON, or nested too deeply */
};

/* Parses `size` bytes of `text`, whose byte text[size] must be 0. Strict: RFC 8259, and valid UTF-8. Escaped surrogates
 * without their other half become U+FFFD. Returns HFP_OK, HFP_SYNTAX or HFP_MEMORY; `document` is valid in any case.
 */
int hfp_parse(char *text, size_t size, struct hfp_document *document);
void hfp_free(struct hfp_document *document);

/* Returns the entry of an object with this key, or the last one of several. NULL if there is none, or if the value is not an object. */
const struct hfp_value *hfp_get(const struct hfp_value *object, const char *key);
/* Returns an array's entry, counted from 0. NULL if there is none. */
const struct hfp_value *hfp_at(const struct hfp_value *array, size_t index);
/* Whether the value is a string with exactly these bytes. */
bool hfp_is(const struct hfp_value *value, const char *text);
/* Stores the number if the value is a whole number within ±2^53, which a double represents exactly. */
bool hfp_integer(const struct hfp_value *value, int64_t *number);

/* --- writing JSON ------------------------------------------------------------------------------------------------ */

/* A growing text. Commas and colons are added as needed. After memory has run out, all calls do nothing. */
struct hfp_writer {
	char *text;
	size_t size, room;
	bool failed, comma;
};

void hfp_write_null(struct hfp_writer *writer);
void hfp_write_bool(struct hfp_writer *writer, bool value);
/* Writes the fewest digits that read back as the same number. Infinities and NaN become null. */
void hfp_write_number(struct hfp_writer *writer, double value);
void hfp_write_integer(struct hfp_writer *writer, int64_t value);
/* Bytes that are not UTF-8 become U+FFFD. */
void hfp_write_string(struct hfp_writer *writer, const char *text);
void hfp_write_text(struct hfp_writer *writer, const char *text, size_t size);
/* Writes a value that is already JSON, for example the text of another writer. */
void hfp_write_json(struct hfp_writer *writer, const char *json, size_t size);
void hfp_write_value(struct hfp_writer *writer, const struct hfp_value *value);
void hfp_begin_array(struct hfp_writer *writer);
void hfp_end_array(struct hfp_writer *writer);
void hfp_begin_object(struct hfp_writer *writer);
void hfp_key(struct hfp_writer *writer, const char *key);
void hfp_end_object(struct hfp_writer *writer);
void hfp_writer_free(struct hfp_writer *writer);

/* --- being called ------------------------------------------------------------------------------------------------ */

#define HFP_PARSE_ERROR (-32700)
#define HFP_INVALID_REQUEST (-32600)
#define HFP_METHOD_NOT_FOUND (-32601)
#define HFP_INVALID_PARAMS (-32602)
#define HFP_INTERNAL_ERROR (-32603)

/* A request while its method runs. */
struct hfp_request {
	const char *method;
	const struct hfp_value *params; /* an object or array, or NULL */
	bool notification;              /* a notification: the result is not sent */
	struct hfp_writer result;       /* written by the method; if nothing is written: null */
	int code;                       /* the error's; set by hfp_fail */
	char message[256];
	struct hfp_writer data; /* the error's data; if nothing is written: none */
};

/* Answers with an error; the method should then return. The message is formatted like printf, and truncated if it is too long. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void hfp_fail(struct hfp_request *request, int code, const char *format, ...);

struct hfp_method {
	const char *name;
	void (*run)(struct hfp_request *request);
};

/* Handles requests until standard input ends. `methods` ends with an entry without a name, and must stay valid.
 * Returns HFP_OK at the end of input, otherwise HFP_CLOSED or HFP_MEMORY.
 */
int hfp_serve(const struct hfp_method *methods);

/* --- calling the page -------------------------------------------------------------------------------------------- */

/* The answer to a call. Always free it with hfp_reply_free. */
struct hfp_reply {
	int outcome;                    /* HFP_OK, HFP_ERROR, HFP_CLOSED or HFP_MEMORY */
	const struct hfp_value *result; /* for HFP_OK */
	int code;                       /* for HFP_ERROR */
	const char *message;
	const struct hfp_value *data; /* or NULL */
	char *line;
	struct hfp_document document;
};

/* Calls a method of the page and waits for its answer. `params` is a finished object or array, or NULL for none. While it waits, requests from the
 * page are handled, up to HFP_NESTED deep; further ones wait until the stack is free. Returns reply->outcome.
 */
int hfp_call(const char *method, const struct hfp_writer *params, struct hfp_reply *reply);
#define HFP_NESTED 16

struct hfp_outgoing {
	const char *method;
	const struct hfp_writer *params;
	struct hfp_reply reply; /* filled in */
};

/* Makes all calls, which the page handles at the same time, and waits for all answers. Each answer is stored with its call, in whatever order they
 * arrive. At most 128 calls are unanswered at any time. Returns HFP_OK if all calls succeeded, otherwise the outcome of the first that did not.
 */
int hfp_call_many(struct hfp_outgoing *calls, size_t count);

/* Sends a notification, which is not answered. */
int hfp_notify(const char *method, const struct hfp_writer *params);

void hfp_reply_free(struct hfp_reply *reply);

/* --- for tests: other streams than 0 and 1 ------------------------------------------------------------------------ */

struct hfp_io {
	/* Like read(0, …) and write(1, …). */
	ptrdiff_t (*read)(void *buffer, size_t size);
	ptrdiff_t (*write)(const void *buffer, size_t size);
};

/* Discards everything that was read or is unanswered, and uses these streams from now on. */
void hfp_use(const struct hfp_io *io);

#endif
