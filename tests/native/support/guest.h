/* guest.h - a guest's memory for tests: two pages, which the kernel accesses like a real guest's. */
#ifndef HF_TEST_GUEST_H
#define HF_TEST_GUEST_H

#include "platform/uio.h"
#include "support/check.h"

#define GUEST_SIZE 131072

struct guest {
	struct hf_usermem mem;
	uint32_t pages; /* the size that the memory reports; initially the real one */
	char memory[GUEST_SIZE];
};

/* The calling thread's guest; each thread has one. */
struct guest *guest_begin(void);
void guest_end(struct guest *guest);

#endif
