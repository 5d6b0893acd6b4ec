// flags: -nostdlib -matomics -mbulk-memory -mexec-model=command -Wl,--shared-memory,--import-memory,--export-memory,--max-memory=4194304,--export=wasi_thread_start,--no-entry,--export=_start
/* Four threads on one memory: two make random calls with hostile arguments, and two constantly change the vectors, subscriptions and paths that
 * those calls use: `races-with-its-own-calls SEED COUNT`. Exits with 0 when the first has made COUNT calls.
 *
 * It does not use libc, because Debian has no libc for threads: only the first thread has a stack, and the others work without one.
 */
#include "hostile.h"

__attribute__((import_module("wasi"), import_name("thread-spawn"))) int32_t thread_spawn(uint32_t argument);

static uint64_t seed, count, states[4];

static uint64_t number_at(uint32_t at)
{
	uint64_t value = 0;
	for (const volatile char *digit = (const volatile char *)(uintptr_t)at; *digit >= '0' && *digit <= '9'; digit++)
		value = value * 10 + (uint64_t)(*digit - '0');
	return value;
}

/* Threads 1 and 2 change what calls read, and thread 3 makes calls. None of them ends by itself. */
__attribute__((visibility("default"))) void wasi_thread_start(int32_t tid, uint32_t argument)
{
	uint64_t *s = &states[argument];
	*s = seed + 2 * argument;
	(void)tid;
	if (argument == 3) {
		for (;;)
			hostile_call(s);
	}
	for (;;) {
		change_piece(s);
		change_subscription(s);
		change_path(s);
	}
}

__attribute__((visibility("default"))) void _start(void)
{
	uint32_t at = (uint32_t)__builtin_wasm_memory_grow(0, ARENA / 65536);
	if (at == UINT32_MAX)
		raw_proc_exit(1);
	make_arena(at);
	if (raw_args_get(arena + RESULTS, arena + DATA))
		raw_proc_exit(2);
	seed = number_at(*(volatile uint32_t *)(uintptr_t)(arena + RESULTS + 4)) * 2 + 1;
	count = number_at(*(volatile uint32_t *)(uintptr_t)(arena + RESULTS + 8));
	for (uint32_t i = 1; i <= 3; i++) {
		if (thread_spawn(i) < 0)
			raw_proc_exit(3);
	}
	uint64_t *s = &states[0];
	*s = seed;
	for (uint64_t i = 0; i < count; i++)
		hostile_call(s);
	raw_proc_exit(0);
}
