#include "support/coordinator.h"

#include <holdfast/imports.h>

#include "coordinator/pool.h"
#include "coordinator/root.h"
#include "platform/alloc.h"
#include "platform/native.h"
#include "support/guest.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct order {
	struct order *next;
	uint32_t session, tid, argument;
};

/* A compute worker, as in the browser. */
struct fake {
	struct fake *next;
	uint32_t id;
	struct hf_thread *thread;
	pthread_t os_thread;
	/* Protected by `mutex`. */
	struct order *orders;
	bool dead; /* it no longer runs */
	/* Atomic. */
	_Atomic bool terminated;
	hf_word bell;
};

enum message_kind { BOOTED, IDLE, BROKEN, DEAD };
struct message {
	struct message *next;
	enum message_kind kind;
	struct fake *from;
};

static const struct browser *browser;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
/* Protected by mutex. */
static struct message *inbox, **inbox_end = &inbox;

static struct fake *fakes; /* the coordinator's */
static hf_word doorbell;
static _Thread_local struct fake *me;
static _Thread_local struct guest *my_guest;

static void ring(void *context)
{
	(void)context;
	atomic_store(&doorbell, 1);
	hf_plat_wake(&doorbell, 1);
}

static void send(enum message_kind kind)
{
	struct message *message = calloc(1, sizeof *message);
	CHECK(message);
	message->kind = kind;
	message->from = me;
	pthread_mutex_lock(&mutex);
	*inbox_end = message;
	inbox_end = &message->next;
	if (kind == DEAD)
		me->dead = true;
	pthread_mutex_unlock(&mutex);
	ring(NULL);
}

/* ---- on a worker's thread ---- */

static _Noreturn void die(void)
{
	hf_thread_become(NULL);
	guest_end(my_guest);
	send(DEAD);
	pthread_exit(NULL);
}

void guest_may_die(void)
{
	if (atomic_load(&me->terminated))
		die();
}

static void rest_until_dead(void)
{
	while (!atomic_load(&me->terminated))
		sleep_us(50);
	sleep_us((unsigned)(me->id % 7) * 300);
	die();
}

void coordinator_zombies_die(void)
{
	hf_native_set_rest(rest_until_dead);
}

uint8_t *guest_memory(void)
{
	return (uint8_t *)my_guest->memory;
}

struct run {
	struct order order;
	enum run_end end;
};

static void enter_guest(void *context)
{
	struct run *run = context;
	hf_thread_starts_now(me->thread);
	hf_door_enter(me->thread);
	hf_door_leave(me->thread);
	run->end = browser->guest(run->order.session, run->order.tid, run->order.argument);
}

/* Does what compute.ts and the w_ functions of boot.c do. Returns false if the worker broke. */
static bool run_order(struct order order)
{
	struct run run = {.order = order};
	struct hf_thread *thread = me->thread;
	hf_user_bind(&thread->mem, my_guest->mem.copy_in, my_guest->mem.copy_out, my_guest->mem.pages);
	bool unwound = hf_native_enter(enter_guest, &run);
	guest_may_die();
	if (!unwound && run.end == RUN_BROKEN)
		return false;
	hf_door_return(thread);
	if (!unwound && run.end == RUN_TRAPPED)
		hf_process_end(thread->process, HF_EXIT_TRAP, 134, "trap", 4, "stack", 5);
	else if (unwound || order.tid == 0)
		hf_process_end(thread->process, HF_EXIT_EXIT, 0, NULL, 0, NULL, 0);
	hf_process_thread_gone(thread);
	atomic_store(&thread->door, HF_IN_GUEST);
	return unwound || run.end != RUN_BROKEN_AFTERWARDS;
}

static struct order *next_order(void)
{
	for (;;) {
		atomic_store(&me->bell, 0);
		guest_may_die();
		pthread_mutex_lock(&mutex);
		struct order *order = me->orders;
		if (order)
			me->orders = order->next;
		pthread_mutex_unlock(&mutex);
		if (order)
			return order;
		(void)hf_plat_wait(&me->bell, 0, HF_FOREVER);
	}
}

static void *worker_main(void *argument)
{
	me = argument;
	my_guest = guest_begin();
	guest_may_die();
	hf_thread_become(me->thread);
	me->thread->locks = &hf_locks;
	send(BOOTED);
	for (;;) {
		struct order *next = next_order(), order = *next;
		free(next);
		if (run_order(order))
			send(IDLE);
		else
			send(BROKEN);
	}
	return NULL;
}

/* ---- what coordinator/browser.ts and workers.ts do ---- */

static struct fake *find_fake(uint32_t id)
{
	struct fake *fake = fakes;
	while (fake && fake->id != id)
		fake = fake->next;
	CHECK(fake);
	return fake;
}

void js_worker_create(uint32_t worker, void *stack_top, void *tls, struct hf_thread *thread)
{
	struct fake *fake = calloc(1, sizeof *fake);
	CHECK(fake);
	/* This side writes them. */
	memset((char *)stack_top - 65536, 0x5a, 65536);
	memset(tls, 0x5a, 64);
	fake->id = worker;
	fake->thread = thread;
	fake->next = fakes;
	fakes = fake;
	CHECK_EQ(pthread_create(&fake->os_thread, NULL, worker_main, fake), 0);
}

