/* wasm.h - what the wasm platform shares with coordinator/: the start of a worker. */
#ifndef HF_PLATFORM_WASM_H
#define HF_PLATFORM_WASM_H

#include "platform/platform.h"

/* First call in every worker. `offset_ms`: what to add to this worker's performance.now() to get the coordinator's. */
void hf__wasm_boot(double offset_ms);
/* First call in the coordinator, after the above. Returns the doorbell: 1 when a thread rang; to answer it, store 0,
 * then look at the queue. With `message_doorbell` it stays 0 and rings come as messages. */
hf_word *hf__wasm_boot_coordinator(uint32_t core_count, bool message_doorbell);
/* Called in the coordinator before the first allocation: the memory's maximum, in bytes. `base`: no memory below it is allocated (tests).
 */
void hf__wasm_boot_memory(uint64_t maximum, uint64_t base);
/* True, once, if the trap that ended the guest was hf_plat_unwind's. */
bool hf__wasm_unwound(void);
/* Notices when the wall clock was set. Called by the coordinator now and then. */
void hf__wasm_sync_realtime(void);

#endif
