/* guest_module.h - a WASI program translated to C ahead of time, for the native host (native/host).
 *
 * It is a table of functions, independent of the kernel's structures, as the host is independent of the translator's: native/host/wasm2c makes it
 * from the output of wabt's wasm2c. A shared object exports it as hf_guest_module. */
#ifndef HOLDFAST_GUEST_MODULE_H
#define HOLDFAST_GUEST_MODULE_H

#include <stddef.h>
#include <stdint.h>

/* Incremented with every change of this file. */
#define HF_GUEST_MODULE_ABI 1

struct hf_guest_module {
	uint32_t abi; /* HF_GUEST_MODULE_ABI */
	size_t instance_size;
	/* Create and free the memory that the module imports, once per process; both NULL when each instance creates its own memory. */
	void *(*memory_create)(void);
	void (*memory_destroy)(void *memory);
	/* The memory's address, and its size in pages of 64 KiB; NULL and 0 before it exists. It grows in place, so earlier results stay valid. `memory`
	 * is NULL when the instance has its own memory. Any thread that runs an instance. */
	uint8_t *(*memory_base)(void *instance, void *memory);
	uint64_t (*memory_pages)(void *instance, void *memory);
	/* Instantiates the module in `instance` (zeroed by the caller), then runs _start, or wasi_thread_start if there is a tid. Returns NULL when that
	 * function has returned, else the trap's message, a constant. The host may leave it by longjmp from any import, and from a signal handler while
	 * the thread is not busy (below). On the guest's thread only. */
	const char *(*run)(void *instance, void *memory, uint32_t tid, uint32_t argument);
	/* Frees the instance's resources, however far `run` got. The caller owns the block itself. */
	void (*instance_free)(void *instance);
};

/* ---- functions that the translation calls, besides the kernel's doors; on the guest's thread only ---- */

/* Call these around code that must not be interrupted: doors, memory.grow. Between the two the thread is not interrupted; hf_guest_idle does not
 * return if the process has ended. Calls do not nest. */
void hf_guest_busy(void);
void hf_guest_idle(void);

/* memory.atomic.wait and notify (WebAssembly threads proposal), at an aligned address in shared memory; `size` is 4 or 8 bytes. Returns 0 if woken, 1
 * if not equal, 2 if timed out; `timeout` is in nanoseconds, negative: none. Call it while busy; blocks. */
uint32_t hf_guest_wait(const void *address, uint64_t expected, uint32_t size, int64_t timeout);
/* Returns how many were woken. */
uint32_t hf_guest_notify(const void *address, uint32_t count);

#endif
