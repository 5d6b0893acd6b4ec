/* boot.c - the exports by which JavaScript starts the kernel in a worker, and runs a guest in a compute worker. */
#include <holdfast/exports.h>

#include "coordinator/root.h"
#include "coordinator/waiting.h"
#include "kernel/process.h"
#include "platform/alloc.h"
#include "platform/wasm.h"

/* ---- the coordinator ---- */

uint32_t hf_c_abi(void)
{
	return HF_ABI;
}

/* Called before any allocation. `maximum`: the limit on kernel memory, in bytes. `base`: for tests, the lowest address to allocate (0: the end of the module's data). */
void hf_c_memory(double maximum, double base)
{
	hf__wasm_boot_memory((uint64_t)maximum, (uint64_t)base);
}

/* Returns the doorbell's address, or NULL when there is no memory for the file system. */
hf_word *hf_c_boot(uint32_t cores, uint32_t message_doorbell, double memory)
{
	hf__wasm_boot(0);
	hf_lock_come_first();
	hf_word *doorbell = hf__wasm_boot_coordinator(cores, message_doorbell);
	return hf_root_create((uint64_t)memory) < 0 ? NULL : doorbell;
}

/* Called when the doorbell rang: does the queued work. */
uint32_t hf_c_drain(hf_word *doorbell)
{
	hf__wasm_sync_realtime();
	atomic_store(doorbell, 0);
	return hf_work_drain();
}

void *hf_c_alloc(uint32_t size)
{
	return hf_alloc(size);
}

void hf_c_free(void *block)
{
	hf_free(block);
}

/* ---- compute workers ---- */

/* Functions of Emscripten and the linker, which set the stack pointer and the thread-local storage. */
void _emscripten_stack_restore(void *top);
void __wasm_init_tls(void *block);

/* The worker's stack begins at `top`. Called before everything else, and after a guest was unwound, because unwinding does not restore the stack pointer. */
void hf_w_stack(void *top)
{
	_emscripten_stack_restore(top);
}

/* Makes `thread` this worker's thread, and the block its thread-local storage. `probe` is worker/probe.ts's function, in the table. */
void hf_w_boot(void *tls, struct hf_thread *thread, double clock_offset_ms, void (*probe)(int))
{
	__wasm_init_tls(tls);
	hf__wasm_boot(clock_offset_ms);
	hf__stack_probe = probe;
	hf_thread_become(thread);
	thread->locks = &hf_locks;
}

static void pass_the_door(void)
{
	hf_plat_check_stack();
	hf_door_enter(hf_self);
	hf_door_leave(hf_self);
}

/* Called before the guest's code runs: from now on its CPU time and file bytes count. Waits while the process is paused, and unwinds if it must stop. */
void hf_w_begin(void)
{
	hf_account = &hf_self->process->payer->file_use;
	hf_thread_starts_now(hf_self);
	hf_waiting_thread_has_begun();
	uint64_t not_yet = 0;
	(void)atomic_compare_exchange_strong(&hf_self->process->began, &not_yet, hf_plat_monotonic());
	hf_plat_begin_slice();
	pass_the_door();
}

/* Called when the guest could not begin; another run message follows. */
void hf_w_begin_later(void)
{
	hf_thread_starts_later(hf_self);
	atomic_store(&hf_self->process->began, 0); /* only the first thread begins again */
}

/* Sets the functions, in the kernel's table, that access the guest's memory. */
void hf_w_bind(void (*copy_in)(void *, uint32_t, uint32_t), void (*copy_out)(uint32_t, const void *, uint32_t),
               uint32_t (*pages)(void))
{
	hf_user_bind(&hf_self->mem, copy_in, copy_out, pages);
	/* Cache the size, so that c_ps can report it even for a guest that never makes a system call. */
	(void)hf_user_size(&hf_self->mem);
}

/* The worker of a guest that serves calls is about to return to its event loop. */
void hf_w_rest(void)
{
	(void)hf_user_size(&hf_self->mem); /* it may have grown in a call */
	hf_thread_rest(hf_self);
}

/* The worker is about to run guest code again. */
void hf_w_awake(void)
{
	hf_plat_begin_slice();
	hf_plat_check_stack();
	hf_thread_awake(hf_self);
}

/* An interruptible guest calls this when it finds an order, which the thread obeys as it leaves the kernel, or when it has used up its fuel. */
void hf_w_interrupt(void)
{
	hf_plat_look_at_slice();
	pass_the_door();
}

/* The address of the word that an interruptible guest checks, in the flags' memory. */
uint32_t hf_w_flag(void)
{
	return hf_self->flag;
}

/* Whether the guest's trap was the kernel unwinding it, and not a fault of the guest. */
uint32_t hf_w_unwound(void)
{
	return hf__wasm_unwound();
}

static void leave_process(struct hf_thread *thread)
{
	hf_thread_drop_answer(thread);
	hf_account = NULL;
	hf_process_thread_gone(thread);
	/* The block belongs to no process now, so it is not claimed. */
	atomic_store(&thread->door, HF_IN_GUEST);
}

/* Called when a thread other than the first returned: it leaves, and the process continues. */
void hf_w_thread_returned(void)
{
	hf_door_return(hf_self);
	leave_process(hf_self);
}

/* Called when the guest returned, or was unwound after its process ended. */
void hf_w_returned(void)
{
	hf_door_return(hf_self);
	hf_process_end(hf_self->process, HF_EXIT_EXIT, 0, NULL, 0, NULL, 0);
	leave_process(hf_self);
}

/* Called when the guest ended in any other way: the reason, the code, the message and the stack. */
void hf_w_ended(uint32_t reason, uint32_t code, const char *message, uint32_t message_size, const char *stack,
                uint32_t stack_size)
{
	hf_door_return(hf_self);
	hf_process_end(hf_self->process, (enum hf_exit_reason)reason, code, message, message_size, stack, stack_size);
	leave_process(hf_self);
}

/* Where JavaScript puts the texts for hf_w_ended: the thread's own buffers, which are free between system calls. */
char *hf_w_text(enum hf_text which)
{
	_Static_assert(HF_PATH_MAX >= HF_EXIT_MESSAGE_MAX && sizeof hf_self->iov >= HF_EXIT_STACK_MAX, "room for the text");
	return which != HF_TEXT_MESSAGE ? (char *)hf_self->iov : hf_self->path[0];
}
