/* wasm.h - functions of the wasm platform for coordinator/, to start a worker. */
#ifndef HF_PLATFORM_WASM_H
#define HF_PLATFORM_WASM_H

#include "platform/platform.h"

/* The first call in every worker. `offset_ms`: the difference to add to this worker's performance.now() to get the coordinator's. */
void hf__wasm_boot(double offset_ms);
/* Called in the coordinator after the above. Returns the doorbell, which is 1 after a thread rang; to answer, store 0, then check the queue. With
 * `message_doorbell` it stays 0, and rings come as messages. */
hf_word *hf__wasm_boot_coordinator(uint32_t core_count, bool message_doorbell);
/* The part of it that does not depend on how threads wait. */
void hf__wasm_boot_cores(uint32_t core_count);
/* Called in the coordinator before the first allocation with the memory's maximum, in bytes. `base`: no memory below it is allocated (for tests). */
void hf__wasm_boot_memory(uint64_t maximum, uint64_t base);
/* True if the trap that ended the guest was hf_plat_unwind's; resets this state. */
bool hf__wasm_unwound(void);
/* Checks whether the wall clock was set. Called by the coordinator now and then. */
void hf__wasm_sync_realtime(void);

#endif
