/* Any sequence of events and commands, at any time, into the supervisor's policy. */
#include "support/supervision.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	random_walk(data, size);
	return 0;
}
