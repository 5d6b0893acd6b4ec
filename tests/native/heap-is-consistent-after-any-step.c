/* Whatever is allocated and freed, in any order: the browser's allocator loses no byte, hands out none twice, and returns all spans. */
#include "support/heap.h"

#define WALKS 6
#define STEPS 3000

int main(void)
{
	static uint8_t steps[STEPS];
	uint64_t seed = random_seed();
	for (int walk = 0; walk < WALKS; walk++) {
		for (int i = 0; i < STEPS; i++)
			steps[i] = (uint8_t)random_next(&seed);
		heap_walk(steps, STEPS);
	}
	return done();
}
