/* agreement.h - operations done on memfs and on the real file system in a chroot, with the same results and the same errors: what differs ends the
 * test. One thread, one pair at a time. */
#ifndef HF_TEST_AGREEMENT_H
#define HF_TEST_AGREEMENT_H

#include "support/model.h"

#define HANDLES 6

/* Two fresh, empty trees. False: there is no right to chroot, and memfs is on its own. */
bool agreement_begin(void);
void agreement_do(const struct request *rq);
/* Compares the trees as a whole, and removes them. */
void agreement_end(void);

#endif
