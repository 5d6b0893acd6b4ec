/* A guest that requests very many random bytes is stopped in the middle of the call. */
#include "platform/native.h"
#include "support/program.h"

#include <string.h>

static void ask(void *context)
{
	(void)context;
	(void)hf_p1_random_get(0, GUEST_SIZE);
	CHECK(!"a call that has the order to stop returns");
}

int main(void)
{
	static const char zeros[1024];
	struct program *program = program_begin();
	atomic_store(&program->thread->orders, HF_ORDER_STOP);
	CHECK(program_run(program, ask, NULL));
	CHECK(memcmp(program->guest->memory, zeros, 64) != 0);
	CHECK_BYTES(program->guest->memory + GUEST_SIZE - sizeof zeros, zeros, sizeof zeros);
	program_end(program);
	return done();
}
