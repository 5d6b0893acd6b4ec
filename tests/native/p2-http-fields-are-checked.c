/* Fields: names in any case, several values, their order; what is refused as invalid, as the host's, or as immutable; and how large they may be. */
#include "support/p2_http.h"

enum { OK, INVALID_SYNTAX, FORBIDDEN, IMMUTABLE };

/* What the result at P2_OUT is; `payload`: where its value is. */
static int result(struct p2_program *component, uint32_t payload)
{
	return peek_u8(component->program, P2_OUT) ? 1 + peek_u8(component->program, P2_OUT + payload) : OK;
}

static int append(struct p2_program *component, uint32_t fields, const char *name, const char *value)
{
	uint32_t size = poke_text(component->program, TEXT_AT, name);
	hf_p2_fields_append(component->b, fields, TEXT_AT, size, 2048, poke_text(component->program, 2048, value), P2_OUT);
	return result(component, 1);
}

/* Sets the name to these values; NULL: it has only one. */
static int set(struct p2_program *component, uint32_t fields, const char *name, const char *first, const char *second)
{
	struct program *program = component->program;
	const char *values[] = {first, second};
	uint32_t count = 0;
	for (; count < 2 && values[count]; count++) {
		poke_u32(program, 3000 + 8 * count, 2048 + 100 * count);
		poke_u32(program, 3004 + 8 * count, poke_text(program, 2048 + 100 * count, values[count]));
	}
	hf_p2_fields_set(component->b, fields, TEXT(name), 3000, count, P2_OUT);
	return result(component, 1);
}

static void values_and_their_order(struct p2_program *component)
{
	hf_b b = component->b;
	uint32_t fields = http_fields(component, "X-One", "1");
	CHECK_EQ(append(component, fields, "other", ""), OK);
	CHECK_EQ(append(component, fields, "x-oNe", "\t2\xff"), OK);
	CHECK_EQ(hf_p2_fields_has(b, fields, TEXT("X-ONE")), 1);
	CHECK_EQ(hf_p2_fields_has(b, fields, TEXT("x-on")), 0);
	CHECK_EQ(hf_p2_fields_has(b, fields, TEXT("x one")), 0);
	hf_p2_fields_get(b, fields, TEXT("x-one"), P2_OUT);
	CHECK_EQ(peek_u32(component->program, P2_OUT + 4), 2);
	http_is(component, peek_u32(component->program, P2_OUT) + 8, "\t2\xff");
	hf_p2_fields_get(b, fields, TEXT("no name"), P2_OUT);
	CHECK_EQ(peek_u32(component->program, P2_OUT + 4), 0);
	http_fields_are(component, hf_p2_fields_clone(b, fields), "x-one: 1\nother: \nx-one: \t2\xff\n");
	CHECK_EQ(set(component, fields, "X-One", "3", "4"), OK);
	http_fields_are(component, hf_p2_fields_clone(b, fields), "other: \nx-one: 3\nx-one: 4\n");
	hf_p2_fields_delete(b, fields, TEXT("OTHER"), P2_OUT);
	CHECK_EQ(result(component, 1), OK);
	CHECK_EQ(set(component, fields, "X-One", NULL, NULL), OK);
	http_fields_are(component, fields, "");
}

static void what_is_refused(struct p2_program *component)
{
	uint32_t fields = http_fields(component, "kept", "1");
	CHECK_EQ(append(component, fields, "", "1"), INVALID_SYNTAX);
	CHECK_EQ(append(component, fields, "a b", "1"), INVALID_SYNTAX);
	CHECK_EQ(append(component, fields, ":path", "1"), INVALID_SYNTAX);
	CHECK_EQ(append(component, fields, "\xc3\xa9", "1"), INVALID_SYNTAX);
	CHECK_EQ(append(component, fields, "a", "1\r\nb: 2"), INVALID_SYNTAX);
	CHECK_EQ(append(component, fields, "a", "\x7f"), INVALID_SYNTAX);
	CHECK_EQ(append(component, fields, "Host", "1"), FORBIDDEN);
	CHECK_EQ(append(component, fields, "TRANSFER-encoding", "1"), FORBIDDEN);
	CHECK_EQ(append(component, fields, "hos", "1"), OK);
	CHECK_EQ(set(component, fields, "upgrade", "1", NULL), FORBIDDEN);
	CHECK_EQ(set(component, fields, "kept", "2", "\n"), INVALID_SYNTAX);
	hf_p2_fields_delete(component->b, fields, TEXT("a b"), P2_OUT);
	CHECK_EQ(result(component, 1), INVALID_SYNTAX);
	hf_p2_fields_delete(component->b, fields, TEXT("connection"), P2_OUT);
	CHECK_EQ(result(component, 1), FORBIDDEN);
	http_fields_are(component, fields, "kept: 1\nhos: 1\n");
}

