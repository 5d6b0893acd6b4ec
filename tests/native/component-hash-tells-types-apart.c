/* The hash of an imported function's type depends on everything except the interface's version and the names of parameters. */
#include <stdlib.h>
#include <string.h>

#include "support/component_bytes.h"

/* The hash of the first import. */
static uint64_t hash_of(const char *text)
{
	struct bytes bytes = bytes_of(text);
	struct hf_component *component = component_of(&bytes);
	size_t count;
	const uint32_t *words = hf_component_words(component, &count);
	uint64_t hash = 0;
	for (size_t at = 0; at < count && hash == 0; at += words[at] >> HF_PLAN_OP_BITS) {
		if ((words[at] & 0xff) == HF_PLAN_IMPORT)
			hash = (uint64_t)words[at + 7] << 32 | words[at + 6];
	}
	CHECK(hash != 0);
	hf_component_close(component);
	free(bytes.at);
	return hash;
}

/* A function of an interface, with a resource. */
#define OF_RESOURCE(interface, resource, handle, parameter)                                                          \
	"C 07{ 01 42 04 04 00 '" resource "' 03 01 01 " handle " 00 01 40 01 '" parameter "' 01 01 00 04 00 'f' 01 02 }" \
	"0a{ 01 00 '" interface "' 05 00 }"
#define OF_TYPE(type) "C 07{ 01 " type " } 0a{ 01 00 't' 03 00 00 } 07{ 01 40 01 'a' 01 01 00 } 0a{ 01 00 'f' 01 02 }"

static uint64_t fnv(const uint8_t *bytes, size_t size)
{
	uint64_t hash = HF_COMPONENT_HASH_BASIS;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * HF_COMPONENT_HASH_PRIME;
	return hash;
}

static void check_all_differ(const char *const *texts, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		for (unsigned other = 0; other < i; other++)
			CHECK(hash_of(texts[i]) != hash_of(texts[other]));
	}
}

int main(void)
{
	uint64_t hash = hash_of(OF_RESOURCE("a:b/c@0.2.0", "r", "69", "x"));
	CHECK(hash == hash_of(OF_RESOURCE("a:b/c@0.2.9", "r", "69", "x")));
	CHECK(hash == hash_of(OF_RESOURCE("a:b/c", "r", "69", "y")));
	CHECK(hash != hash_of(OF_RESOURCE("a:b/d@0.2.0", "r", "69", "x")));
	CHECK(hash != hash_of(OF_RESOURCE("a:b/c@0.2.0", "s", "69", "x")));
	CHECK(hash != hash_of(OF_RESOURCE("a:b/c@0.2.0", "r", "68", "x")));
	const char *const types[] = {
		OF_TYPE("7f"),
		OF_TYPE("7e"),
		OF_TYPE("73"),
		OF_TYPE("70 7f"),
		OF_TYPE("6b 7f"),
		OF_TYPE("6f 01 7f"),
		OF_TYPE("6f 02 7f 7f"),
		OF_TYPE("72 01 'x' 7f"),
		OF_TYPE("72 01 'y' 7f"),
		OF_TYPE("72 01 'x' 7e"),
		OF_TYPE("71 01 'x' 01 7f 00"),
		OF_TYPE("71 01 'x' 00 00"),
		OF_TYPE("6d 01 'x'"),
		OF_TYPE("6e 01 'x'"),
		OF_TYPE("6d 02 'x' 'y'"),
		OF_TYPE("6a 00 00"),
		OF_TYPE("6a 01 7f 00"),
		OF_TYPE("6a 00 01 7f"),
		"C 07{ 01 40 00 01 00 } 0a{ 01 00 'f' 01 00 }",
		"C 07{ 01 40 00 00 7f } 0a{ 01 00 'f' 01 00 }",
	};
	check_all_differ(types, sizeof types / sizeof types[0]);

	/* As component.h describes it: (u32) -> string. */
	uint8_t bytes[1 + 8 + 8] = {13 + 11};
	uint64_t parts[] = {fnv((const uint8_t[]){6}, 1), fnv((const uint8_t[]){12}, 1)};
	for (unsigned i = 0; i < 16; i++)
		bytes[1 + i] = (uint8_t)(parts[i / 8] >> (8 * (i % 8)));
	CHECK(hash_of("C 07{ 01 40 01 'a' 79 00 73 } 0a{ 01 00 'f' 01 00 }") == fnv(bytes, sizeof bytes));
	return done();
}
