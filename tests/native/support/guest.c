#include "support/guest.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local struct guest *current;

static void copy_in(void *to, uint32_t from, uint32_t size)
{
	CHECK(size > 0 && (uint64_t)from + size <= GUEST_SIZE);
	memcpy(to, current->memory + from, size);
}

static void copy_out(uint32_t to, const void *from, uint32_t size)
{
	CHECK(size > 0 && (uint64_t)to + size <= GUEST_SIZE);
	memcpy(current->memory + to, from, size);
}

static uint32_t pages(void)
{
	return current->pages;
}

struct guest *guest_begin(void)
{
	struct guest *guest = calloc(1, sizeof *guest);
	CHECK(guest && !current);
	guest->mem = (struct hf_usermem){.copy_in = copy_in, .copy_out = copy_out, .pages = pages};
	guest->pages = GUEST_SIZE / 65536;
	current = guest;
	return guest;
}

void guest_end(struct guest *guest)
{
	CHECK(guest == current);
	current = NULL;
	free(guest);
}
