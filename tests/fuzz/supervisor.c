/* Sends arbitrary events and commands to the supervisor's policy, at arbitrary times. */
#include "support/supervision.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	random_walk(data, size);
	return 0;
}
