/* p2.h - a component as the kernel sees it: a program (program.h) with preview 2's state, one instance, and one binding to the guest's memory with a
 * realloc that tests can replace. */
#ifndef HF_TEST_P2_H
#define HF_TEST_P2_H

#include "support/p2_doors.h"
#include "support/program.h"
#include "wasi/p2/p2.h"

struct p2_program {
	struct program *program;
	struct hf_p2 *p2;
	struct hf_p2_instance *instance;
	hf_b b;
	uint32_t (*realloc)(struct p2_program *component, uint32_t alignment,
	                    uint32_t size); /* NULL: the next free place, from P2_HEAP on */
	uint32_t next;                      /* the next free place */
	unsigned reallocs;                  /* how often it was called */
	uint32_t last_size, last_alignment;
	void (*guest)(struct p2_program *); /* what program_run's function calls */
	hf_word running;                    /* 1 while p2_meanwhile's function runs */
	void (*meanwhile)(struct p2_program *);
};

/* Where the default realloc begins, and where tests may put results. */
#define P2_HEAP 65536
#define P2_OUT 512

/* Makes the calling thread's component; a thread can have only one. */
struct p2_program *p2_begin(void);
/* Ends the process if it runs, and frees everything as the coordinator does. */
void p2_end(struct p2_program *component);

/* Runs `guest` as the component's code. It must end with a trap whose message is `message`. The component is then at its end, and freed. */
void p2_must_trap(struct p2_program *component, void (*guest)(struct p2_program *), const char *message);
/* Runs `guest` in a new component, which must trap. */
void p2_traps(void (*guest)(struct p2_program *), const char *message);
/* Runs `guest` in a new component, which must return. */
void p2_runs(void (*guest)(struct p2_program *));

/* Runs `other` on another thread as soon as the component sleeps; only one at a time. p2_end and the next p2_meanwhile wait for it. */
void p2_meanwhile(struct p2_program *component, void (*other)(struct p2_program *));

uint8_t peek_u8(struct program *program, uint32_t address);

#endif
