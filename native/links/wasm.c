/* wasm.c - calls between guests (call.c) as a separate wasm module over the kernel's memory. worker/links.ts and worker/callees.ts instantiate it,
 * the latter in the coordinator. It has neither data nor a stack in that memory (tests/node/links-module.test.mjs): code that needs either is in the
 * kernel, and is imported. */
#include <string.h>

#include "links/call.h"
#include "platform/alloc.h"

#define X(result, name, ...) __attribute__((export_name(#name))) result name(__VA_ARGS__);
#include "links/exports.def"
#undef X

/* Imported under the names by which the kernel exports them. */
#include <names.h>
#define KERNEL(name) __attribute__((import_module("kernel"), import_name(HF_NAME_OF_##name)))
KERNEL(w_park) int32_t k_park(uint32_t ticket);
KERNEL(w_may_spin) uint32_t k_may_spin(uint32_t woken);
KERNEL(w_move) int32_t k_move(struct hf_pipe *pipe, uint32_t how, uintptr_t at, uint32_t size);
KERNEL(w_interrupt) void k_interrupt(void);
KERNEL(c_alloc) void *k_alloc(uint32_t size);
KERNEL(c_free) void k_free(void *block);
KERNEL(c_pipe) struct hf_pipe *k_pipe(uint32_t size, uint32_t messages);
KERNEL(c_pipe_close) void k_pipe_close(struct hf_pipe *pipe, uint32_t end);
/* worker/probe.ts */
__attribute__((import_module("kernel"), import_name("probe"))) void k_probe(int never);

/* Runs the function of a call. Returns whether the call has yet to be answered. */
typedef uint32_t perform(struct hf_call *call);
/* worker/links.ts */
__attribute__((import_module("kernel"), import_name("perform"))) perform k_perform;

/* ---- the kernel's functions that call.c uses ---- */

int hf_park(struct hf_thread *thread, uint32_t ticket, uint64_t deadline, enum hf_park_spin spin)
{
	(void)thread, (void)deadline, (void)spin;
	return k_park(ticket);
}

bool hf_thread_may_spin(uint32_t woken)
{
	return k_may_spin(woken);
}

/* Enters the kernel and leaves it again, so that the door handles the thread's orders. */
void hf__door_closed(uint32_t found)
{
	(void)found;
	k_interrupt();
	__builtin_trap();
}

void hf__door_ordered(struct hf_thread *thread)
{
	(void)thread;
	k_interrupt();
}

int hf_plat_wait(hf_word *word, uint32_t expected, uint64_t deadline)
{
	(void)deadline;
	return __builtin_wasm_memory_atomic_wait32((int32_t *)(void *)word, (int32_t)expected, -1);
}

int hf_plat_wait_for(hf_word *word, uint32_t expected, uint64_t nanoseconds)
{
	return __builtin_wasm_memory_atomic_wait32((int32_t *)(void *)word, (int32_t)expected, (int64_t)nanoseconds);
}

void hf_plat_wake(hf_word *word, uint32_t count)
{
	__builtin_wasm_memory_atomic_notify((int32_t *)(void *)word, count);
}

void *hf_zone_alloc_zeroed(enum hf_zone zone, size_t size)
{
	void *block = k_alloc(size);
	(void)zone;
	if (block)
		memset(block, 0, size);
	return block;
}

void hf_free(void *block)
{
	k_free(block);
}

int hf_pipe_create(uint32_t size, struct hf_pipe **out)
{
	*out = k_pipe(size, 0);
	return *out ? 0 : -HF_ENOMEM;
}

void hf_pipe_drop_reader(struct hf_pipe *pipe)
{
	k_pipe_close(pipe, HF_PIPE_READER);
}

void hf_pipe_drop_writer(struct hf_pipe *pipe)
{
	k_pipe_close(pipe, HF_PIPE_WRITER);
}

uint32_t hf_pipe_end(struct hf_pipe *pipe)
{
	k_pipe_close(pipe, 0);
	return 0;
}

int32_t hf_pipe_move(struct hf_pipe *pipe, uint32_t how, uintptr_t at, uint32_t size)
{
	return k_move(pipe, how, at, size);
}

/* ---- the exports ---- */

struct hf_callee *lc_create(struct hf_callees **all, const char *name, uint32_t name_size, uint32_t reentrant)
{
	return hf_callee_create(all, name, name_size, reentrant);
}

void lc_nudge(struct hf_callee *callee)
{
	hf_callee_nudge(callee);
}

void lc_close(struct hf_callee *callee)
{
	hf_callee_close(callee);
}

void lc_forget(struct hf_callee *callee, uint32_t pid, uint32_t dead)
{
	hf_callee_forget(callee, pid, dead);
}

void lc_free(struct hf_callee *callee)
{
	hf_callee_free(callee);
}

struct hf_call *lw_open(struct hf_thread *self, struct hf_callee *callee)
{
	k_probe(0);
	return hf_call_open(self, callee);
}

void lw_close(struct hf_thread *self, struct hf_call *call)
{
	k_probe(0);
	hf_call_close(self, call);
}

uintptr_t lw_call(struct hf_thread *self, struct hf_callee *own, struct hf_call *call)
{
	k_probe(0);
	return hf_call(self, own, call);
}

uintptr_t lw_resume(struct hf_thread *self, struct hf_callee *own, struct hf_call *call)
{
	k_probe(0);
	return hf_call_resume(self, own, call);
}

/* Serves calls until the page has nudged it more often than `received`. The table's entries from `first` on run the `count` functions of the guest, and
 * one more runs all other calls. So there are always two wasm frames below those of the guest (worker/guest.ts). */
void lw_serve(struct hf_thread *self, struct hf_callee *own, uint32_t received, uint32_t first, uint32_t count)
{
	struct hf_call *call, *answered = NULL;
	k_probe(0);
	while ((call = hf_call_next(self, own, answered, received))) {
		uint32_t fn = call->shared.fn;
		perform *run = (perform *)(uintptr_t)(first + (fn < count ? fn : count));
		answered = run(call) ? call : NULL;
	}
}

/* For table entries: only a function of a wasm module can be one. */
uint32_t lw_perform(struct hf_call *call)
{
	return k_perform(call);
}

void lw_answer(struct hf_thread *self, struct hf_callee *own, struct hf_call *call)
{
	k_probe(0);
	hf_call_answer(self, own, call);
}

uint32_t lw_receive(struct hf_thread *self, struct hf_call *call, uint32_t how, uint32_t to, uint32_t size)
{
	k_probe(0);
	return hf_call_receive(self, call, how, to, size);
}
