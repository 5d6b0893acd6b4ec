/* native.h - functions of the native platform, besides platform.h, for the tests and for native embedders. */
#ifndef HF_PLATFORM_NATIVE_H
#define HF_PLATFORM_NATIVE_H

#include "platform/platform.h"

/* Runs fn(context) as a guest's host does. Returns 0 when fn has returned, 1 when hf_plat_unwind left it (nothing is released, because hf_plat_unwind
 * may only be called when nothing is held). May be nested: an unwind goes to the innermost. Any thread.
 */
int hf_native_enter(void (*fn)(void *), void *context);

/* Sets the function that hf_plat_ring_coordinator calls, from any thread; it must not block. NULL (the default): none. Set it while no other thread
 * can ring. */
void hf_native_set_ring(void (*ring)(void *), void *context);

/* Sets the function that a claimed thread calls at the door, instead of sleeping there forever: it must leave for the host, not return. NULL (the
 * default): none. Set it while no guest runs. */
void hf_native_set_rest(void (*rest)(void));

#endif
