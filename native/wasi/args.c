/* args.c - arguments and environment. */
#include "wasi/sys.h"

#include <string.h>

static int sizes_get(hf_t t, const struct hf_strings *strings, uint32_t count, uint32_t size)
{
	int result = hf_copy_out(&t->mem, count, &strings->count, 4);
	return result < 0 ? result : hf_copy_out(&t->mem, size, &strings->size, 4);
}

static int strings_get(hf_t t, const struct hf_strings *strings, uint32_t pointers, uint32_t buffer)
{
	int result = hf_user_check(&t->mem, pointers, (uint64_t)strings->count * 4);
	if (result == 0)
		result = hf_copy_out(&t->mem, buffer, strings->bytes, strings->size);
	if (result < 0)
		return result;
	uint32_t at = 0;
	for (uint32_t i = 0; i < strings->count && result == 0; i++) {
		uint32_t address = buffer + at;
		result = hf_copy_out(&t->mem, pointers + i * 4, &address, 4);
		at += (uint32_t)strlen(strings->bytes + at) + 1;
	}
	return result;
}

int hf__sys_args_get(hf_t t, uint32_t argv, uint32_t buffer)
{
	return strings_get(t, &t->process->args, argv, buffer);
}

int hf__sys_args_sizes_get(hf_t t, uint32_t count, uint32_t size)
{
	return sizes_get(t, &t->process->args, count, size);
}

int hf__sys_environ_get(hf_t t, uint32_t envp, uint32_t buffer)
{
	return strings_get(t, &t->process->env, envp, buffer);
}

int hf__sys_environ_sizes_get(hf_t t, uint32_t count, uint32_t size)
{
	return sizes_get(t, &t->process->env, count, size);
}
