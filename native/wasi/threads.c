/* threads.c - wasi-threads: the import wasi.thread-spawn (WebAssembly/wasi-threads); and the replacements of memory.atomic.wait
 * and notify in an interruptible guest (rewrite/rewrite.h has the contract). */
#include <holdfast/exports.h>

#include "wasi/door.h"

#include "kernel/process.h"

int hf__sys_thread_spawn(hf_t t, uint32_t argument)
{
	hf__monotonic_is_shared(t);
	/* So a process that keeps requesting threads at its limit takes none of the coordinator's time. */
	return hf_process_is_full(t->process) ? -HF_EAGAIN : hf_spawn_ask(t, argument);
}

/* Returns not an errno but the thread's id, or a negative number: the proposal does not specify which, so it is the negated errno. */
HF_EXPORT(HF_NAME_OF_wt_thread_spawn) int32_t hf_wt_thread_spawn(uint32_t argument);
int32_t hf_wt_thread_spawn(uint32_t argument)
{
	hf_t t = hf__come_in(HF_CALL_thread_spawn);
	int result = hf__sys_thread_spawn(t, argument);
	if (hf_counter_own(&t->traced))
		hf__trace(t, HF_CALL_thread_spawn, result, HF__NINE(argument));
	(void)hf__go_out(t, 0);
	return result;
}

/* These are not system calls, so they are neither counted nor traced. */
static hf_t come_in(void)
{
	hf_plat_check_stack();
	hf_t t = hf_self;
	hf_door_enter(t);
	return t;
}

/* Separate from the doors, which have no stack frame: these use the kernel's stack. */
static __attribute__((noinline)) int wait(hf_t t, uint64_t address, uint64_t expected, uint32_t size, int64_t timeout)
{
	hf_counter_set(&t->call, HF_CALL_memory_wait);
	return hf_futex_wait(t, address, expected, size, timeout);
}

static __attribute__((noinline)) int notify(hf_t t, uint64_t address, uint32_t count)
{
	return hf_futex_notify(t, address, count);
}

int32_t hf_w_wait32(uint32_t address, uint32_t offset, uint32_t expected, int64_t timeout)
{
	hf_t t = come_in();
	int result = wait(t, (uint64_t)address + offset, expected, 4, timeout);
	hf_door_leave(t);
	return result;
}

int32_t hf_w_wait64(uint32_t address, uint32_t offset, uint64_t expected, int64_t timeout)
{
	hf_t t = come_in();
	int result = wait(t, (uint64_t)address + offset, expected, 8, timeout);
	hf_door_leave(t);
	return result;
}

int32_t hf_w_notify(uint32_t address, uint32_t offset, uint32_t count)
{
	hf_t t = come_in();
	int result = notify(t, (uint64_t)address + offset, count);
	hf_door_leave(t);
	return result;
}
