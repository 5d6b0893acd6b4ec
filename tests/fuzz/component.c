/* Passes arbitrary bytes to the parser of components. The plan that it makes is well-formed; a refusal has a reason, and a place in the bytes. */
#include <stdlib.h>
#include <string.h>

#include "component/component.h"
#include "support/component_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_component_error error;
	struct hf_component *component = hf_component_open(data, size, &error);
	if (!component) {
		if (error.offset > size || !memchr(error.text, 0, sizeof error.text) || error.text[0] == '\0' ||
		    error.fault == HF_COMPONENT_NO_MEMORY)
			abort();
		return 0;
	}
	size_t count, names_size;
	const uint32_t *words = hf_component_words(component, &count);
	const char *names = hf_component_names(component, &names_size);
	if (plan_fault(words, count, names, names_size, size) || hf_component_fuel(component) > HF_COMPONENT_FUEL)
		abort();
	hf_component_close(component);
	return 0;
}
