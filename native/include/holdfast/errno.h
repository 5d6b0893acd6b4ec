/* errno.h - the kernel's error numbers: HF_EBADF and so on, from errno.def.
 *
 * Every kernel function that can fail returns an int: zero or more is success, a negated HF_E* is failure.
 * Nothing here blocks; any thread may use it. */
#ifndef HOLDFAST_ERRNO_H
#define HOLDFAST_ERRNO_H

enum hf_errno {
#define X(name, value, doc) HF_##name = value,
#include <holdfast/errno.def>
#undef X
};

/* The number's name ("EBADF") and meaning ("Bad file descriptor"); static strings, never NULL. */
const char *hf_errno_name(int errnum);
const char *hf_errno_text(int errnum);

#endif