static void fields_of_a_request_are_immutable(struct p2_program *component)
{
	hf_b b = component->b;
	uint32_t request = hf_p2_outgoing_request_new(b, http_fields(component, "a", "1"));
	uint32_t fields = hf_p2_outgoing_request_headers(b, request);
	CHECK_EQ(append(component, fields, "b", "2"), IMMUTABLE);
	CHECK_EQ(set(component, fields, "a", "2", NULL), IMMUTABLE);
	hf_p2_fields_delete(b, fields, TEXT("a"), P2_OUT);
	CHECK_EQ(result(component, 1), IMMUTABLE);
	uint32_t copy = hf_p2_fields_clone(b, fields);
	CHECK_EQ(append(component, copy, "b", "2"), OK);
	http_fields_are(component, copy, "a: 1\nb: 2\n");
	http_fields_are(component, fields, "a: 1\n");
	hf_p2_drop(b, HF_P2_OUTGOING_REQUEST, request);
}

/* Writes an entry of a list for from-list. */
static void entry(struct program *program, uint32_t place, const char *name, const char *value)
{
	uint32_t at = 4000 + 100 * place, to = 3000 + 16 * place;
	poke_u32(program, to, at);
	poke_u32(program, to + 4, poke_text(program, at, name));
	poke_u32(program, to + 8, at + 50);
	poke_u32(program, to + 12, poke_text(program, at + 50, value));
}

static void from_a_list(struct p2_program *component)
{
	hf_b b = component->b;
	entry(component->program, 0, "A", "1");
	entry(component->program, 1, "b", "2");
	hf_p2_fields_from_list(b, 3000, 2, P2_OUT);
	http_fields_are(component, http_handle(component, 4), "a: 1\nb: 2\n");
	hf_p2_fields_from_list(b, 3000, 0, P2_OUT);
	http_fields_are(component, http_handle(component, 4), "");
	entry(component->program, 1, "b", "\n");
	hf_p2_fields_from_list(b, 3000, 2, P2_OUT);
	CHECK_EQ(result(component, 4), INVALID_SYNTAX);
	entry(component->program, 1, "", "2");
	hf_p2_fields_from_list(b, 3000, 2, P2_OUT);
	CHECK_EQ(result(component, 4), INVALID_SYNTAX);
	entry(component->program, 0, "connection", "1");
	hf_p2_fields_from_list(b, 3000, 2, P2_OUT);
	CHECK_EQ(result(component, 4), FORBIDDEN);
}

static void too_large(struct p2_program *component)
{
	uint32_t fields = hf_p2_fields_new(component->b), size = poke_text(component->program, TEXT_AT, "name");
	for (;;)
		hf_p2_fields_append(component->b, fields, TEXT_AT, size, 4096, 20000, P2_OUT);
}

static void too_many(struct p2_program *component)
{
	for (;;) {
		uint32_t fields = hf_p2_fields_new(component->b), size = poke_text(component->program, TEXT_AT, "name");
		hf_p2_fields_append(component->b, fields, TEXT_AT, size, 4096, 40000, P2_OUT);
	}
}

static void zeros_are_spaces(struct p2_program *component)
{
	memset(component->program->guest->memory + 4096, ' ', 50000);
}

static void too_large_of_spaces(struct p2_program *component)
{
	zeros_are_spaces(component);
	too_large(component);
}

static void too_many_of_spaces(struct p2_program *component)
{
	zeros_are_spaces(component);
	too_many(component);
}

static void name_that_is_no_text(struct p2_program *component)
{
	(void)hf_p2_fields_has(component->b, hf_p2_fields_new(component->b), TEXT("\xff"));
}

static void values_beyond_the_end(struct p2_program *component)
{
	hf_p2_fields_set(component->b, hf_p2_fields_new(component->b), TEXT("a"), GUEST_SIZE - 8, 2, P2_OUT);
}

int main(void)
{
	p2_runs(values_and_their_order);
	p2_runs(what_is_refused);
	p2_runs(fields_of_a_request_are_immutable);
	p2_runs(from_a_list);
	p2_traps(too_large_of_spaces, "wasi:http/types [method]fields.append: the fields take more than 131072 bytes");
	p2_traps(too_many_of_spaces,
	         "wasi:http/types [method]fields.append: all fields of the component together take more "
	         "than 4194304 bytes");
	p2_traps(name_that_is_no_text, "wasi:http/types [method]fields.has: a string is not UTF-8");
	p2_traps(values_beyond_the_end,
	         "wasi:http/types [method]fields.set: the pointer 131064 is outside the component's memory");
	return done();
}
