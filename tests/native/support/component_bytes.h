/* component_bytes.h - components for tests, written as text, and checks of what the parser makes of them.
 *
 * The text is a sequence of tokens:
 *     3f        a byte, two hexadecimal digits
 *     #300      a number in LEB128
 *     'text'    the size of the text in LEB128, and its bytes
 *     { … }     the size of the contents in LEB128, and the contents: a section is its id and { … }
 *     C M       the first eight bytes of a component, of a core module */
#ifndef HF_TEST_COMPONENT_BYTES_H
#define HF_TEST_COMPONENT_BYTES_H

#include "component/component.h"
#include "support/check.h"

struct bytes {
	uint8_t *at;
	size_t size, room;
};

/* Appends the bytes that the text describes; ends the test if the text has an error. */
void bytes_put(struct bytes *bytes, const char *text);
/* Appends the text, repeated. */
void bytes_repeat(struct bytes *bytes, unsigned times, const char *text);
/* Appends an id, the size of the contents, and the contents. */
void bytes_section(struct bytes *bytes, uint8_t id, const struct bytes *contents);
/* The bytes of one text; free() the pointer in it. */
struct bytes bytes_of(const char *text);

/* Ends the test unless the component has a plan, and the plan is well-formed. Returns the plan, which the caller closes. */
struct hf_component *component_of(const struct bytes *bytes);
/* The steps of the plan, one per line: the operation and its operands; free() the result. */
char *component_steps(const struct bytes *bytes);
/* Ends the test, printing both lists, unless these are the steps of the plan. */
void check_steps(const char *text, const char *steps);
/* Ends the test unless the component is refused with this fault and a message that contains `what`. */
void check_refused_bytes(const struct bytes *bytes, enum hf_component_fault fault, const char *what);
void check_refused(const char *text, enum hf_component_fault fault, const char *what);
void check_accepted(const char *text);

#endif
