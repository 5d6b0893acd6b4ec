/* Passes arbitrary bytes to the JSON parser of plugins (native/guest), and arbitrary lines to the plugin. It looks for reads beyond the text, a text
 * about which the parser and RFC 8259 disagree, a value that changes when it is written and read again, and a line of output that is not JSON. */
#include <stdlib.h>
#include <string.h>

#include "native/guest/holdfast_plugin.h"
#include "support/check.h"

/* ---- a second, minimal parser: both must accept the same texts ---- */

struct text {
	const uint8_t *at, *end;
};

static int peek(const struct text *text)
{
	return text->at < text->end ? *text->at : -1;
}

static bool eat(struct text *text, int c)
{
	if (peek(text) != c)
		return false;
	text->at++;
	return true;
}

static void eat_space(struct text *text)
{
	while (eat(text, ' ') || eat(text, '\t') || eat(text, '\n') || eat(text, '\r'))
		;
}

static bool eat_digits(struct text *text)
{
	bool any = false;
	while (peek(text) >= '0' && peek(text) <= '9') {
		text->at++;
		any = true;
	}
	return any;
}

static bool eat_number(struct text *text)
{
	eat(text, '-');
	if (!eat(text, '0') && !eat_digits(text))
		return false;
	if (eat(text, '.') && !eat_digits(text))
		return false;
	if (eat(text, 'e') || eat(text, 'E')) {
		if (!eat(text, '+'))
			eat(text, '-');
		return eat_digits(text);
	}
	return true;
}

static bool eat_hex(struct text *text)
{
	int c = peek(text);
	bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
	text->at += hex;
	return hex;
}

/* Checks a UTF-8 character by its code point, whereas the parser checks the bytes. */
static bool eat_character(struct text *text)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	uint32_t c = *text->at++;
	unsigned more = c < 0x80 ? 0 : (c & 0xe0) == 0xc0 ? 1 : (c & 0xf0) == 0xe0 ? 2 : (c & 0xf8) == 0xf0 ? 3 : 4;
	if (more == 0)
		return c >= 0x20;
	if (more == 4)
		return false;
	c &= 0x3fu >> more;
	for (unsigned i = 0; i < more; i++) {
		if (peek(text) < 0x80 || peek(text) > 0xbf)
			return false;
		c = c << 6 | (*text->at++ & 0x3f);
	}
	return c >= least[more] && c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff);
}

static bool eat_string(struct text *text)
{
	if (!eat(text, '"'))
		return false;
	while (!eat(text, '"')) {
		if (peek(text) < 0)
			return false;
		if (!eat(text, '\\')) {
			if (!eat_character(text))
				return false;
		} else if (eat(text, 'u')) {
			if (!(eat_hex(text) && eat_hex(text) && eat_hex(text) && eat_hex(text)))
				return false;
		} else if (peek(text) <= 0 || !strchr("\"\\/bfnrt", peek(text))) {
			return false;
		} else {
			text->at++;
		}
	}
	return true;
}

static bool eat_word(struct text *text, const char *word)
{
	for (; *word; word++) {
		if (!eat(text, *word))
			return false;
	}
	return true;
}

static bool eat_value(struct text *text, unsigned depth)
{
	bool object = peek(text) == '{';
	if (!object && peek(text) != '[') {
		int c = peek(text);
		return c == '"'   ? eat_string(text)
		       : c == 'n' ? eat_word(text, "null")
		       : c == 't' ? eat_word(text, "true")
		       : c == 'f' ? eat_word(text, "false")
		                  : eat_number(text);
	}
	if (depth == HFP_DEPTH)
		return false;
	text->at++;
	eat_space(text);
	if (eat(text, object ? '}' : ']'))
		return true;
	do {
		eat_space(text);
		if (object) {
			if (!eat_string(text))
				return false;
			eat_space(text);
			if (!eat(text, ':'))
				return false;
			eat_space(text);
		}
		if (!eat_value(text, depth + 1))
			return false;
		eat_space(text);
	} while (eat(text, ','));
	return eat(text, object ? '}' : ']');
}

static bool is_json(const uint8_t *bytes, size_t size)
{
	struct text text = {bytes, bytes + size};
	eat_space(&text);
	bool value = eat_value(&text, 0);
	eat_space(&text);
	return value && text.at == text.end;
}

/* ---- the parser and the writer ---- */

/* Copies the text to a block of exactly its size, so that a read beyond it is detected. */
static char *copy_of(const void *bytes, size_t size)
{
	char *copy = malloc(size + 1);
	if (!copy)
		abort();
	if (size > 0)
		memcpy(copy, bytes, size);
	copy[size] = 0;
	return copy;
}

