/* Passes arbitrary bytes to the rewriter. Its output has the announced size and can be rewritten again. */
#include <stdlib.h>
#include <string.h>

#include "rewrite/rewrite.h"

struct output {
	uint8_t *bytes;
	size_t size, room;
};

static void collect(void *context, const uint8_t *bytes, size_t size)
{
	struct output *output = context;
	if (size > output->room - output->size)
		abort();
	memcpy(output->bytes + output->size, bytes, size);
	output->size += size;
}

static struct output rewrite(const uint8_t *module, size_t size, struct hf_rewrite_options options)
{
	struct output output = {0};
	struct hf_rewrite_error error;
	struct hf_rewrite *rw = hf_rewrite_open(module, size, &options, &error);
	if (!rw) {
		if (error.offset > size || !memchr(error.text, 0, sizeof error.text))
			abort();
		return output;
	}
	output.room = (size_t)hf_rewrite_size(rw);
	output.bytes = malloc(output.room + 1);
	if (!output.bytes)
		abort();
	hf_rewrite_write(rw, collect, &output);
	struct hf_rewrite_memory memory;
	for (uint32_t i = 0; hf_rewrite_memory(rw, i, &memory); i++) {
		if (memory.maximum > options.limit_pages && options.limit_pages != HF_REWRITE_NO_LIMIT)
			abort();
	}
	hf_rewrite_close(rw);
	if (output.size != output.room)
		abort();
	return output;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int check = HF_REWRITE_NONE; check <= HF_REWRITE_FUEL; check++) {
		struct hf_rewrite_options options = {
			.check = (enum hf_rewrite_check)check, .fuel = 100, .limit_pages = size % 3 ? HF_REWRITE_NO_LIMIT : 1000};
		struct output once = rewrite(data, size, options);
		if (once.bytes) {
			options.check = HF_REWRITE_FLAG;
			struct output twice = rewrite(once.bytes, once.size, options);
			if (!twice.bytes && check != HF_REWRITE_NONE)
				abort(); /* without checks, the code was not read */
			free(twice.bytes);
		}
		free(once.bytes);
	}
	return 0;
}