void js_worker_run(uint32_t worker, uint32_t session, uint32_t tid, uint32_t argument)
{
	struct fake *fake = find_fake(worker);
	struct order *order = calloc(1, sizeof *order);
	CHECK(order);
	*order = (struct order){.session = session, .tid = tid, .argument = argument};
	pthread_mutex_lock(&mutex);
	CHECK(!fake->orders);
	fake->orders = order;
	pthread_mutex_unlock(&mutex);
	atomic_store(&fake->bell, 1);
	hf_plat_wake(&fake->bell, 1);
}

void js_worker_collect(uint32_t worker)
{
	struct fake *fake = find_fake(worker);
	pthread_mutex_lock(&mutex);
	CHECK(!fake->orders && !fake->dead);
	pthread_mutex_unlock(&mutex);
}

void js_worker_terminate(uint32_t worker)
{
	struct fake *fake = find_fake(worker);
	CHECK(!atomic_exchange(&fake->terminated, true));
	atomic_store(&fake->bell, 1);
	hf_plat_wake(&fake->bell, 1);
}

void js_output(uint32_t session, uint32_t fd, const void *bytes, size_t size)
{
	browser->output(session, fd, bytes, size);
}

void js_output_end(uint32_t session, uint32_t fd)
{
	browser->output_end(session, fd);
}

void js_stdin_ready(uint32_t session)
{
	browser->stdin_ready(session);
}

void js_exited(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size,
               const char *stack, size_t stack_size)
{
	CHECK(stack_size == 0 || stack[0] == 's');
	browser->exited(session, reason, code, message, message_size);
}

void js_signal(uint32_t session, uint32_t signal)
{
	(void)session;
	(void)signal;
}

void js_held(uint32_t session)
{
	(void)session;
}

void js_ending(uint32_t session)
{
	if (browser->ending)
		browser->ending(session);
}

void js_session_over(uint32_t session)
{
	if (browser->session_over)
		browser->session_over(session);
}

void js_released(uint32_t session)
{
	if (browser->released)
		browser->released(session);
}

void js_worker_free(uint32_t session)
{
	if (browser->worker_free)
		browser->worker_free(session);
}

void js_connection(uint32_t connection, int32_t error)
{
	browser->connection(connection, error);
}

void js_output_failed(uint32_t connection, uint32_t fd, int32_t error)
{
	CHECK_EQ(fd, 1);
	browser->output_failed(connection, error);
}

void js_input_gone(uint32_t connection)
{
	browser->input_gone(connection);
}

void js_connection_over(uint32_t connection)
{
	browser->connection_over(connection);
}

static void bury(struct fake *fake)
{
	struct fake **link = &fakes;
	while (*link != fake)
		link = &(*link)->next;
	*link = fake->next;
	CHECK_EQ(pthread_join(fake->os_thread, NULL), 0);
	free(fake->orders);
	free(fake);
}

static void hear(struct message *message)
{
	struct fake *fake = message->from;
	uint32_t id = fake->id;
	/* After a worker was terminated, only the message of its death arrives. */
	if (message->kind == DEAD) {
		hf_c_worker_dead(id);
		bury(fake);
	} else if (!atomic_load(&fake->terminated)) {
		void (*const tell[])(uint32_t) = {hf_c_worker_booted, hf_c_worker_idle, hf_c_worker_crashed};
		tell[message->kind](id);
	}
	free(message);
}

static bool idle_held;

void coordinator_hold_idle(bool hold)
{
	idle_held = hold;
}

static struct message *next_message(void)
{
	pthread_mutex_lock(&mutex);
	struct message **link = &inbox;
	while (*link && idle_held && (*link)->kind == IDLE)
		link = &(*link)->next;
	struct message *message = *link;
	if (message && !(*link = message->next))
		inbox_end = link;
	pthread_mutex_unlock(&mutex);
	return message;
}

void coordinator_turn(void)
{
	bool busy = false;
	atomic_store(&doorbell, 0);
	for (struct message *message; (message = next_message());) {
		hear(message);
		busy = true;
	}
	if (hf_work_drain() == 0 && !busy)
		(void)hf_plat_wait(&doorbell, 0, hf_plat_monotonic() + MILLISECOND / 10);
}

void coordinator_begin(const struct browser *given, uint32_t min_workers, uint32_t max_workers)
{
	hf_lock_come_first();
	browser = given;
	hf_native_set_ring(ring, NULL);
	CHECK_OK(hf_root_create(64 << 20));
	hf_c_pool_init(min_workers, max_workers);
}

unsigned zombies_at_the_door(void)
{
	unsigned count = 0;
	for (struct fake *fake = fakes; fake; fake = fake->next)
		count += atomic_load(&fake->thread->door) == HF_CLAIMED;
	return count;
}

struct session *coordinator_spawn(uint32_t id)
{
	struct {
		struct hf_spawn_header header;
		char args[1];
	} order = {.header = {.id = id}};
	struct hf_spawn_error error;
	struct session *session = hf_c_spawn(&order.header, &error, NULL, NULL, NULL, NULL);
	CHECK(session || error.error == -HF_EAGAIN);
	return session;
}

size_t coordinator_blocks(void)
{
	size_t workers = 0;
	for (struct fake *fake = fakes; fake; fake = fake->next)
		workers++;
	/* Each worker has three blocks: its thread block, its stack and its thread-local storage. */
	return hf_alloc_blocks() - 3 * workers;
}
