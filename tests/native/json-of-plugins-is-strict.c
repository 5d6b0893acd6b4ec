/* The JSON of the guest library (native/guest): it accepts exactly what RFC 8259 allows, and text that it writes reads back the same. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "native/guest/holdfast_plugin.h"
#include "support/check.h"

struct parsed {
	char *text; /* allocated in exactly its size, so that the sanitizer detects a read beyond it */
	struct hfp_document document;
};

static int parse_bytes(const char *bytes, size_t size, struct parsed *parsed)
{
	parsed->text = malloc(size + 1);
	CHECK(parsed->text);
	memcpy(parsed->text, bytes, size);
	parsed->text[size] = 0;
	return hfp_parse(parsed->text, size, &parsed->document);
}

static const struct hfp_value *parse(const char *text, struct parsed *parsed)
{
	CHECK_EQ(parse_bytes(text, strlen(text), parsed), HFP_OK);
	return parsed->document.root;
}

static void release(struct parsed *parsed)
{
	hfp_free(&parsed->document);
	free(parsed->text);
}

static void is_refused(const char *bytes, size_t size)
{
	struct parsed parsed;
	CHECK_EQ(parse_bytes(bytes, size, &parsed), HFP_SYNTAX);
	CHECK(!parsed.document.root);
	release(&parsed);
}

static void wrong_texts(void)
{
	static const char *const texts[] = {
		"",
		" ",
		"[",
		"]",
		"{",
		"[1",
		"[1,",
		"[1,]",
		"[,1]",
		"{\"a\"",
		"{\"a\":",
		"{\"a\":1",
		"{\"a\":1,",
		"{\"a\":1,}",
		"{a:1}",
		"{\"a\" 1}",
		"01",
		"-",
		"+1",
		"1.",
		".1",
		"1e",
		"1e+",
		"0x10",
		"Infinity",
		"NaN",
		"nul",
		"nulll",
		"True",
		"\"",
		"\"\\",
		"\"\\\"",
		"\"\\x\"",
		"\"\\u\"",
		"\"\\u12\"",
		"\"\\u12g4\"",
		"\"\\u123",
		"\"a\nb\"",
		"'a'",
		"1 2",
		"[1]]",
		"\"\x80\"",
		"\"\xc0\x80\"",
		"\"\xc3\"",
		"\"\xc3",
		"\"\xe0\x80\x80\"",
		"\"\xed\xa0\x80\"",
		"\"\xf0\x80\x80\x80\"",
		"\"\xf4\x90\x80\x80\"",
		"\"\xf8\x88\x80\x80\x80\"",
		"\xef\xbb\xbf[1]",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		is_refused(texts[i], strlen(texts[i]));
	is_refused("1\0", 2);
	is_refused("\"a\0b\"", 5);
}

/* Each text, cut off at any byte, is refused, and nothing beyond the cut is read. */
static void cut_texts(void)
{
	static const char text[] = "{\"k\\ud83d\\ude00\":[true,false,null,\"\xf0\x9f\x98\x80\\n\",{\"\":-1.5e-7}]}";
	for (size_t size = 0; size < sizeof text - 1; size++)
		is_refused(text, size);
}

static void strings(void)
{
	struct parsed parsed;
	const struct hfp_value *root = parse("[\"\\u0000\\\"\\\\\\/\\b\\f\\n\\r\\t\", \"\\u00e9\\u20ac\\ud83d\\ude00\", "
	                                     "\"\\ud83d\\ud83d\\ude00\\ude00x\", {\"a\\u0000b\":1}]",
	                                     &parsed);
	static const char escapes[] = "\0\"\\/\b\f\n\r\t";
	CHECK_EQ(hfp_at(root, 0)->size, sizeof escapes - 1);
	CHECK_BYTES(hfp_at(root, 0)->text, escapes, sizeof escapes);
	CHECK(hfp_is(hfp_at(root, 1), "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	CHECK(hfp_is(hfp_at(root, 2), "\xef\xbf\xbd\xf0\x9f\x98\x80\xef\xbf\xbdx")); /* half a character is U+FFFD */
	CHECK_EQ(hfp_at(root, 3)->first->key_size, 3);
	CHECK(!hfp_get(hfp_at(root, 3), "a"));
	CHECK(!hfp_at(root, 4) && !hfp_at(hfp_at(root, 0), 0) && !hfp_get(root, "a") && !hfp_get(NULL, "a"));
	release(&parsed);
}

static void numbers(void)
{
	struct parsed parsed;
	int64_t number;
	const struct hfp_value *root =
		parse("[0, -0, 9007199254740992, -9007199254740992, 9007199254740994, 0.5, 1e999, 12e-1, 5e0]", &parsed);
	static const bool whole[] = {true, true, true, true, false, false, false, false, true};
	for (size_t i = 0; i < sizeof whole; i++)
		CHECK_EQ(hfp_integer(hfp_at(root, i), &number), whole[i]);
	CHECK_EQ(number, 5);
	CHECK(isinf(hfp_at(root, 6)->number) && signbit(hfp_at(root, 1)->number));
	release(&parsed);
}

static void depth(void)
{
	char text[2 * HFP_DEPTH + 4];
	struct parsed parsed;
	memset(text, '[', HFP_DEPTH + 1);
	memset(text + HFP_DEPTH + 1, ']', HFP_DEPTH + 1);
	is_refused(text, 2 * HFP_DEPTH + 2);
	is_refused(text, HFP_DEPTH);
	CHECK_EQ(parse_bytes(text + 1, 2 * HFP_DEPTH, &parsed), HFP_OK);
	release(&parsed);
}

static void writer(void)
{
	struct hfp_writer out = {0};
	static const char wrong[] = "a\x80\xed\xa0\x80\0\x1f\"\xc3";
	hfp_begin_object(&out);
	hfp_key(&out, "k\n");
	hfp_begin_array(&out);
	hfp_write_text(&out, wrong, sizeof wrong - 1);
	hfp_write_number(&out, 0.1);
	hfp_write_number(&out, (double)INFINITY);
	hfp_write_number(&out, 1e21);
	hfp_write_integer(&out, INT64_MIN);
	hfp_write_bool(&out, false);
	hfp_begin_array(&out);
	hfp_end_array(&out);
	hfp_write_json(&out, "{}", 2);
	hfp_end_array(&out);
	hfp_end_object(&out);
	static const char expected[] =
		"{\"k\\n\":[\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\u0000\\u001f\\\"\xef\xbf\xbd\",0.1,null,"
		"1e+21,-9223372036854775808,false,[],{}]}";
	CHECK_EQ(out.size, sizeof expected - 1);
	CHECK_BYTES(out.text, expected, out.size);
	hfp_writer_free(&out);
}

int main(void)
{
	wrong_texts();
	cut_texts();
	strings();
	numbers();
	depth();
	writer();
	return done();
}
