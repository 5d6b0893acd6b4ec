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
	/* Of connections; NULL where there are none. */
	void (*connection)(uint32_t connection, int32_t error);
	void (*output_failed)(uint32_t connection, int32_t error);
	void (*input_gone)(uint32_t connection);
	void (*connection_over)(uint32_t connection);
	void (*ending)(uint32_t session);
};

void coordinator_begin(const struct browser *browser, uint32_t min_workers, uint32_t max_workers);
/* One turn of the event loop: messages of workers, then the kernel's work. Sleeps for a tenth of a millisecond if there is neither. */
void coordinator_turn(void);
/* Whether the workers' words that they idle are kept back, as messages that are under way. */
void coordinator_hold_idle(bool hold);
/* Blocks of kernel memory in use, those of the workers left out. */
size_t coordinator_blocks(void);

/* From now on a zombie that comes to the door dies there, some while after its worker was terminated; else it sleeps there for good. */
void coordinator_zombies_die(void);

/* In a guest: dies here if its worker was terminated. A guest that never asks is a zombie until it comes to the door. */
void guest_may_die(void);
/* The address of the guest's memory in the calling worker. */
uint8_t *guest_memory(void);
/* Workers whose thread sleeps at the door for good. */
unsigned zombies_at_the_door(void);

/* ---- exports of coordinator/, in words that its sources check (coordinator_sources.c) ---- */
#ifndef HF_COORDINATOR_SOURCES
struct spawn_header {
	uint32_t id, credit, arg_count, arg_size, env_count, env_size, preopen_count, piped, tty, socket_count;
	uint32_t fds, threads;
	uint64_t file_bytes, output;
	uint32_t interruptible, outputs;
};
struct spawn_error {
	int32_t error, preopen, socket;
};
#else
struct spawn_header;
struct spawn_error;
#endif
struct session *hf_c_spawn(struct spawn_header *header, struct spawn_error *error);
int32_t hf_c_feed(struct session *session, void *bytes, uint32_t size);
void hf_c_feed_end(struct session *session);
void hf_c_credit(struct session *session, uint32_t fd, uint32_t bytes);
void hf_c_cancel(struct session *session, uint32_t fd);
void hf_c_end(struct session *session, uint32_t reason, uint32_t code, const char *message, uint32_t size);
uint32_t hf_c_pause(struct session *session, uint32_t paused);
uint32_t hf_c_is_paused(struct session *session);
uint32_t hf_c_ps(struct session *session, double *out, uint32_t room);
struct connection;
struct port;
struct connection *hf_c_connect(uint32_t id, uint32_t port, uint32_t credit);
struct connection *hf_c_accept(uint32_t id, struct port *port, uint32_t credit);
void hf_c_connection_ask(struct connection *connection);
void hf_c_connection_withdraw(struct connection *connection);
int32_t hf_c_connection_feed(struct connection *connection, void *bytes, uint32_t size);
void hf_c_connection_feed_end(struct connection *connection, uint32_t force);
void hf_c_connection_credit(struct connection *connection, uint32_t bytes);
void hf_c_connection_cancel(struct connection *connection);
struct port *hf_c_listen(uint32_t port, int32_t *answer);
void hf_c_listen_end(struct port *port);
void hf_c_claim(struct session *session);
void hf_c_session_stats(struct session *session, double *out);
void hf_c_pool_shrink(uint32_t keep, double idle_ms);
uint32_t hf_c_pool_count(uint32_t state);
void hf_c_pool_init(uint32_t min, uint32_t max);
void hf_c_worker_booted(uint32_t id);
void hf_c_worker_idle(uint32_t id);
void hf_c_worker_dead(uint32_t id);
void hf_c_worker_crashed(uint32_t id);

uint32_t hf_c_pool_retire(void);

struct hf_supervisor;
struct hf_supervisor *hf_c_sup_create(uint32_t strategy, int32_t max_restarts, double within, double min, double max,
                                      double factor, double jitter);
void hf_c_sup_free(struct hf_supervisor *sup);
int hf_c_sup_add(struct hf_supervisor *sup, uint32_t id, uint32_t restart, double shutdown);
int hf_c_sup_restart(struct hf_supervisor *sup, uint32_t id);
int hf_c_sup_stop(struct hf_supervisor *sup, uint32_t id);
void hf_c_sup_close(struct hf_supervisor *sup, uint32_t kill);
int hf_c_sup_started(struct hf_supervisor *sup, uint32_t id, uint32_t generation, uint32_t supervisor);
int hf_c_sup_ended(struct hf_supervisor *sup, uint32_t id, uint32_t generation, uint32_t reason, uint32_t code);
uint32_t hf_c_sup_next(struct hf_supervisor *sup, uint32_t *out);
double hf_c_sup_delay(struct hf_supervisor *sup);

#endif
