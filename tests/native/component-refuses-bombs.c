/* Small components that would take exponential time, memory or recursion are refused early. The tests count work, as the parser's limit does, so
 * they do not depend on the machine's speed. */
#include <stdio.h>
#include <stdlib.h>

#include "support/component_bytes.h"

static void check_limit(struct bytes *bytes, const char *what)
{
	check_refused_bytes(bytes, HF_COMPONENT_LIMIT, what);
	free(bytes->at);
}

/* Each component instantiates the one before twice: 2^20 instances. */
static void instantiations(void)
{
	struct bytes bytes = bytes_of("C 04{ C }");
	for (uint8_t i = 0; i < 20; i++) {
		bytes_put(&bytes, i == 0 ? "04{ C 06{ 01 04 02 01 00 } 05{ 02 00 00 00 00 00 00 } }" : "");
		if (i > 0) {
			struct bytes inner = bytes_of("C 06{ 01 04 02 01 00 } 05{ 02 00 00 00 00 00 00 }");
			inner.at[14] = i;
			bytes_section(&bytes, 4, &inner);
			free(inner.at);
		}
	}
	bytes_put(&bytes, "05{ 01 00 #20 00 }");
	check_limit(&bytes, "more than 200000 definitions");
}

/* Each instance exports the one before twice: 2^24 exports. */
static void exports(void)
{
	struct bytes bytes = bytes_of("C 07{ 01 7f } 05{ 01 01 01 00 'a' 03 00 }");
	for (uint8_t i = 0; i < 24; i++) {
		struct bytes inner = bytes_of("01 01 02 00 'a' 05 00 00 'b' 05 00");
		inner.at[7] = inner.at[12] = i;
		bytes_section(&bytes, 5, &inner);
		free(inner.at);
	}
	bytes_put(&bytes, "0b{ 01 00 'x' 05 #24 00 }");
	check_limit(&bytes, "more than 200000 definitions");
}

/* Each instance exports the one before: long joined names, and recursion. */
static void deep_exports(void)
{
	struct bytes bytes = bytes_of("C 07{ 01 7f } 05{ 01 01 01 00 'a' 03 00 }");
	for (unsigned i = 0; i < 100; i++) {
		struct bytes inner = bytes_of("01 01 01 00 'a' 05 00");
		inner.at[inner.size - 1] = (uint8_t)i;
		bytes_section(&bytes, 5, &inner);
		free(inner.at);
	}
	bytes_put(&bytes, "0b{ 01 00 'x' 05 #100 00 }");
	check_limit(&bytes, "nested more than 64 deep");
}

/* Each type is a tuple of two of the type before: 2^40 flat values, larger than any memory. */
static void flat_types(void)
{
	struct bytes bytes = bytes_of("C 07{ 01 6f 02 7d 7d }");
	for (uint8_t i = 0; i < 40; i++) {
		struct bytes inner = bytes_of("01 6f 02 00 00");
		inner.at[3] = inner.at[4] = i;
		bytes_section(&bytes, 7, &inner);
		free(inner.at);
	}
	check_refused_bytes(&bytes, HF_COMPONENT_INVALID, "would take more than 268435455 bytes");
	free(bytes.at);
}

/* 2^40 flat values again, as the parameters of a lifted function: each type fits in memory, but its flat form is too large. */
static void flat_parameters(void)
{
	struct bytes bytes = bytes_of("C 07{ 01 6f 04 7d 7d 7d 7d }");
	for (uint8_t i = 0; i < 12; i++) {
		struct bytes inner = bytes_of("01 6f 04 00 00 00 00");
		inner.at[3] = inner.at[4] = inner.at[5] = inner.at[6] = i;
		bytes_section(&bytes, 7, &inner);
		free(inner.at);
	}
	bytes_put(&bytes, "07{ 01 40 02 'a' 0c 'b' 0c 00 0c } 0a{ 01 00 'f' 01 #13 }");
	char *steps = component_steps(&bytes);
	CHECK(steps != NULL);
	free(steps);
	free(bytes.at);
}

static void deep_types(void)
{
	struct bytes bytes = bytes_of("C");
	bytes_put(&bytes, "07{ 01 7f }");
	for (unsigned i = 0; i < 101; i++) {
		struct bytes inner = bytes_of("01 70 80 00");
		inner.at[2] |= (uint8_t)(i & 0x7f);
		bytes_section(&bytes, 7, &inner);
		free(inner.at);
	}
	check_limit(&bytes, "nested more than 100 deep");
}

/* Components in components, and types in types. */
static struct bytes nested(unsigned depth, uint8_t section, const char *before)
{
	struct bytes bytes = bytes_of("C");
	for (unsigned i = 0; i < depth; i++) {
		struct bytes outer = bytes_of(before);
		bytes_section(&outer, section, &bytes);
		free(bytes.at);
		bytes = outer;
	}
	return bytes;
}

static void scopes(void)
{
	struct bytes deep = nested(64, 4, "C");
	check_limit(&deep, "nested more than 64 deep");
	struct bytes shallow = nested(63, 4, "C");
	hf_component_close(component_of(&shallow));
	free(shallow.at);
	struct bytes types = bytes_of("C"), inner = bytes_of("01");
	bytes_repeat(&inner, 5000, "42 01 01");
	bytes_put(&inner, "7f");
	bytes_section(&types, 7, &inner);
	check_limit(&types, "nested more than 64 deep");
	free(inner.at);
}

