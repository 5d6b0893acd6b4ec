/* seen.h - which errors each call has returned, for the test that requires the guest programs to cover all of them
 * (tests/guests/errnos.test.mjs). Only in that test's build (CMake's HOLDFAST_SEE_ERRORS); other builds contain none of
 * it. */
#ifndef HF_WASI_SEEN_H
#define HF_WASI_SEEN_H

#include "fs/vnode.h"
#include "wasi/calls.h"

#if defined(HF_SEE_ERRORS)

/* Records the call's result and returns it. Any thread. */
int hf__see_result(enum hf_call call, int result);
/* Puts the table into the directory as the file "errors-seen": a byte, 0 or 1, for each call and each errno below 77. Called once, at start. Returns
 * the result of hf_memfs_attach. */
HF_MUST_CHECK int hf__seen_attach(struct hf_vnode *dir);
#define HF__SEE(call, result) hf__see_result(HF_CALL_##call, result)

#else
#define HF__SEE(call, result) (result)
#endif

#endif
