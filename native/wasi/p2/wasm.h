/* wasm.h - the differences between p2.wasm and the native kernel. */
#ifndef HF_WASI_P2_WASM_H
#define HF_WASI_P2_WASM_H

#include <stdint.h>

struct hf_p2;

/* The worker's stack for this module, in front of the state (wasm.c). No function has a frame of over 2 KiB (CMakeLists.txt). */
#if defined(__wasm__)
#define HF__P2_STACK 16384
/* A call begins with at least this much of it. */
#define HF__P2_STACK_LEAST 8192
/* How many small blocks a state keeps that are not in use. Natively none, so that AddressSanitizer finds a use of one that was given back. */
#define HF__P2_SPARES 64
#else
#define HF__P2_STACK 0
#define HF__P2_SPARES 0
#endif

#if defined(__wasm__)
/* Enters the kernel and leaves it again (coordinator/boot.c: hf_w_interrupt). */
__attribute__((import_module("kernel"), import_name(HF_NAME_OF_w_interrupt))) void k_interrupt(void);
/* worker/probe.ts */
__attribute__((import_module("kernel"), import_name("probe"))) void k_probe(int never);

/* Like hf_plat_check_stack (platform.h), and for this module's own stack, too. Traps, with the thread in the guest. A component's code that is called
 * from here, its realloc, may end without returning; then the stack pointer stays where it was. */
static inline void hf__p2_check_stack(const struct hf_p2 *p2)
{
	uintptr_t stack_pointer;
	__asm__(".globaltype __stack_pointer, i32\n"
	        "global.get __stack_pointer\n"
	        "local.set %0"
	        : "=r"(stack_pointer));
	if (stack_pointer < (uintptr_t)p2 - HF__P2_STACK + HF__P2_STACK_LEAST)
		__builtin_trap();
	k_probe(0);
}

/* Called on the way out of each import: where all threads share one thread of the engine, every so many calls let others run. A door of the kernel does
 * this by itself, but this module has the same doors for both. Every 256 calls cost one more, which is not worth a second module. */
static inline void hf__p2_look_at_slice(uint64_t calls)
{
	if (calls % 256 == 0)
		k_interrupt();
}
#else
static inline void hf__p2_check_stack(const struct hf_p2 *p2)
{
	(void)p2;
}

static inline void hf__p2_look_at_slice(uint64_t calls)
{
	(void)calls;
}
#endif

#endif
