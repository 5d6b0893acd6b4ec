/* pool.c - the compute workers. */
#include "coordinator/pool.h"

#include <holdfast/exports.h>
#include <holdfast/imports.h>

#include "platform/alloc.h"

/* The kernel's stack in a worker. The deepest system call uses under 8 KiB
 * (tests/native/system-calls-need-little-stack.c measures it). */
#define STACK_SIZE 65536

/* Chromium has room for about 124 memories in a process. A worker collects the memories of programs that it has run when it cannot get another memory, but not
 * while it runs a program. This is the maximum number of uncollected memories in busy workers, which leaves room for a hundred programs at once
 * (native/RATIONALE.md has measurements for other numbers). */
#define GARBAGE_MOST 8

static struct hf_link workers = {&workers, &workers};
static uint32_t next_id = 1;
static uint32_t counts[HF_WORKER_STATES];
static uint32_t min_workers, max_workers;

/* The words of the flags' memory (platform.h), one for each thread block; the first is not used. */
#define FLAGS (HF_WASM_PAGE / sizeof(uint32_t))
static uint32_t flags_taken[FLAGS / 32] = {1};

/* Returns the address of a free word, or 0 if none is left. */
static uint32_t take_flag(void)
{
	for (uint32_t i = 0; i < FLAGS / 32; i++) {
		if (flags_taken[i] == UINT32_MAX)
			continue;
		uint32_t bit = (uint32_t)__builtin_ctz(~flags_taken[i]);
		flags_taken[i] |= UINT32_C(1) << bit;
		return (i * 32 + bit) * (uint32_t)sizeof(uint32_t);
	}
	return 0;
}

static void give_back_flag(uint32_t flag)
{
	uint32_t number = flag / (uint32_t)sizeof(uint32_t);
	if (flag)
		flags_taken[number / 32] &= ~(UINT32_C(1) << number % 32);
}

static size_t tls_size(void)
{
	return __builtin_wasm_tls_size() + __builtin_wasm_tls_align();
}

static void set_state(struct hf_worker *worker, enum hf_worker_state state)
{
	counts[worker->state]--;
	worker->state = state;
	counts[state]++;
	if (state == HF_WORKER_IDLE)
		worker->idle_since = hf_plat_monotonic();
}

static uint32_t alive(void)
{
	return counts[HF_WORKER_STARTING] + counts[HF_WORKER_IDLE] + counts[HF_WORKER_RUNNING];
}

static struct hf_worker *find(uint32_t id)
{
	HF_LIST_EACH(link, &workers)
	{
		struct hf_worker *worker = HF_CONTAINER(link, struct hf_worker, link);
		if (worker->id == id)
			return worker;
	}
	return NULL;
}

/* A worker that ran the session's process and may still use a core for it, or NULL. */
static struct hf_worker *one_of(uint32_t session)
{
	HF_LIST_EACH(link, &workers)
	{
		struct hf_worker *worker = HF_CONTAINER(link, struct hf_worker, link);
		if (worker->session == session)
			return worker;
	}
	return NULL;
}

void hf_pool_session_ended(uint32_t session)
{
	struct hf_worker *one = one_of(session);
	if (one)
		one->session_ended = true;
	else
		js_released(session);
}

/* Called when the worker is free or dead. */
static void leave_session(struct hf_worker *worker)
{
	uint32_t session = worker->session;
	bool ended = worker->session_ended;
	worker->session = 0;
	worker->session_ended = false;
	if (ended)
		hf_pool_session_ended(session);
}

static void destroy(struct hf_worker *worker)
{
	counts[worker->state]--;
	hf_list_remove(&worker->link);
	leave_session(worker);
	(void)hf_work_cancel(&worker->thread.spawn.work);
	/* It died during a system call, so objects that it waited for may still point into its stack. Leak the stack rather
	 * than corrupt them. */
	if (atomic_load(&worker->thread.door) == HF_IN_KERNEL)
		return;
	give_back_flag(worker->thread.flag);
	hf_thread_drop_answer(&worker->thread);
	hf_free(worker->stack);
	hf_free(worker->tls);
	hf_free(worker);
}

