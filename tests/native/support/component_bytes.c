/* component_bytes.c - components for tests, written as text. */
#include "support/component_bytes.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/component_plan.h"

static void put(struct bytes *bytes, const void *from, size_t size)
{
	if (bytes->size + size > bytes->room) {
		bytes->room = (bytes->size + size) * 2;
		bytes->at = realloc(bytes->at, bytes->room);
		CHECK(bytes->at != NULL);
	}
	if (size > 0)
		memcpy(bytes->at + bytes->size, from, size);
	bytes->size += size;
}

static void put_byte(struct bytes *bytes, uint8_t byte)
{
	put(bytes, &byte, 1);
}

static void put_number(struct bytes *bytes, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		put_byte(bytes, (uint8_t)(number | 0x80));
	put_byte(bytes, (uint8_t)number);
}

void bytes_section(struct bytes *bytes, uint8_t id, const struct bytes *contents)
{
	put_byte(bytes, id);
	put_number(bytes, contents->size);
	put(bytes, contents->at, contents->size);
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *assemble(struct bytes *bytes, const char *at);

static const char *block(struct bytes *bytes, const char *at)
{
	struct bytes inner = {0};
	at = assemble(&inner, at);
	CHECK(*at == '}');
	put_number(bytes, inner.size);
	put(bytes, inner.at, inner.size);
	free(inner.at);
	return at + 1;
}

static const char *string(struct bytes *bytes, const char *at)
{
	const char *end = strchr(at, '\'');
	CHECK(end != NULL);
	put_number(bytes, (uint64_t)(end - at));
	put(bytes, at, (size_t)(end - at));
	return end + 1;
}

static const char *token(struct bytes *bytes, const char *at)
{
	char *end;
	switch (*at) {
	case '{':
		return block(bytes, at + 1);
	case '\'':
		return string(bytes, at + 1);
	case '#':
		put_number(bytes, strtoull(at + 1, &end, 10));
		return end;
	case 'C':
		put(bytes, "\0asm\x0d\0\1\0", 8);
		return at + 1;
	case 'M':
		put(bytes, "\0asm\1\0\0\0", 8);
		return at + 1;
	default:
		CHECK(digit(at[0]) >= 0 && digit(at[1]) >= 0);
		put_byte(bytes, (uint8_t)(digit(at[0]) << 4 | digit(at[1])));
		return at + 2;
	}
}

/* Reads tokens up to the end of the text or a closing brace. */
static const char *assemble(struct bytes *bytes, const char *at)
{
	for (;;) {
		while (isspace((unsigned char)*at))
			at++;
		if (*at == '\0' || *at == '}')
			return at;
		at = token(bytes, at);
	}
}

void bytes_put(struct bytes *bytes, const char *text)
{
	CHECK(*assemble(bytes, text) == '\0');
}

void bytes_repeat(struct bytes *bytes, unsigned times, const char *text)
{
	struct bytes once = bytes_of(text);
	for (; times > 0; times--)
		put(bytes, once.at, once.size);
	free(once.at);
}

struct bytes bytes_of(const char *text)
{
	struct bytes bytes = {.at = malloc(64), .room = 64};
	CHECK(bytes.at != NULL);
	bytes_put(&bytes, text);
	return bytes;
}

/* ---- the parser ---- */

struct hf_component *component_of(const struct bytes *bytes)
{
	struct hf_component_error error;
	size_t count, size;
	struct hf_component *component = hf_component_open(bytes->at, bytes->size, &error);
	if (!component) {
		fprintf(stderr, "refused at %zu: %s\n", error.offset, error.text);
		CHECK(component != NULL);
		return NULL;
	}
	const uint32_t *words = hf_component_words(component, &count);
	const char *names = hf_component_names(component, &size);
	const char *fault = plan_fault(words, count, names, size, bytes->size);
	if (fault)
		fprintf(stderr, "the plan: %s\n", fault);
	CHECK(fault == NULL);
	return component;
}

char *component_steps(const struct bytes *bytes)
{
	size_t count, size;
	struct hf_component *component = component_of(bytes);
	const uint32_t *words = hf_component_words(component, &count);
	char *steps = plan_steps(words, count, hf_component_names(component, &size));
	hf_component_close(component);
	return steps;
}

void check_steps(const char *text, const char *expected)
{
	struct bytes bytes = bytes_of(text);
	char *steps = component_steps(&bytes);
	bool same = strcmp(steps, expected) == 0;
	if (!same)
		fprintf(stderr, "the plan is\n%sand not\n%s", steps, expected);
	CHECK(same);
	free(steps);
	free(bytes.at);
}

void check_refused_bytes(const struct bytes *bytes, enum hf_component_fault fault, const char *what)
{
	struct hf_component_error error;
	struct hf_component *component = hf_component_open(bytes->at, bytes->size, &error);
	if (component)
		fprintf(stderr, "accepted, but should be refused: %s\n", what);
	CHECK(component == NULL);
	bool as_expected = error.fault == fault && strstr(error.text, what) != NULL;
	if (!as_expected)
		fprintf(stderr, "%d \"%s\" at %zu, and not %d \"%s\"\n", (int)error.fault, error.text, error.offset, (int)fault,
		        what);
	CHECK(as_expected);
	CHECK(error.offset <= bytes->size);
}

void check_refused(const char *text, enum hf_component_fault fault, const char *what)
{
	struct bytes bytes = bytes_of(text);
	check_refused_bytes(&bytes, fault, what);
	free(bytes.at);
}

void check_accepted(const char *text)
{
	struct bytes bytes = bytes_of(text);
	hf_component_close(component_of(&bytes));
	free(bytes.at);
}
