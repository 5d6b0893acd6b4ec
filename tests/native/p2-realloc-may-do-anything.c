/* The guest's realloc runs in the guest, and may return anything, grow the memory, call imports, trap, or be killed: none of it harms the kernel. */
#include "support/p2.h"

#include <string.h>

#include "platform/native.h"
#include "support/threads.h"

#define OUT P2_OUT

static uint32_t misaligned(struct p2_program *c, uint32_t alignment, uint32_t size)
{
	(void)c, (void)alignment, (void)size;
	return P2_HEAP + 2;
}

static uint32_t beyond(struct p2_program *c, uint32_t alignment, uint32_t size)
{
	(void)c, (void)alignment;
	return GUEST_SIZE - size + 4;
}

static uint32_t far_beyond(struct p2_program *c, uint32_t alignment, uint32_t size)
{
	(void)c, (void)alignment, (void)size;
	return 0xfffffff8;
}

/* The memory is smaller until realloc grows it. */
static uint32_t grows(struct p2_program *c, uint32_t alignment, uint32_t size)
{
	(void)alignment, (void)size;
	c->program->guest->pages = 2;
	return 65536;
}

static uint32_t calls_an_import(struct p2_program *c, uint32_t alignment, uint32_t size)
{
	(void)alignment, (void)size;
	(void)hf_p2_monotonic_now(c->b);
	return 0;
}

static uint32_t drops_a_resource(struct p2_program *c, uint32_t alignment, uint32_t size)
{
	(void)alignment, (void)size;
	(void)hf_p2_resource_drop(c->instance, HF_P2_INPUT_STREAM, 1);
	return 0;
}

/* Ends the guest as an engine's trap does: the host unwinds the stack, while the thread is in the guest. */
static uint32_t traps(struct p2_program *c, uint32_t alignment, uint32_t size)
{
	(void)c, (void)alignment, (void)size;
	hf_plat_unwind();
}

static uint32_t is_killed(struct p2_program *c, uint32_t alignment, uint32_t size)
{
	(void)alignment, (void)size;
	hf_process_end(c->program->process, HF_EXIT_KILLED, 137, NULL, 0, NULL, 0);
	return P2_HEAP;
}

/* Each of these calls holds bytes in the kernel while realloc runs. */
static void read(struct p2_program *c)
{
	uint32_t in = hf_p2_get_stdin(c->b);
	CHECK_EQ(program_feed(c->program, "12345678", 8), 8);
	hf_p2_input_stream_read(c->b, in, 8, OUT);
}

static void poll(struct p2_program *c)
{
	poke_u32(c->program, 1024, hf_p2_subscribe_duration(c->b, 0));
	hf_p2_poll(c->b, 1024, 1, OUT);
}

static struct p2_program *with(uint32_t (*realloc)(struct p2_program *, uint32_t, uint32_t))
{
	struct p2_program *c = p2_begin();
	c->realloc = realloc;
	return c;
}

static void read_and_check(struct p2_program *c)
{
	read(c);
	CHECK_EQ(peek_u8(c->program, OUT), 0);
	CHECK_EQ(peek_u32(c->program, OUT + 4), 65536);
	CHECK_EQ(peek_u32(c->program, OUT + 8), 8);
	CHECK_BYTES(c->program->guest->memory + 65536, "12345678", 8);
	CHECK_EQ(c->reallocs, 1);
}

static void check_growing(void)
{
	struct p2_program *c = with(grows);
	c->program->guest->pages = 1;
	CHECK(!program_run(c->program, (void (*)(void *))read_and_check, c));
	p2_end(c);
}

static void check_unwound(uint32_t (*realloc)(struct p2_program *, uint32_t, uint32_t),
                          void (*guest)(struct p2_program *))
{
	struct p2_program *c = with(realloc);
	CHECK(program_run(c->program, (void (*)(void *))guest, c));
	p2_end(c); /* checks, at done(), that the parked bytes are freed */
}

static void lists_at_the_end_of_memory(struct p2_program *c)
{
	c->next = GUEST_SIZE - 8;
	read(c);
	CHECK_EQ(peek_u32(c->program, OUT + 4), GUEST_SIZE - 8);
	CHECK_BYTES(c->program->guest->memory + GUEST_SIZE - 8, "12345678", 8);
}

static void without_realloc(struct p2_program *c)
{
	c->b->realloc = NULL;
	read(c);
}

static void without_memory(struct p2_program *c)
{
	hf_b b = hf_p2_bind(c->instance, NULL, NULL, NULL, NULL);
	CHECK(hf_p2_monotonic_now(b) > 0);
	hf_p2_wall_now(b, 0);
}

static void while_it_may_not_leave(struct p2_program *c)
{
	hf_p2_may_leave(c->instance, false);
	CHECK_EQ(hf_p2_resource_rep(c->instance, hf_p2_new_type(c->p2) + 0, 0), 0);
}

static void new_while_it_may_not_leave(struct p2_program *c)
{
	hf_p2_may_leave(c->instance, false);
	(void)hf_p2_resource_new(c->instance, HF_P2_TYPE_OF_GUEST, 1);
}

static void rep_while_it_may_not_leave(struct p2_program *c)
{
	uint32_t handle = hf_p2_resource_new(c->instance, HF_P2_TYPE_OF_GUEST, 5);
	hf_p2_may_leave(c->instance, false);
	CHECK_EQ(hf_p2_resource_rep(c->instance, HF_P2_TYPE_OF_GUEST, handle), 5);
}

int main(void)
{
#define READ "wasi:io/streams [method]input-stream.read: "
#define POLL "wasi:io/poll poll: "
#define NOT_NOW "an import was called while the component must not call any (in its realloc or post-return function)"
	p2_must_trap(with(misaligned), poll, POLL "the component's realloc returned 65538, which is not aligned");
	p2_must_trap(with(beyond), poll, POLL "the component's realloc returned 131072, which is outside its memory");
	p2_must_trap(with(beyond), read, READ "the component's realloc returned 131068, which is outside its memory");
	p2_must_trap(with(far_beyond), poll,
	             POLL "the component's realloc returned 4294967288, which is outside its memory");
	p2_must_trap(with(calls_an_import), read, "wasi:clocks/monotonic-clock now: " NOT_NOW);
	p2_must_trap(with(drops_a_resource), read, "resource.drop: " NOT_NOW);
	check_growing();
	check_unwound(traps, read);
	check_unwound(traps, poll);
	check_unwound(is_killed, read);
	check_unwound(is_killed, poll);
	p2_runs(lists_at_the_end_of_memory);
	p2_traps(without_realloc, READ "the import was lowered without realloc");
	p2_traps(without_memory, "wasi:clocks/wall-clock now: the pointer 0 is outside the component's memory");
	p2_traps(while_it_may_not_leave, "resource.rep: there is no handle 0");
	p2_traps(new_while_it_may_not_leave, "resource.new: " NOT_NOW);
	p2_runs(rep_while_it_may_not_leave);
	return done();
}
