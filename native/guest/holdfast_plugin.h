/* A plugin of a page, in C: it is called by the page and calls the page, with JSON-RPC 2.0 over its standard input and
 * output (docs/plugins.md). Compile holdfast_plugin.c and holdfast_json.c with your program; they need
 * only a C library.
 *
 * One thread at a time may use this library. Standard output carries the messages: write everything else to stderr.
 * Memory that runs out is an error of the call (HFP_MEMORY), never an end of the program.
 */
#ifndef HOLDFAST_PLUGIN_H
#define HOLDFAST_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- reading JSON ------------------------------------------------------------------------------------------------ */

enum hfp_type { HFP_NULL, HFP_BOOL, HFP_NUMBER, HFP_STRING, HFP_ARRAY, HFP_OBJECT };

/* A value of a document. The fields are for reading; NULL is accepted by all functions and is no value. */
struct hfp_value {
	enum hfp_type type;
	bool boolean;
	double number;
	const char *text; /* of a string: UTF-8, ends with a NUL, and may hold others */
	size_t size;      /* of a string: bytes; of an array or object: entries */
	const char *key;  /* of an object's entry */
	size_t key_size;
	struct hfp_value *first, *next; /* the entries of an array or object; the next one of its parent */
};

/* A parsed text. It lives until hfp_free, and so must the text, which the parser changes. */
struct hfp_document {
	struct hfp_value *root;
	struct hfp_block *blocks;
};

/* Nesting that is deeper is refused. */
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

/* The entry of an object; the last of several with the same key. NULL if there is none, or for anything else. */
const struct hfp_value *hfp_get(const struct hfp_value *object, const char *key);
/* An array's entry, from 0. NULL if there is none. */
const struct hfp_value *hfp_at(const struct hfp_value *array, size_t index);
/* Whether it is a string, of exactly these bytes. */
bool hfp_is(const struct hfp_value *value, const char *text);
/* Stores the number if the value is one that is whole and within ±2^53, which doubles hold exactly. */
bool hfp_integer(const struct hfp_value *value, int64_t *number);

/* --- writing JSON ------------------------------------------------------------------------------------------------ */

/* A text that grows. Commas and colons are added where they belong. After memory ran out, all calls do nothing. */
struct hfp_writer {
	char *text;
	size_t size, room;
	bool failed, comma;
};

void hfp_write_null(struct hfp_writer *writer);
void hfp_write_bool(struct hfp_writer *writer, bool value);
/* With the fewest digits that read back as the same number. Infinities and NaN become null. */
void hfp_write_number(struct hfp_writer *writer, double value);
void hfp_write_integer(struct hfp_writer *writer, int64_t value);
/* Bytes that are not UTF-8 become U+FFFD. */
void hfp_write_string(struct hfp_writer *writer, const char *text);
void hfp_write_text(struct hfp_writer *writer, const char *text, size_t size);
/* A value that is JSON already, such as the text of another writer. */
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
	bool notification;              /* nobody waits for the result */
	struct hfp_writer result;       /* what the method writes; nothing: null */
	int code;                       /* of the error; hfp_fail sets these */
	char message[256];
	struct hfp_writer data; /* of the error; nothing: none */
};

/* Answers with an error; the method should then return. The message is formatted as printf does, and cut if it is too long. */
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

/* The answer to a call. Free it with hfp_reply_free, whatever the call returned. */
struct hfp_reply {
	int outcome;                    /* HFP_OK, HFP_ERROR, HFP_CLOSED or HFP_MEMORY */
	const struct hfp_value *result; /* of HFP_OK */
	int code;                       /* of HFP_ERROR */
	const char *message;
	const struct hfp_value *data; /* or NULL */
	char *line;
	struct hfp_document document;
};

/* Calls a method of the page and waits for its answer. `params` is a finished object or array, or NULL for none. While
 * it waits, requests of the page are handled, up to HFP_NESTED deep; more wait until the stack is free.
 * Returns reply->outcome.
 */
int hfp_call(const char *method, const struct hfp_writer *params, struct hfp_reply *reply);
#define HFP_NESTED 16

struct hfp_outgoing {
	const char *method;
	const struct hfp_writer *params;
	struct hfp_reply reply; /* filled in */
};

/* Makes all calls, which the page handles at the same time, and waits for all answers. Each is with its call, whatever
 * order they arrive in. At most 128 are unanswered at any time. Returns HFP_OK if all calls did, otherwise the outcome of
 * the first that did not.
 */
int hfp_call_many(struct hfp_outgoing *calls, size_t count);

/* Sends a notification: nothing is answered. */
int hfp_notify(const char *method, const struct hfp_writer *params);

void hfp_reply_free(struct hfp_reply *reply);

/* --- for tests: other streams than 0 and 1 ------------------------------------------------------------------------ */

struct hfp_io {
	/* As read(0, …) and write(1, …). */
	ptrdiff_t (*read)(void *buffer, size_t size);
	ptrdiff_t (*write)(const void *buffer, size_t size);
};

/* Forgets everything that was read or is unanswered, and uses these streams from now on. */
void hfp_use(const struct hfp_io *io);

#endif
