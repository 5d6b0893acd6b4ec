#include "support/by_hand.h"

#include <stdlib.h>

_Thread_local uint8_t *guest_bytes;
static void (*_Atomic function)(uint32_t tid, uint32_t argument);

static void *memory_create(void)
{
	return calloc(1, MEMORY_SIZE);
}

static uint8_t *memory_base(void *instance, void *memory)
{
	(void)instance;
	return memory;
}

static uint64_t memory_pages(void *instance, void *memory)
{
	(void)instance, (void)memory;
	return MEMORY_SIZE / 65536;
}

static const char *run(void *instance, void *memory, uint32_t tid, uint32_t argument)
{
	(void)instance;
	guest_bytes = memory;
	hf_guest_idle();
	function(tid, argument);
	hf_guest_busy();
	return NULL;
}

static void instance_free(void *instance)
{
	(void)instance;
}

const struct hf_guest_module *by_hand(void (*guest)(uint32_t tid, uint32_t argument))
{
	static const struct hf_guest_module module = {
		.abi = HF_GUEST_MODULE_ABI,
		.instance_size = 1,
		.memory_create = memory_create,
		.memory_destroy = free,
		.memory_base = memory_base,
		.memory_pages = memory_pages,
		.run = run,
		.instance_free = instance_free,
	};
	function = guest;
	return &module;
}

struct hf_guest *begin_by_hand(void (*guest)(uint32_t tid, uint32_t argument), int in, int out)
{
	static const char *const none[] = {NULL};
	struct hf_guest_options options = {
		.module = by_hand(guest),
		.args = none,
		.env = none,
		.streams = {in, out, -1},
	};
	struct hf_guest *begun;
	CHECK_OK(hf_guest_spawn(&options, &begun));
	return begun;
}

int try_with_sockets(void (*guest)(uint32_t tid, uint32_t argument), const struct hf_guest_socket *sockets,
                     size_t count, struct hf_guest **out)
{
	static const char *const none[] = {NULL};
	struct hf_guest_options options = {
		.module = by_hand(guest),
		.args = none,
		.env = none,
		.sockets = sockets,
		.socket_count = count,
		.streams = {-1, -1, -1},
	};
	return hf_guest_spawn(&options, out);
}

struct hf_guest *begin_with_sockets(void (*guest)(uint32_t tid, uint32_t argument),
                                    const struct hf_guest_socket *sockets, size_t count)
{
	struct hf_guest *begun;
	CHECK_OK(try_with_sockets(guest, sockets, count, &begun));
	return begun;
}

void end_by_hand(struct hf_guest *guest, enum hf_guest_ended reason, uint32_t code)
{
	CHECK(hf_guest_join(guest, HF_FOREVER));
	CHECK_EQ(hf_guest_exit(guest)->reason, reason);
	CHECK_EQ(hf_guest_exit(guest)->code, code);
	hf_guest_free(guest);
}

/* Translated guests are built without sanitizers, because they can be interrupted anywhere. The section tells the host that this is a guest's code. */
__attribute__((noinline, section("hf_guest_code"), no_sanitize("thread", "address", "undefined"))) static _Noreturn void
count_forever(void)
{
	for (volatile uint64_t i = 0;; i++)
		;
}

_Noreturn void compute(_Atomic bool *does)
{
	*does = true;
	count_forever();
}
