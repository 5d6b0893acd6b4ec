/* calls.h - a number for each system call, which `ps` and traces report: first the functions of wasi_snapshot_preview1, from 1 on in the order of
 * preview1.def (wasi_unstable's functions have the same names), then wasi.thread-spawn, then calls that are not imports. */
#ifndef HF_WASI_CALLS_H
#define HF_WASI_CALLS_H

enum hf_call {
	HF_CALL_NONE,
#define X(name, types) HF_CALL_##name,
#include <holdfast/preview1.def>
#undef X
#define X(name, text) HF_CALL_##name,
#include <holdfast/calls.def>
#undef X
};

#endif