static void check_value(const struct hfp_value *value)
{
	size_t entries = 0;
	if (value->type == HFP_STRING) {
		CHECK(value->text[value->size] == 0);
		return;
	}
	for (const struct hfp_value *entry = value->first; entry; entry = entry->next) {
		CHECK(hfp_at(value, entries) == (value->type == HFP_ARRAY ? entry : NULL));
		if (value->type == HFP_OBJECT)
			CHECK(entry->key[entry->key_size] == 0);
		if (++entries <= 64) /* hfp_at counts from the first entry each time */
			check_value(entry);
	}
	CHECK_EQ(entries, value->size);
	CHECK(entries == 0 || value->type == HFP_ARRAY || value->type == HFP_OBJECT);
}

static struct hfp_writer written(const struct hfp_value *value)
{
	struct hfp_writer writer = {0};
	hfp_write_value(&writer, value);
	CHECK(!writer.failed);
	return writer;
}

static void parse(const uint8_t *data, size_t size)
{
	struct hfp_document document, again;
	char *text = copy_of(data, size);
	int outcome = hfp_parse(text, size, &document);
	CHECK_EQ(outcome, is_json(data, size) ? HFP_OK : HFP_SYNTAX);
	if (outcome == HFP_OK) {
		check_value(document.root);
		struct hfp_writer first = written(document.root);
		CHECK(is_json((const uint8_t *)first.text, first.size));
		char *copy = copy_of(first.text, first.size);
		CHECK_EQ(hfp_parse(copy, first.size, &again), HFP_OK);
		struct hfp_writer second = written(again.root);
		CHECK_EQ(first.size, second.size);
		CHECK_BYTES(first.text, second.text, first.size);
		hfp_free(&again);
		free(copy);
		hfp_writer_free(&first);
		hfp_writer_free(&second);
	}
	hfp_free(&document);
	free(text);
}

/* ---- the conversation ---- */

static struct text input;
static char *output;
static size_t output_size;

static ptrdiff_t read_input(void *buffer, size_t size)
{
	size_t left = (size_t)(input.end - input.at), got = left < size ? left : size;
	got = got > 100 ? 100 : got;
	memcpy(buffer, input.at, got);
	input.at += got;
	return (ptrdiff_t)got;
}

/* Each line of output must be a message. */
static ptrdiff_t write_output(const void *buffer, size_t size)
{
	output = realloc(output, output_size + size);
	if (!output)
		abort();
	memcpy(output + output_size, buffer, size);
	output_size += size;
	size_t start = 0;
	for (size_t at = 0; at < output_size; at++) {
		if (output[at] != '\n')
			continue;
		CHECK(is_json((const uint8_t *)output + start, at - start));
		start = at + 1;
	}
	output_size -= start;
	memmove(output, output + start, output_size);
	return (ptrdiff_t)size;
}

static void echo(struct hfp_request *request)
{
	hfp_write_value(&request->result, request->params);
}

static void ask(struct hfp_request *request)
{
	struct hfp_writer params = {0};
	struct hfp_reply reply;
	if (request->params)
		hfp_write_value(&params, request->params);
	if (hfp_call("page", &params, &reply) == HFP_ERROR)
		hfp_fail(request, reply.code, "%s", reply.message);
	else
		hfp_write_value(&request->result, reply.result);
	if (reply.data)
		hfp_write_value(&request->data, reply.data);
	hfp_reply_free(&reply);
	hfp_writer_free(&params);
}

static void ask_many(struct hfp_request *request)
{
	struct hfp_outgoing calls[200];
	int64_t count = 0;
	(void)hfp_integer(hfp_at(request->params, 0), &count);
	size_t some = count < 0 ? 0 : count > 200 ? 200 : (size_t)count;
	for (size_t i = 0; i < some; i++)
		calls[i] = (struct hfp_outgoing){.method = "page"};
	(void)hfp_call_many(calls, some);
	hfp_begin_array(&request->result);
	for (size_t i = 0; i < some; i++) {
		hfp_write_value(&request->result, calls[i].reply.result);
		hfp_reply_free(&calls[i].reply);
	}
	hfp_end_array(&request->result);
}

static void converse(const uint8_t *data, size_t size)
{
	static const struct hfp_method methods[] = {{"e", echo}, {"a", ask}, {"m", ask_many}, {0}};
	static const struct hfp_io io = {read_input, write_output};
	input = (struct text){data, data + size};
	hfp_use(&io);
	CHECK_EQ(hfp_serve(methods), HFP_OK);
	CHECK_EQ(output_size, 0); /* no incomplete line is left */
	hfp_use(&io);
	free(output);
	output = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (*data == 'c')
		converse(data + 1, size - 1);
	else
		parse(data + 1, size - 1);
	return 0;
}
