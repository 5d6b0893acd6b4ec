/* guest_module.h - a WASI program that was translated to C ahead of time, as the native host (native/host) runs it.
 *
 * It is a table of functions, independent of the kernel's structures, as the host is independent of the translator's:
 * native/host/wasm2c makes it from what wabt's wasm2c writes. A shared object has it under the name hf_guest_module. */
#ifndef HOLDFAST_GUEST_MODULE_H
#define HOLDFAST_GUEST_MODULE_H

#include <stddef.h>
#include <stdint.h>

/* Bumped with every change of this file. */
#define HF_GUEST_MODULE_ABI 1

struct hf_guest_module {
	uint32_t abi; /* HF_GUEST_MODULE_ABI */
	size_t instance_size;
	/* The memory that the module imports, made once a process; both NULL when each instance makes its own. */
	void *(*memory_create)(void);
	void (*memory_destroy)(void *memory);
	/* Where the memory begins, and how many pages of 64 KiB it has; NULL and 0 before there is one. It grows in place, so
	 * earlier results stay valid. `memory` is NULL when the instance has its own. Any thread that runs an instance. */
	uint8_t *(*memory_base)(void *instance, void *memory);
	uint64_t (*memory_pages)(void *instance, void *memory);
	/* Instantiates the module in `instance` (zeroed by the caller), then runs _start, or with a tid wasi_thread_start. NULL when
	 * that returned, else the trap's message, which is a constant. The host may leave it by longjmp from any import, and
	 * from a signal handler while it is not busy (below). On the guest's thread only. */
	const char *(*run)(void *instance, void *memory, uint32_t tid, uint32_t argument);
	/* Frees what the instance holds, however far `run` got. The caller owns the block itself. */
	void (*instance_free)(void *instance);
};

/* ---- what the translation calls, besides the kernel's doors; on the guest's thread only ---- */

/* Call these around everything that must not be interrupted halfway: doors, memory.grow. Between the two the thread is
 * not interrupted; hf_guest_idle does not return if its process is over. Not nested. */
void hf_guest_busy(void);
void hf_guest_idle(void);

/* memory.atomic.wait and notify (WebAssembly threads proposal), at an aligned address of `size` 4 or 8 bytes in shared
 * memory. 0: woken, 1: not equal, 2: timed out; `timeout` in nanoseconds, negative: none. Blocks, while busy. */
uint32_t hf_guest_wait(const void *address, uint64_t expected, uint32_t size, int64_t timeout);
/* How many were woken. */
uint32_t hf_guest_notify(const void *address, uint32_t count);

#endif
