/* Whichever allocation fails, the component is refused because there is no memory, and nothing leaks (the sanitizer checks). malloc and realloc are
 * replaced by this file's: see CMakeLists.txt. */
#include <stdlib.h>

#include "support/component_bytes.h"
#include "support/component_samples.h"

void *__real_malloc(size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *block, size_t size);

static unsigned allowed = UINT32_MAX;

static bool refused(void)
{
	if (allowed == 0)
		return true;
	allowed -= allowed != UINT32_MAX;
	return false;
}

void *__wrap_malloc(size_t size)
{
	return refused() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *block, size_t size)
{
	return refused() ? NULL : __real_realloc(block, size);
}

/* The number of allocations that it takes. */
static unsigned open_with_less(const char *text)
{
	struct bytes bytes = bytes_of(text);
	struct hf_component_error error;
	for (unsigned allocations = 0;; allocations++) {
		allowed = allocations;
		struct hf_component *component = hf_component_open(bytes.at, bytes.size, &error);
		allowed = UINT32_MAX;
		if (component) {
			hf_component_close(component);
			free(bytes.at);
			return allocations;
		}
		CHECK_EQ(error.fault, HF_COMPONENT_NO_MEMORY);
	}
}

int main(void)
{
	CHECK(open_with_less(SAMPLE_COMMAND) >= 5);
	CHECK(open_with_less(SAMPLE_COMPOSITION) >= 5);
	return done();
}
