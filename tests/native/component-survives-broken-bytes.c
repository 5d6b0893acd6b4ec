/* A component that is cut off anywhere, or of which one byte is changed, is either refused at an offset inside it or has a well-formed plan. */
#include <stdlib.h>
#include <string.h>

#include "support/component_bytes.h"
#include "support/component_plan.h"
#include "support/component_samples.h"

static void try(const uint8_t *bytes, size_t size)
{
	struct hf_component_error error;
	/* A copy of exactly this size, so that the sanitizer reports reads past its end. */
	uint8_t *copy = malloc(size ? size : 1);
	CHECK(copy != NULL);
	memcpy(copy, bytes, size);
	struct hf_component *component = hf_component_open(copy, size, &error);
	if (component) {
		size_t count, names_size;
		const uint32_t *words = hf_component_words(component, &count);
		const char *names = hf_component_names(component, &names_size);
		CHECK(plan_fault(words, count, names, names_size, size) == NULL);
		hf_component_close(component);
	} else {
		CHECK(error.offset <= size);
		CHECK(memchr(error.text, 0, sizeof error.text) != NULL);
	}
	free(copy);
}

static void break_all(const char *text)
{
	static const uint8_t changes[] = {0x01, 0x02, 0x04, 0x40, 0x7f, 0x80, 0xff};
	struct bytes bytes = bytes_of(text);
	for (size_t i = 0; i < bytes.size; i++) {
		try(bytes.at, i);
		for (unsigned change = 0; change < sizeof changes; change++) {
			bytes.at[i] ^= changes[change];
			try(bytes.at, bytes.size);
			bytes.at[i] ^= changes[change];
		}
	}
	free(bytes.at);
}

int main(void)
{
	break_all(SAMPLE_COMMAND);
	break_all(SAMPLE_COMPOSITION);
	return done();
}
