/* threads.c - wasi-threads: the import wasi.thread-spawn (WebAssembly/wasi-threads). */
#include "wasi/door.h"

int hf__sys_thread_spawn(hf_t t, uint32_t argument)
{
	hf__monotonic_is_shared(t);
	return hf_spawn_ask(t, argument);
}

/* Not an errno but the thread's id, or a negative number: the proposal does not say which, so it is the errno, negated. */
HF_EXPORT("wt_thread_spawn") int32_t hf_wt_thread_spawn(uint32_t argument);
int32_t hf_wt_thread_spawn(uint32_t argument)
{
	hf_t t = hf__come_in(HF_CALL_thread_spawn);
	int result = hf__sys_thread_spawn(t, argument);
	if (hf_counter_own(&t->traced))
		hf__trace(t, HF_CALL_thread_spawn, result, HF__NINE(argument));
	(void)hf__go_out(t, 0);
	return result;
}
