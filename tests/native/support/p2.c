#include "support/p2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/threads.h"

static _Thread_local struct p2_program *current;

static uint32_t next_place(struct p2_program *component, uint32_t alignment, uint32_t size)
{
	uint32_t at = (component->next + alignment - 1) & ~(alignment - 1);
	CHECK((uint64_t)at + size <= GUEST_SIZE);
	component->next = at + size;
	return at;
}

/* The default realloc; checks that the kernel calls it from the guest. */
static uint32_t allocate(uint32_t old, uint32_t old_size, uint32_t alignment, uint32_t size)
{
	struct p2_program *component = current;
	CHECK_EQ(atomic_load(&component->program->thread->door), HF_IN_GUEST);
	CHECK(!component->instance->may_leave);
	CHECK_EQ(old, 0);
	CHECK_EQ(old_size, 0);
	component->reallocs++;
	component->last_size = size;
	component->last_alignment = alignment;
	return (component->realloc ? component->realloc : next_place)(component, alignment, size);
}

struct p2_program *p2_begin(void)
{
	struct p2_program *component = calloc(1, sizeof *component);
	CHECK(component && !current);
	current = component;
	component->next = P2_HEAP;
	component->program = program_begin();
	component->p2 = hf_p2_create(HF_PORT_HTTP | 1);
	CHECK(component->p2);
	hf_p2_begin(component->p2, component->program->thread);
	component->instance = hf_p2_instance(component->p2);
	CHECK(component->instance);
	struct hf_usermem *mem = &component->program->guest->mem;
	component->b = hf_p2_bind(component->instance, mem->copy_in, mem->copy_out, mem->pages, allocate);
	CHECK(component->b);
	return component;
}

static void run_meanwhile(void *context)
{
	struct p2_program *component = context;
	until_parked(component->program->thread);
	component->meanwhile(component);
	atomic_store(&component->running, 0);
	hf_plat_wake(&component->running, 1);
}

static void wait_for_the_other(struct p2_program *component)
{
	while (atomic_load(&component->running))
		(void)hf_plat_wait(&component->running, 1, HF_FOREVER);
}

void p2_meanwhile(struct p2_program *component, void (*other)(struct p2_program *))
{
	wait_for_the_other(component);
	component->meanwhile = other;
	atomic_store(&component->running, 1);
	in_background(run_meanwhile, component);
}

void p2_end(struct p2_program *component)
{
	CHECK(component == current);
	wait_for_the_other(component);
	current = NULL;
	program_end(component->program);
	hf_p2_free(component->p2);
	free(component);
}

struct run {
	struct p2_program *component;
	void (*guest)(struct p2_program *);
};

static void run(void *context)
{
	struct run *run = context;
	run->guest(run->component);
}

void p2_must_trap(struct p2_program *component, void (*guest)(struct p2_program *), const char *message)
{
	struct run context = {component, guest};
	struct hf_process *process = component->program->process;
	CHECK(program_run(component->program, run, &context));
	CHECK_EQ(process->reason, HF_EXIT_TRAP);
	CHECK_EQ(process->message_size, strlen(message));
	CHECK_BYTES(process->message, message, strlen(message));
	p2_end(component);
}

void p2_traps(void (*guest)(struct p2_program *), const char *message)
{
	p2_must_trap(p2_begin(), guest, message);
}

void p2_runs(void (*guest)(struct p2_program *))
{
	struct run context = {p2_begin(), guest};
	struct hf_process *process = context.component->program->process;
	if (program_run(context.component->program, run, &context))
		printf("it trapped: %.*s\n", (int)process->message_size, process->message);
	CHECK_EQ(process->reason, HF_EXIT_EXIT);
	p2_end(context.component);
}

uint8_t peek_u8(struct program *program, uint32_t address)
{
	CHECK(address < GUEST_SIZE);
	return (uint8_t)program->guest->memory[address];
}
