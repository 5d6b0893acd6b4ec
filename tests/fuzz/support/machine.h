/* machine.h - the platform as a fuzzer has it: one OS thread, a clock that only moves when it is told to, no entropy. An input does the same thing
 * each time, and takes no time to sleep. (The linker puts these in place of native.c's: --wrap, CMakeLists.txt.) */
#ifndef HF_FUZZ_MACHINE_H
#define HF_FUZZ_MACHINE_H

#include "platform/platform.h"

/* Called where a thread would sleep on the word, and where it lets others run: what else happens meanwhile. False: nothing any more. */
struct machine {
	bool (*meanwhile)(hf_word *word);
	void (*yielded)(void);
	/* What becomes of who sleeps without a deadline when nothing happens any more: it is told to stop. */
	void (*stuck)(void);
};
void machine_begin(const struct machine *machine);
void machine_advance(uint64_t nanoseconds);

#endif