/* Creates a worker, which is STARTING. Returns NULL when there is no memory. */
static struct hf_worker *start_one(void)
{
	struct hf_worker *worker = hf_alloc_zeroed(sizeof *worker);
	if (!worker)
		return NULL;
	worker->stack = hf_alloc(STACK_SIZE);
	worker->tls = hf_alloc(tls_size());
	worker->thread.flag = take_flag();
	worker->id = next_id++;
	worker->state = HF_WORKER_STARTING;
	hf_spawn_request_init(&worker->thread.spawn, hf_pool_on_request);
	hf_request_init(&worker->thread.host.base, NULL);
	counts[HF_WORKER_STARTING]++;
	hf_list_append(&workers, &worker->link);
	if (!worker->stack || !worker->tls || !worker->thread.flag) {
		destroy(worker);
		return NULL;
	}
	uintptr_t align = __builtin_wasm_tls_align();
	uintptr_t tls = ((uintptr_t)worker->tls + align - 1) & ~(align - 1);
	js_worker_create(worker->id, (char *)worker->stack + STACK_SIZE, (void *)tls, &worker->thread);
	return worker;
}

void hf_pool_refill(void)
{
	/* Keep at least min_workers, and always one that is not busy. */
	while (alive() < max_workers &&
	       (alive() < min_workers || counts[HF_WORKER_IDLE] + counts[HF_WORKER_STARTING] == 0)) {
		if (!start_one())
			return; /* no memory: try again when a worker is wanted */
	}
}

void hf_pool_init(uint32_t min, uint32_t max)
{
	max_workers = max ? max : 1;
	min_workers = min < max_workers ? min : max_workers;
	hf_pool_refill();
}

static struct hf_worker *first_in(enum hf_worker_state state)
{
	HF_LIST_EACH(link, &workers)
	{
		struct hf_worker *worker = HF_CONTAINER(link, struct hf_worker, link);
		if (worker->state == state)
			return worker;
	}
	return NULL;
}

bool hf_pool_may_take(void)
{
	return counts[HF_WORKER_IDLE] + counts[HF_WORKER_STARTING] > 0 || alive() < max_workers;
}

bool hf_pool_one_is_leaving(void)
{
	HF_LIST_EACH(link, &workers)
	{
		struct hf_worker *worker = HF_CONTAINER(link, struct hf_worker, link);
		bool leaving = atomic_load(&worker->thread.gone) || atomic_load(&worker->thread.orders) & HF_ORDER_STOP;
		if (worker->state == HF_WORKER_RUNNING && leaving)
			return true;
	}
	return false;
}

/* The number of memories of programs that busy workers ran before their present one. */
static uint32_t garbage(void)
{
	uint32_t count = 0;
	HF_LIST_EACH(link, &workers)
	{
		struct hf_worker *worker = HF_CONTAINER(link, struct hf_worker, link);
		if (worker->state == HF_WORKER_RUNNING && !atomic_load(&worker->thread.gone))
			count += worker->runs - 1;
	}
	return count;
}

bool hf_pool_starts_enough(uint32_t pid)
{
	uint32_t starting = 0;
	HF_LIST_EACH(link, &workers)
	{
		struct hf_worker *worker = HF_CONTAINER(link, struct hf_worker, link);
		starting += worker->state == HF_WORKER_RUNNING && worker->pid == pid && !hf_thread_has_begun(&worker->thread);
	}
	return starting >= hf_plat_cores();
}

/* An idle worker, preferably one that has the process's memory already. */
static struct hf_worker *idle_for(uint32_t pid)
{
	HF_LIST_EACH(link, &workers)
	{
		struct hf_worker *worker = HF_CONTAINER(link, struct hf_worker, link);
		if (worker->state == HF_WORKER_IDLE && pid && worker->pid == pid)
			return worker;
	}
	return first_in(HF_WORKER_IDLE);
}

int hf_pool_take(uint32_t pid, struct hf_worker **out)
{
	struct hf_worker *worker = idle_for(pid);
	if (!worker)
		worker = first_in(HF_WORKER_STARTING);
	if (!worker && alive() >= max_workers)
		return -HF_EAGAIN;
	if (!worker)
		worker = start_one();
	if (!worker)
		return -HF_ENOMEM;
	/* If it last ran a thread of the same process, it has the memory already, and nothing becomes garbage. */
	bool other = pid == 0 || worker->pid != pid;
	if (other && worker->runs > 0 && garbage() + worker->runs > GARBAGE_MOST) {
		js_worker_collect(worker->id);
		worker->runs = 0;
	}
	set_state(worker, HF_WORKER_RUNNING);
	worker->runs += other;
	worker->pid = pid;
	*out = worker;
	return 0;
}

void hf_pool_put_back(struct hf_worker *worker)
{
	set_state(worker, worker->booted ? HF_WORKER_IDLE : HF_WORKER_STARTING);
}

