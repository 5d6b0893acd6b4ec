#include "support/p2_fs.h"

#include <stdio.h>
#include <string.h>

struct returning {
	struct p2_program *component;
	void (*guest)(struct p2_program *);
};

static void run(void *context)
{
	struct returning *returning = context;
	returning->guest(returning->component);
}

void p2_must_return(struct p2_program *component, void (*guest)(struct p2_program *))
{
	struct returning context = {component, guest};
	struct hf_process *process = component->program->process;
	if (program_run(component->program, run, &context))
		printf("it trapped: %.*s\n", (int)process->message_size, process->message);
	CHECK_EQ(process->reason, HF_EXIT_EXIT);
	p2_end(component);
}

enum fs_code fs_result(struct p2_program *component, uint32_t payload)
{
	uint8_t failed = peek_u8(component->program, P2_OUT);
	CHECK(failed <= 1);
	return failed ? (enum fs_code)peek_u8(component->program, P2_OUT + payload) : FS_OK;
}

const char *fs_list(struct p2_program *component, uint32_t at, uint32_t *count)
{
	uint32_t place = peek_u32(component->program, P2_OUT + at);
	*count = peek_u32(component->program, P2_OUT + at + 4);
	CHECK((uint64_t)place + *count <= GUEST_SIZE);
	return component->program->guest->memory + place;
}

void fs_list_is(struct p2_program *component, uint32_t at, const char *text)
{
	uint32_t count;
	const char *bytes = fs_list(component, at, &count);
	CHECK_EQ(count, strlen(text));
	CHECK_BYTES(bytes, text, count);
}

uint32_t fs_preopen(struct p2_program *component, const char *name)
{
	uint32_t found = 0, size = (uint32_t)strlen(name);
	hf_p2_get_directories(component->b, P2_OUT);
	uint32_t at = peek_u32(component->program, P2_OUT), count = peek_u32(component->program, P2_OUT + 4);
	for (uint32_t i = 0; i < count; i++, at += 12) {
		uint32_t handle = peek_u32(component->program, at), text = peek_u32(component->program, at + 4);
		if (peek_u32(component->program, at + 8) == size &&
		    memcmp(component->program->guest->memory + text, name, size) == 0)
			found = handle;
		else
			fs_drop(component, handle);
	}
	CHECK(found);
	return found;
}

enum fs_code fs_try_open(struct p2_program *component, uint32_t dir, const char *path, uint32_t oflags, uint32_t flags)
{
	hf_p2_open_at(component->b, dir, 0, AT(path), oflags, flags, P2_OUT);
	return fs_result(component, 4);
}

uint32_t fs_open(struct p2_program *component, uint32_t dir, const char *path, uint32_t oflags, uint32_t flags)
{
	CHECK_EQ(fs_try_open(component, dir, path, oflags, flags), FS_OK);
	return peek_u32(component->program, P2_OUT + 4);
}

void fs_drop(struct p2_program *component, uint32_t descriptor)
{
	hf_p2_drop(component->b, HF_P2_DESCRIPTOR, descriptor);
}

uint32_t fs_flags(struct p2_program *component, uint32_t descriptor)
{
	FS_IS(1, hf_p2_descriptor_get_flags(component->b, descriptor, P2_OUT), FS_OK);
	return peek_u8(component->program, P2_OUT + 1);
}