/* Instance types that use the one before twice: 2^30 declarations. */
static void instance_types(void)
{
	struct bytes bytes = bytes_of("C 07{ 01 42 01 04 00 'r' 03 01 }");
	for (uint8_t i = 0; i < 30; i++) {
		struct bytes inner = bytes_of("01 42 03 02 03 02 01 00 04 00 'a' 05 00 04 00 'b' 05 00");
		inner.at[7] = i;
		bytes_section(&bytes, 7, &inner);
		free(inner.at);
	}
	check_limit(&bytes, "more than 200000 definitions");
}

/* A record of 300,000 fields. */
static void wide_record(void)
{
	struct bytes bytes = bytes_of("C"), inner = bytes_of("01 72 #300000");
	bytes_repeat(&inner, 300000, "'a' 7f");
	bytes_section(&bytes, 7, &inner);
	free(inner.at);
	check_limit(&bytes, "more than 200000 definitions");
}

/* Modules that differ only in their last byte: finding equal ones takes quadratic time. */
static void modules(void)
{
	struct bytes bytes = bytes_of("C");
	for (unsigned i = 0; i < 4000; i++) {
		struct bytes inner = bytes_of("M 00{ 'x' 00 00 00 00 }");
		inner.at[inner.size - 1] = (uint8_t)i;
		inner.at[inner.size - 2] = (uint8_t)(i >> 8);
		bytes_section(&bytes, 1, &inner);
		free(inner.at);
	}
	check_limit(&bytes, "more than 200000 definitions");
}

/* A module whose types take ten times as much memory as its bytes. */
static void core_types(void)
{
	struct bytes bytes = bytes_of("C"), module = bytes_of("M"), types = bytes_of("#1700000");
	bytes_repeat(&types, 1700000, "60 00 00");
	bytes_section(&module, 1, &types);
	bytes_section(&bytes, 1, &module);
	free(types.at);
	free(module.at);
	check_limit(&bytes, "more than 200000 definitions");
}

/* A name of 64 KiB. */
static struct bytes long_name(void)
{
	struct bytes name = bytes_of("#65536");
	bytes_repeat(&name, 65536, "61");
	return name;
}

static void append(struct bytes *bytes, const struct bytes *more)
{
	for (size_t i = 0; i < more->size; i++) {
		char text[3];
		(void)snprintf(text, sizeof text, "%02x", more->at[i]);
		bytes_put(bytes, text);
	}
}

/* A thousand instances of the component, which is freed. */
static void check_instances(struct bytes *inner)
{
	struct bytes bytes = bytes_of("C"), instances = bytes_of("#1000");
	bytes_section(&bytes, 4, inner);
	bytes_repeat(&instances, 1000, "00 00 00");
	bytes_section(&bytes, 5, &instances);
	free(inner->at);
	free(instances.at);
	check_limit(&bytes, "more than 200000 definitions");
}

/* What is read in each instance costs by its size. */
static void long_definitions(void)
{
	struct bytes custom = bytes_of("C"), types = bytes_of("C"), name = long_name(), type = bytes_of("01 60 #65536");
	bytes_section(&custom, 0, &name);
	check_instances(&custom);
	bytes_repeat(&type, 65536, "7f");
	bytes_put(&type, "00");
	bytes_section(&types, 3, &type);
	check_instances(&types);
	free(name.at);
	free(type.at);
}

/* A thousand instances of a module whose import has a long name. */
static void long_imports(void)
{
	struct bytes bytes = bytes_of("C"), name = long_name(), module = bytes_of("M 01{ 01 60 01 7f 00 }");
	struct bytes imports = bytes_of("01 'm'"), bundle = bytes_of("01 01 01"), instances = bytes_of("#1000");
	append(&imports, &name);
	bytes_put(&imports, "00 00");
	bytes_section(&module, 2, &imports);
	bytes_section(&bytes, 1, &module);
	bytes_put(&bytes, "07{ 01 3f 7f 00 } 08{ 01 03 00 }");
	append(&bundle, &name);
	bytes_put(&bundle, "00 00");
	bytes_section(&bytes, 2, &bundle);
	bytes_repeat(&instances, 1000, "00 00 01 'm' 12 00");
	bytes_section(&bytes, 2, &instances);
	free(name.at);
	free(module.at);
	free(imports.at);
	free(bundle.at);
	free(instances.at);
	check_limit(&bytes, "more than 200000 definitions");
}

/* A record of 5,000 fields that is exported 2,000 times: each export makes a type of its own. */
static void named_records(void)
{
	char text[32];
	struct bytes bytes = bytes_of("C"), record = bytes_of("01 72 #5000"), exports = bytes_of("#2000");
	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(text, sizeof text, "'f%u' 7f", i);
		bytes_put(&record, text);
	}
	for (unsigned i = 0; i < 2000; i++) {
		(void)snprintf(text, sizeof text, "00 'e%u' 03 00 00", i);
		bytes_put(&exports, text);
	}
	bytes_section(&bytes, 7, &record);
	bytes_section(&bytes, 11, &exports);
	free(record.at);
	free(exports.at);
	check_limit(&bytes, "more than 200000 definitions");
}

int main(void)
{
	instantiations();
	exports();
	deep_exports();
	flat_types();
	flat_parameters();
	deep_types();
	scopes();
	instance_types();
	wide_record();
	modules();
	core_types();
	long_definitions();
	long_imports();
	named_records();
	return done();
}
