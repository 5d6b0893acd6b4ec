/* JSON: a strict parser that decodes strings in place (no escape is shorter than the character that it represents), and a writer. Input may be
 * hostile: nothing here recurses deeper than HFP_DEPTH or reads past the text's final NUL.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holdfast_plugin.h"

#define BLOCK 64

struct hfp_block {
	struct hfp_block *next;
	size_t used;
	struct hfp_value values[BLOCK];
};

struct parser {
	char *at, *end;
	struct hfp_document *document;
	unsigned depth;
};

static struct hfp_value *new_value(struct parser *parser, enum hfp_type type)
{
	struct hfp_block *block = parser->document->blocks;
	if (!block || block->used == BLOCK) {
		block = malloc(sizeof *block);
		if (!block)
			return NULL;
		block->next = parser->document->blocks;
		block->used = 0;
		parser->document->blocks = block;
	}
	struct hfp_value *value = &block->values[block->used++];
	*value = (struct hfp_value){.type = type};
	return value;
}

static void skip_space(struct parser *parser)
{
	while (*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\n' || *parser->at == '\r')
		parser->at++;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Returns the length of the UTF-8 sequence that begins here, or 0 if it is invalid: overlong, a surrogate, or above U+10FFFF. */
static size_t utf8_length(const char *text, size_t room)
{
	const unsigned char *byte = (const unsigned char *)text;
	if (byte[0] < 0x80)
		return 1;
	size_t length = byte[0] >= 0xf0 ? 4 : byte[0] >= 0xe0 ? 3 : 2;
	if (byte[0] < 0xc2 || byte[0] > 0xf4 || length > room)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xed && byte[1] >= 0xa0) ||
	    (byte[0] == 0xf0 && byte[1] < 0x90) || (byte[0] == 0xf4 && byte[1] >= 0x90))
		return 0;
	return length;
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