struct hf_worker *hf_pool_of(struct hf_thread *thread)
{
	return HF_CONTAINER(thread, struct hf_worker, thread);
}

void hf_pool_terminate(struct hf_worker *worker)
{
	/* A dead thread needs no answer to its request. */
	(void)hf_work_cancel(&worker->thread.spawn.work);
	set_state(worker, HF_WORKER_ZOMBIE);
	js_worker_terminate(worker->id);
	hf_pool_refill();
	hf_pool_on_free();
}

uint32_t hf_pool_count(enum hf_worker_state state)
{
	return counts[state];
}

/* ---- from JavaScript ---- */

void hf_c_pool_init(uint32_t min, uint32_t max)
{
	hf_pool_init(min, max);
}

/* Called when the worker is up. It may already have work. */
void hf_c_worker_booted(uint32_t id)
{
	struct hf_worker *worker = find(id);
	if (!worker || worker->state == HF_WORKER_ZOMBIE)
		return;
	worker->booted = true;
	if (worker->state == HF_WORKER_STARTING)
		set_state(worker, HF_WORKER_IDLE);
}

/* Called when the worker's run is over. */
void hf_c_worker_idle(uint32_t id)
{
	struct hf_worker *worker = find(id);
	if (!worker || worker->state == HF_WORKER_ZOMBIE)
		return;
	/* A request that was withdrawn may still be on the queue, and the block is about to be another thread's. */
	(void)hf_work_cancel(&worker->thread.spawn.work);
	set_state(worker, HF_WORKER_IDLE);
	leave_session(worker);
	hf_pool_on_free();
}

/* Called when the worker's code no longer runs: frees its memory. */
void hf_c_worker_dead(uint32_t id)
{
	struct hf_worker *worker = find(id);
	/* Do not free a worker that could not be started: the runtime has been declared dead. */
	if (worker && worker->state == HF_WORKER_ZOMBIE)
		destroy(worker);
}

/* Called when the worker failed. Its program ends with the reason "crash". Another worker replaces it, unless it never
 * booted: the next one would probably fail too, so it is created only when it is needed. */
void hf_c_worker_crashed(uint32_t id)
{
	struct hf_worker *worker = find(id);
	if (!worker || worker->state == HF_WORKER_ZOMBIE)
		return;
	bool booted = worker->booted;
	/* The whole runtime is lost: report this at once. */
	if (hf_thread_took_locks_along(&worker->thread))
		hf_plat_panic("pool.c", __LINE__, "the engine ended a worker inside the kernel, while it held a lock");
	if (worker->state == HF_WORKER_RUNNING)
		hf_pool_on_crash(worker);
	set_state(worker, HF_WORKER_ZOMBIE);
	js_worker_terminate(worker->id);
	if (booted)
		hf_pool_refill();
	hf_pool_on_free();
}

/* Whether the worker runs a thread of the session's process. */
uint32_t hf_c_worker_runs(uint32_t id, uint32_t session)
{
	struct hf_worker *worker = find(id);
	return worker && worker->state == HF_WORKER_RUNNING && worker->session == session;
}

static void retire(struct hf_worker *worker)
{
	set_state(worker, HF_WORKER_ZOMBIE);
	js_worker_terminate(worker->id);
}

/* Ends workers that have been idle for `idle_ms`, but keeps `keep` workers in all and at least one that is ready. */
void hf_c_pool_shrink(uint32_t keep, double idle_ms)
{
	uint64_t now = hf_plat_monotonic(), idle = (uint64_t)(idle_ms * 1e6);
	HF_LIST_EACH(link, &workers)
	{
		struct hf_worker *worker = HF_CONTAINER(link, struct hf_worker, link);
		bool spare = alive() > keep && counts[HF_WORKER_IDLE] > 1;
		if (worker->state == HF_WORKER_IDLE && spare && now - worker->idle_since >= idle)
			retire(worker);
	}
}

/* Called when the engine is out of memories. Memories of programs that idle workers have run count until they are collected, which idle
 * workers do not do by themselves, so this ends those workers. Returns how many there were. */
uint32_t hf_c_pool_retire(void)
{
	uint32_t retired = 0;
	HF_LIST_EACH(link, &workers)
	{
		struct hf_worker *worker = HF_CONTAINER(link, struct hf_worker, link);
		if (worker->state != HF_WORKER_IDLE || worker->runs == 0)
			continue;
		retire(worker);
		retired++;
	}
	hf_pool_refill();
	return retired;
}

uint32_t hf_c_pool_count(uint32_t state)
{
	return state < HF_WORKER_STATES ? counts[state] : 0;
}
