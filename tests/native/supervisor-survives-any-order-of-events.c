/* A random walk of a supervisor: children start, fail, trap and ignore orders, with commands and time in between. The
 * invariants are checked at every step (support/supervision.c). The fuzzer does the same, guided by coverage. */
#include "support/supervision.h"

int main(void)
{
	uint64_t seed = random_seed();
	struct budget budget = {.milliseconds = 1500};
	while (time_left(&budget)) {
		uint8_t bytes[4 + 3 * 200];
		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = (uint8_t)(random_next(&seed) >> 32);
		random_walk(bytes, sizeof bytes);
	}
	return done();
}
