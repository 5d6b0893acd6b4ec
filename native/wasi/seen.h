/* seen.h - which errors each call has given, for the test that holds the guest programs to every one of them
 * (tests/guests/errnos.test.mjs). Only in the build that it runs (CMake's HOLDFAST_SEE_ERRORS); elsewhere nothing is
 * left of it. */
#ifndef HF_WASI_SEEN_H
#define HF_WASI_SEEN_H

#include "fs/vnode.h"
#include "wasi/calls.h"

#if defined(HF_SEE_ERRORS)

/* Notes what the call gives; returns it. Any thread. */
int hf__see_result(enum hf_call call, int result);
/* Puts the table into the directory as the file "errors-seen": a byte, 0 or 1, for each call and each errno below 77.
 * Once, at start. What attaching says. */
HF_MUST_CHECK int hf__seen_attach(struct hf_vnode *dir);
#define HF__SEE(call, result) hf__see_result(HF_CALL_##call, result)

#else
#define HF__SEE(call, result) (result)
#endif

#endif
