/* native.h - what the native platform offers beyond platform.h, to the tests and to native embedders. */
#ifndef HF_PLATFORM_NATIVE_H
#define HF_PLATFORM_NATIVE_H

#include "platform/platform.h"

/* Runs fn(context) as a guest's host does. Returns 0 when fn returned, 1 when hf_plat_unwind left it (what fn held is
 * not released: it held nothing, by hf_plat_unwind's rule). May be nested: an unwind goes to the innermost. Any thread.
 */
int hf_native_enter(void (*fn)(void *), void *context);

/* What hf_plat_ring_coordinator calls, from any thread; it must not block. NULL (as at the start) for nothing. Set it
 * while no other thread can ring. */
void hf_native_set_ring(void (*ring)(void *), void *context);

/* What a claimed thread does at the door, instead of sleeping there for good: it leaves for its host, because it must not return. NULL
 * (as at the start) for nothing. Set it while no guest runs. */
void hf_native_set_rest(void (*rest)(void));

#endif
