/* agreement.h - operations done by the system calls (preview 1's doors, over memfs) and by Linux in a chroot, with the same results and the same
 * errors: any difference that agreement.c does not list with its reason ends the test. One thread, one pair at a time. */
#ifndef HF_TEST_AGREEMENT_H
#define HF_TEST_AGREEMENT_H

#include "support/model.h"

/* Creates two empty trees. Returns false without permission for chroot (or without openat2); then only the system calls run. */
bool agreement_begin(void);
void agreement_do(const struct request *rq);
/* Compares the trees as a whole, and removes them. */
void agreement_end(void);

#endif
