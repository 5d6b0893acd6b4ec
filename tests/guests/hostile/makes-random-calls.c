/* Random calls with hostile arguments: `makes-random-calls SEED COUNT`. Exits with 0 when it has made them all.
 */
#include <stdlib.h>

#include "hostile.h"

int main(int argc, char **argv)
{
	uint64_t state = argc > 1 ? strtoull(argv[1], NULL, 10) * 2 + 1 : 1;
	uint64_t *s = &state;
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
	uint32_t at = (uint32_t)__builtin_wasm_memory_grow(0, ARENA / 65536);
	if (at == UINT32_MAX)
		return 1;
	make_arena(at);
	for (; count > 0; count--) {
		switch (R(12)) {
		case 0:
			change_piece(s);
			break;
		case 1:
			change_subscription(s);
			break;
		default:
			hostile_call(s);
		}
	}
	raw_proc_exit(0);
	return 2;
}
