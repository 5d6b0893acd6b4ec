/* coordinator.h - the coordinator's C (coordinator/), built for the machine it is tested on, with a browser made of OS threads.
 *
 * The calling thread is the coordinator. Compute workers are OS threads that do what worker/compute.ts does; a terminated one
 * lives on for a while as a zombie, as in a real browser. What a guest does is a function of the test's. */
#ifndef HF_TEST_COORDINATOR_H
#define HF_TEST_COORDINATOR_H

#include "kernel/process.h"
#include "support/threads.h"

struct session;

/* How a guest's run ended: it returned, it trapped, or its worker broke (an error of the browser's that nobody catches),
 * at once or when the thread had left its process. To be unwound is not its own doing. */
enum run_end { RUN_RETURNED, RUN_TRAPPED, RUN_BROKEN, RUN_BROKEN_AFTERWARDS };

/* What the tests give: the guest, on its worker's thread with hf_self and memory in place; and the page. */
struct browser {
	enum run_end (*guest)(uint32_t session, uint32_t tid, uint32_t argument);
	void (*output)(uint32_t session, uint32_t fd, const uint8_t *bytes, size_t size);
	void (*output_end)(uint32_t session, uint32_t fd);
	void (*stdin_ready)(uint32_t session);
	void (*exited)(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size);
	void (*session_over)(uint32_t session);
};

void coordinator_begin(const struct browser *browser, uint32_t min_workers, uint32_t max_workers);
/* One turn of the event loop: messages of workers, then the kernel's work. Sleeps for a tenth of a millisecond if there is neither. */
void coordinator_turn(void);
/* Blocks of kernel memory in use, those of the workers left out. */
size_t coordinator_blocks(void);

/* In a guest: dies here if its worker was terminated. A guest that never asks is a zombie until it comes to the door. */
void guest_may_die(void);
/* The address of the guest's memory in the calling worker. */
uint8_t *guest_memory(void);
/* Workers whose thread sleeps at the door for good. */
unsigned zombies_at_the_door(void);

/* ---- exports of coordinator/, in words that its sources check (coordinator_sources.c) ---- */
#ifndef HF_COORDINATOR_SOURCES
struct spawn_header {
	uint32_t id, credit, arg_count, arg_size, env_count, env_size, preopen_count, piped, tty;
};
#else
struct spawn_header;
#endif
struct session *hf_c_spawn(const struct spawn_header *header, int32_t *error);
int32_t hf_c_feed(struct session *session, void *bytes, uint32_t size);
void hf_c_feed_end(struct session *session);
void hf_c_credit(struct session *session, uint32_t fd, uint32_t bytes);
void hf_c_cancel(struct session *session, uint32_t fd);
void hf_c_end(struct session *session, uint32_t reason, uint32_t code, const char *message, uint32_t size);
void hf_c_session_stats(struct session *session, double *out);
void hf_c_pool_shrink(uint32_t keep, double idle_ms);
uint32_t hf_c_pool_count(uint32_t state);
void hf_c_pool_init(uint32_t min, uint32_t max);
void hf_c_worker_booted(uint32_t id);
void hf_c_worker_idle(uint32_t id);
void hf_c_worker_dead(uint32_t id);
void hf_c_worker_crashed(uint32_t id);

#endif
