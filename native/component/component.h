/* component.h - reads a WebAssembly component (binary format 0x0d, layer 1), validates it, and plans its instantiation.
 *
 * Self-contained: C11, needs malloc, realloc, free, memcpy, memcmp, memset and strlen; no locks, no global state. Any thread may use it, each with a
 * separate struct. Nothing blocks. The component is hostile input: time, memory and recursion are bounded by the component's size and by the limits
 * below.
 *
 * The specification: WebAssembly/component-model, design/mvp/Binary.md (the format and its validation) and CanonicalABI.md (flattening, options).
 * The plan's format: plan.def. */
#ifndef HF_COMPONENT_H
#define HF_COMPONENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HF_LAYOUTS "component/plan.def"
#include <holdfast/layouts_as_c.h>

/* Each definition, declaration, element of a type or of a list, and each instantiation costs one unit, each time it is read: nested components and
 * instance types are read again where they are used. So does every 64 bytes of a definition. A command uses about 1,000 (RATIONALE.md). The component's size is limited by 32-bit offsets alone. */
#define HF_COMPONENT_FUEL 200000
/* The deepest nesting of components, component types and instance types. Instantiations count as nesting. */
#define HF_COMPONENT_SCOPES 64
#define HF_COMPONENT_TYPE_DEPTH 100
/* The largest value in memory: CanonicalABI.md, "Element Size" (MAX_LIST_BYTE_LENGTH). */
#define HF_COMPONENT_VALUE_SIZE (1u << 28)
/* The most bytes of the plan's names. */
#define HF_COMPONENT_NAMES_SIZE (16u << 20)

struct hf_component_error {
	size_t offset; /* of the byte in the component where the fault was found */
	enum hf_component_fault fault;
	char text[400]; /* one sentence in English, without the offset; NUL-terminated UTF-8 */
};

struct hf_component;

/* Whether the bytes begin like a component of this format. */
bool hf_component_is(const uint8_t *bytes, size_t size);

/* Reads the component; the bytes must not change until it returns, and are not used afterwards. NULL: refused, with the reason in *error. */
struct hf_component *hf_component_open(const uint8_t *bytes, size_t size, struct hf_component_error *error);

/* The plan; it lives as long as the component. */
const uint32_t *hf_component_words(const struct hf_component *component, size_t *count);
const char *hf_component_names(const struct hf_component *component, size_t *size);

/* The units of HF_COMPONENT_FUEL that reading the component took. */
uint32_t hf_component_fuel(const struct hf_component *component);

void hf_component_close(struct hf_component *component);

/* The hash of a function's type in PLAN_IMPORT: two functions with different types have, for all practical purposes, different hashes. Names of
 * parameters do not count (hosts and components may differ in them), nor do versions of interfaces.
 *
 *     hash(T) = FNV-1a, 64 bits, of the bytes
 *       primitive type         T (a byte: PLAN_BOOL…)
 *       any other              PLAN_PRIMITIVES + operation (a byte: 13 + PLAN_RECORD…), then
 *         record               for each field: name, hash
 *         variant              for each case: name, hash (0 if it has no type)
 *         flags, enum          for each label: name
 *         list, option         hash
 *         tuple                for each element: hash
 *         result               hash (0: none) of ok, of error
 *         own, borrow          name of the resource's interface up to, without, the first "@"; name of the resource
 *         func                 for each parameter: hash; then the hash of the result (0: none)
 *     where a hash is 8 bytes and a name is its size, 4 bytes, and its bytes; numbers are little-endian. */
#define HF_COMPONENT_HASH_BASIS UINT64_C(0xcbf29ce484222325)
#define HF_COMPONENT_HASH_PRIME UINT64_C(0x100000001b3)

#endif
