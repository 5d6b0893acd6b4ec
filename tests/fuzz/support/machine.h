/* machine.h - the platform for fuzzers: one OS thread, a clock that moves only on request, no entropy. This makes runs reproducible, and sleeping
 * takes no real time. (The linker replaces the functions of native.c with these: --wrap, CMakeLists.txt.) */
#ifndef HF_FUZZ_MACHINE_H
#define HF_FUZZ_MACHINE_H

#include "platform/platform.h"

/* Called where a thread would sleep on the word or yield: runs what happens meanwhile. Returns false if nothing is left to run. */
struct machine {
	bool (*meanwhile)(hf_word *word);
	void (*yielded)(void);
	/* Called for a thread that sleeps without a deadline when nothing is left to run; orders it to stop. */
	void (*stuck)(void);
};
void machine_begin(const struct machine *machine);
void machine_advance(uint64_t nanoseconds);

#endif
