/* coordinator.h - the coordinator's C (coordinator/), built for the machine it is tested on, with a browser made of OS threads.
 *
 * The calling thread is the coordinator. Compute workers are OS threads that do what worker/compute.ts does; a terminated one
 * lives on for a while as a zombie, as in a real browser. A guest is a function of the test. */
#ifndef HF_TEST_COORDINATOR_H
#define HF_TEST_COORDINATOR_H

#include <holdfast/exports.h>

#include "kernel/process.h"
#include "support/threads.h"

/* How a guest's run ended: it returned, it trapped, or its worker failed (an uncaught error of the browser), at once or after the thread had left
 * its process. Unwinding is not listed, because it does not return. */
enum run_end { RUN_RETURNED, RUN_TRAPPED, RUN_BROKEN, RUN_BROKEN_AFTERWARDS };

/* Functions that the test provides: the guest, which runs on its worker's thread with hf_self and its memory set up, and the page's callbacks. */
struct browser {
	enum run_end (*guest)(uint32_t session, uint32_t tid, uint32_t argument);
	void (*output)(uint32_t session, uint32_t fd, const uint8_t *bytes, size_t size);
	void (*output_end)(uint32_t session, uint32_t fd);
	void (*stdin_ready)(uint32_t session);
	void (*exited)(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size);
	/* NULL in tests that do not need it. */
	void (*session_over)(uint32_t session);
	/* Of connections; NULL where there are none. */
	void (*connection)(uint32_t connection, int32_t error);
	void (*output_failed)(uint32_t connection, int32_t error);
	void (*input_gone)(uint32_t connection);
	void (*connection_over)(uint32_t connection);
	void (*ending)(uint32_t session);
	void (*released)(uint32_t session);
	void (*worker_free)(uint32_t session);
};

void coordinator_begin(const struct browser *browser, uint32_t min_workers, uint32_t max_workers);
/* Starts a guest without arguments, environment and streams. Returns NULL if no worker is free; the test fails on any other error. */
struct session *coordinator_spawn(uint32_t id);
/* One turn of the event loop: messages of workers, then the kernel's work. Sleeps for a tenth of a millisecond if there is neither. */
void coordinator_turn(void);
/* Whether the workers' idle messages are delayed, as messages in transit. */
void coordinator_hold_idle(bool hold);
/* Blocks of kernel memory in use, except those of the workers. */
size_t coordinator_blocks(void);

/* From now on a zombie that reaches the door dies there, some time after its worker was terminated; otherwise it sleeps there forever. */
void coordinator_zombies_die(void);

/* In a guest: dies here if its worker was terminated. A guest that never asks is a zombie until it reaches the door. */
void guest_may_die(void);
/* The address of the guest's memory in the calling worker. */
uint8_t *guest_memory(void);
/* Workers whose thread sleeps at the door forever. */
unsigned zombies_at_the_door(void);

#endif