static bool four_digits(const char *text, const char *end, uint32_t *value)
{
	if (end - text < 4)
		return false;
	*value = 0;
	for (int i = 0; i < 4; i++) {
		char c = text[i];
		uint32_t digit = is_digit(c)              ? (uint32_t)(c - '0')
		                 : (c >= 'a' && c <= 'f') ? (uint32_t)(c - 'a' + 10)
		                 : (c >= 'A' && c <= 'F') ? (uint32_t)(c - 'A' + 10)
		                                          : 16;
		if (digit == 16)
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

/* Parses an escape after "\u". Two escapes that are a pair of surrogates are one character. */
static bool unicode_escape(struct parser *parser, char **to)
{
	uint32_t c, low;
	if (!four_digits(parser->at, parser->end, &c))
		return false;
	parser->at += 4;
	if (c >= 0xd800 && c <= 0xdfff) {
		bool pair = c <= 0xdbff && parser->end - parser->at >= 6 && parser->at[0] == '\\' && parser->at[1] == 'u' &&
		            four_digits(parser->at + 2, parser->end, &low) && low >= 0xdc00 && low <= 0xdfff;
		if (pair)
			parser->at += 6;
		c = pair ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
	}
	*to = put_utf8(*to, c);
	return true;
}

static bool escape(struct parser *parser, char **to)
{
	static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	char c = *parser->at++;
	if (c == 'u')
		return unicode_escape(parser, to);
	const char *name = c ? strchr(names, c) : NULL;
	if (!name)
		return false;
	*(*to)++ = meanings[name - names];
	return true;
}

/* Parses a string after the opening quotation mark. */
static int parse_string(struct parser *parser, const char **text, size_t *size)
{
	char *to = parser->at;
	*text = to;
	for (;;) {
		char c = *parser->at;
		if (c == '"')
			break;
		if ((unsigned char)c < 0x20)
			return HFP_SYNTAX; /* also the text's end */
		if (c == '\\') {
			parser->at++;
			if (!escape(parser, &to))
				return HFP_SYNTAX;
			continue;
		}
		size_t length = utf8_length(parser->at, (size_t)(parser->end - parser->at));
		if (length == 0)
			return HFP_SYNTAX;
		memmove(to, parser->at, length);
		to += length;
		parser->at += length;
	}
	parser->at++;
	*size = (size_t)(to - *text);
	*to = 0; /* at most the position of the closing quotation mark */
	return HFP_OK;
}

static bool digits(char **at)
{
	char *from = *at;
	while (is_digit(**at))
		++*at;
	return *at > from;
}

static int parse_number(struct parser *parser, double *number)
{
	char *at = parser->at;
	if (*at == '-')
		at++;
	if (*at == '0')
		at++;
	else if (!digits(&at))
		return HFP_SYNTAX;
	if (*at == '.' && (at++, !digits(&at)))
		return HFP_SYNTAX;
	if (*at == 'e' || *at == 'E') {
		at++;
		if (*at == '+' || *at == '-')
			at++;
		if (!digits(&at))
			return HFP_SYNTAX;
	}
	char kept = *at; /* strtod also accepts hexadecimal */
	*at = 0;
	*number = strtod(parser->at, NULL);
	*at = kept;
	parser->at = at;
	return HFP_OK;
}

static int parse_value(struct parser *parser, struct hfp_value **out);

/* Parses the entries of an array or object, after the opening bracket. */
static int parse_entries(struct parser *parser, struct hfp_value *parent, char close)
{
	struct hfp_value **last = &parent->first;
	skip_space(parser);
	if (*parser->at == close) {
		parser->at++;
		return HFP_OK;
	}
	for (;;) {
		const char *key = NULL;
		size_t key_size = 0;
		int error = HFP_OK;
		skip_space(parser);
		if (close == '}') {
			if (*parser->at++ != '"')
				return HFP_SYNTAX;
			error = parse_string(parser, &key, &key_size);
			if (error)
				return error;
			skip_space(parser);
			if (*parser->at++ != ':')
				return HFP_SYNTAX;
		}
		error = parse_value(parser, last);
		if (error)
			return error;
		(*last)->key = key;
		(*last)->key_size = key_size;
		last = &(*last)->next;
		parent->size++;
		skip_space(parser);
		char c = *parser->at++;
		if (c == close)
			return HFP_OK;
		if (c != ',')
			return HFP_SYNTAX;
	}
}

static bool word(struct parser *parser, const char *text)
{
	size_t size = strlen(text);
	if (strncmp(parser->at, text, size) != 0)
		return false;
	parser->at += size;
	return true;
}

static int parse_simple(struct parser *parser, struct hfp_value *value)
{
	if (word(parser, "null"))
		return HFP_OK;
	value->type = HFP_BOOL;
	value->boolean = word(parser, "true");
	if (value->boolean || word(parser, "false"))
		return HFP_OK;
	value->type = HFP_NUMBER;
	return parse_number(parser, &value->number);
}

static int parse_value(struct parser *parser, struct hfp_value **out)
{
	struct hfp_value *value = new_value(parser, HFP_NULL);
	*out = value;
	if (!value)
		return HFP_MEMORY;
	skip_space(parser);
	char c = *parser->at;
	if (c == '"') {
		parser->at++;
		value->type = HFP_STRING;
		return parse_string(parser, &value->text, &value->size);
	}
	if (c != '[' && c != '{')
		return parse_simple(parser, value);
	if (parser->depth == HFP_DEPTH)
		return HFP_SYNTAX;
	parser->at++;
	parser->depth++;
	value->type = c == '[' ? HFP_ARRAY : HFP_OBJECT;
	int error = parse_entries(parser, value, c == '[' ? ']' : '}');
	parser->depth--;
	return error;
}

int hfp_parse(char *text, size_t size, struct hfp_document *document)
{
	*document = (struct hfp_document){0};
	struct parser parser = {.at = text, .end = text + size, .document = document};
	int error = parse_value(&parser, &document->root);
	if (!error) {
		skip_space(&parser);
		error = parser.at == parser.end ? HFP_OK : HFP_SYNTAX;
	}
	if (error)
		hfp_free(document);
	return error;
}

void hfp_free(struct hfp_document *document)
{
	while (document->blocks) {
		struct hfp_block *next = document->blocks->next;
		free(document->blocks);
		document->blocks = next;
	}
	document->root = NULL;
}

const struct hfp_value *hfp_get(const struct hfp_value *object, const char *key)
{
	const struct hfp_value *found = NULL;
	if (!object || object->type != HFP_OBJECT)
		return NULL;
	size_t size = strlen(key);
	for (const struct hfp_value *entry = object->first; entry; entry = entry->next) {
		if (entry->key_size == size && memcmp(entry->key, key, size) == 0)
			found = entry;
	}
	return found;
}

const struct hfp_value *hfp_at(const struct hfp_value *array, size_t index)
{
	if (!array || array->type != HFP_ARRAY)
		return NULL;
	const struct hfp_value *entry = array->first;
	for (; entry && index > 0; index--)
		entry = entry->next;
	return entry;
}

bool hfp_is(const struct hfp_value *value, const char *text)
{
	return value && value->type == HFP_STRING && value->size == strlen(text) &&
	       memcmp(value->text, text, value->size) == 0;
}

bool hfp_integer(const struct hfp_value *value, int64_t *number)
{
	if (!value || value->type != HFP_NUMBER || !(fabs(value->number) <= 9007199254740992.0))
		return false;
	*number = (int64_t)value->number;
	return (double)*number == value->number;
}

/* --- the writer --- */

static bool make_room(struct hfp_writer *writer, size_t size)
{
	if (writer->failed)
		return false;
	if (size <= writer->room - writer->size)
		return true;
	size_t room = writer->room < 64 ? 64 : writer->room;
	while (room - writer->size < size) {
		if (room > SIZE_MAX / 2) {
			writer->failed = true;
			return false;
		}
		room *= 2;
	}
	char *text = realloc(writer->text, room);
	if (!text) {
		writer->failed = true;
		return false;
	}
	writer->text = text;
	writer->room = room;
	return true;
}

static void put(struct hfp_writer *writer, const char *text, size_t size)
{
	if (!make_room(writer, size))
		return;
	memcpy(writer->text + writer->size, text, size);
	writer->size += size;
}

/* Begins a value, with a comma before it unless it is the first or follows its key. */
static void begin(struct hfp_writer *writer)
{
	if (writer->comma)
		put(writer, ",", 1);
	writer->comma = true;
}

static void put_word(struct hfp_writer *writer, const char *text)
{
	begin(writer);
	put(writer, text, strlen(text));
}

void hfp_write_null(struct hfp_writer *writer)
{
	put_word(writer, "null");
}

void hfp_write_bool(struct hfp_writer *writer, bool value)
{
	put_word(writer, value ? "true" : "false");
}

void hfp_write_number(struct hfp_writer *writer, double value)
{
	char text[32];
	if (!isfinite(value)) {
		hfp_write_null(writer);
		return;
	}
	for (int precision = 15; precision <= 17; precision++) {
		snprintf(text, sizeof text, "%.*g", precision, value);
		if (strtod(text, NULL) == value)
			break;
	}
	put_word(writer, text);
}

void hfp_write_integer(struct hfp_writer *writer, int64_t value)
{
	char text[32];
	snprintf(text, sizeof text, "%lld", (long long)value);
	put_word(writer, text);
}

static void put_character(struct hfp_writer *writer, char c)
{
	static const char meanings[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	char text[8];
	const char *meaning = c ? strchr(meanings, c) : NULL;
	if (meaning)
		snprintf(text, sizeof text, "\\%c", names[meaning - meanings]);
	else
		snprintf(text, sizeof text, "\\u%04x", (unsigned)(unsigned char)c);
	put(writer, text, strlen(text));
}

static bool is_plain(char c)
{
	return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

static void put_string(struct hfp_writer *writer, const char *text, size_t size)
{
	put(writer, "\"", 1);
	for (size_t at = 0; at < size;) {
		size_t plain = at;
		while (plain < size && is_plain(text[plain]))
			plain++;
		put(writer, text + at, plain - at);
		at = plain;
		if (at == size)
			break;
		if ((unsigned char)text[at] < 0x80) {
			put_character(writer, text[at++]);
			continue;
		}
		size_t length = utf8_length(text + at, size - at);
		put(writer, length > 0 ? text + at : "\xef\xbf\xbd", length > 0 ? length : 3);
		at += length > 0 ? length : 1;
	}
	put(writer, "\"", 1);
}

void hfp_write_text(struct hfp_writer *writer, const char *text, size_t size)
{
	begin(writer);
	put_string(writer, text, size);
}

void hfp_write_string(struct hfp_writer *writer, const char *text)
{
	hfp_write_text(writer, text, strlen(text));
}

void hfp_write_json(struct hfp_writer *writer, const char *json, size_t size)
{
	begin(writer);
	put(writer, json, size);
}

static void open_bracket(struct hfp_writer *writer, const char *bracket)
{
	begin(writer);
	put(writer, bracket, 1);
	writer->comma = false;
}

static void close_bracket(struct hfp_writer *writer, const char *bracket)
{
	put(writer, bracket, 1);
	writer->comma = true;
}

void hfp_begin_array(struct hfp_writer *writer)
{
	open_bracket(writer, "[");
}

void hfp_end_array(struct hfp_writer *writer)
{
	close_bracket(writer, "]");
}

void hfp_begin_object(struct hfp_writer *writer)
{
	open_bracket(writer, "{");
}

void hfp_end_object(struct hfp_writer *writer)
{
	close_bracket(writer, "}");
}

static void put_key(struct hfp_writer *writer, const char *key, size_t size)
{
	begin(writer);
	put_string(writer, key, size);
	put(writer, ":", 1);
	writer->comma = false;
}

void hfp_key(struct hfp_writer *writer, const char *key)
{
	put_key(writer, key, strlen(key));
}

/* Recurses as deep as the parsed value, at most HFP_DEPTH. */
static void write_entries(struct hfp_writer *writer, const struct hfp_value *parent)
{
	for (const struct hfp_value *entry = parent->first; entry; entry = entry->next) {
		if (parent->type == HFP_OBJECT)
			put_key(writer, entry->key, entry->key_size);
		hfp_write_value(writer, entry);
	}
}

void hfp_write_value(struct hfp_writer *writer, const struct hfp_value *value)
{
	switch (value ? value->type : HFP_NULL) {
	case HFP_NULL:
		hfp_write_null(writer);
		break;
	case HFP_BOOL:
		hfp_write_bool(writer, value->boolean);
		break;
	case HFP_NUMBER:
		hfp_write_number(writer, value->number);
		break;
	case HFP_STRING:
		hfp_write_text(writer, value->text, value->size);
		break;
	case HFP_ARRAY:
		hfp_begin_array(writer);
		write_entries(writer, value);
		hfp_end_array(writer);
		break;
	case HFP_OBJECT:
		hfp_begin_object(writer);
		write_entries(writer, value);
		hfp_end_object(writer);
		break;
	}
}

void hfp_writer_free(struct hfp_writer *writer)
{
	free(writer->text);
	*writer = (struct hfp_writer){0};
}
