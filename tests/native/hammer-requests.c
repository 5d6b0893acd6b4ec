/* Threads ask services for something, with and without a deadline, and get the order to stop meanwhile; threads of the services answer after a
 * while, or die with requests that they have taken; the services close, end and begin again. Each request is answered once, with its own answer,
 * or abandoned; none is lost. */
#include "support/requests.h"

#include "platform/alloc.h"

#define ASKERS 3
#define SERVERS 2
#define ROOM 2
/* At least this many, even on a slow machine. */
#define EACH_LEAST 20

static struct budget budget = {.milliseconds = 1500};
static struct hf_thread *askers[ASKERS];
static hf_word there, askers_left = ASKERS, servers_left = SERVERS;
static _Atomic uint64_t answered, refused, stopped, timed_out, left, ended;

/* A service lives until all of its servers have left it. The askers that use it hold references. */
struct service {
	_Atomic uint32_t refs;
	struct hf_request_queue queue;
	unsigned servers; /* protected by current_lock */
};
static struct hf_lock current_lock = HF_LOCK_INIT(HF_RANK_PROCESS);
static struct service *current HF_GUARDED_BY(current_lock);

static struct service *service_begin(void)
{
	struct service *service = hf_alloc_zeroed(sizeof *service);
	CHECK(service);
	atomic_init(&service->refs, 1);
	hf_request_queue_init(&service->queue, ROOM);
	return service;
}

static void service_unref(struct service *service)
{
	if (atomic_fetch_sub(&service->refs, 1) != 1)
		return;
	CHECK(hf_list_empty(&service->queue.asked) && hf_list_empty(&service->queue.taken));
	CHECK(hf_list_empty(&service->queue.takers.waiters) && hf_list_empty(&service->queue.for_room.waiters));
	CHECK_EQ(service->queue.count, 0);
	hf_free(service);
}

static struct service *join(unsigned as_server)
{
	hf_lock(&current_lock);
	struct service *service = current;
	atomic_fetch_add(&service->refs, 1);
	service->servers += as_server;
	hf_unlock(&current_lock);
	return service;
}

static bool enough(void)
{
	return !time_left(&budget) && atomic_load(&answered) >= EACH_LEAST && atomic_load(&refused) >= EACH_LEAST &&
	       atomic_load(&stopped) >= EACH_LEAST && atomic_load(&timed_out) >= EACH_LEAST &&
	       atomic_load(&left) >= EACH_LEAST && atomic_load(&ended) >= EACH_LEAST;
}

static int answer_to(uint32_t asks)
{
	return (int)(asks >> 1);
}

static void ask_once(struct hf_thread *self, uint64_t *seed)
{
	struct service *service = join(0);
	bool releasable = random_below(seed, 3) != 0;
	uint32_t asks = (uint32_t)random_next(seed);
	struct parcel *parcel = parcel_begin(asks, releasable);
	uint64_t deadline =
		random_below(seed, 2) ? HF_FOREVER : hf_plat_monotonic() + random_below(seed, 200) * UINT64_C(1000);
	int result = hf_request_queue_ask(&service->queue, &parcel->request, self, deadline);
	bool ours = result == 0 || !releasable;
	if (result == 0)
		result = parcel->request.base.result;
	if (result == answer_to(asks)) {
		CHECK_EQ(parcel->results, ~asks);
		atomic_fetch_add(&answered, 1);
	} else if (result == -HF_EINTR) {
		atomic_store(&self->orders, 0); /* another life */
		atomic_fetch_add(&stopped, 1);
	} else if (result == -HF_ETIMEDOUT) {
		atomic_fetch_add(&timed_out, 1);
	} else {
		CHECK_ERR(result, -HF_ESRCH);
		atomic_fetch_add(&refused, 1);
	}
	if (ours)
		parcel_end(parcel);
	else
		atomic_fetch_add(&left, 1);
	service_unref(service);
}

static void ask(unsigned number)
{
	uint64_t seed = number + 1;
	struct hf_thread *self = thread_begin();
	askers[number] = self;
	atomic_fetch_add(&there, 1);
	while (!enough())
		ask_once(self, &seed);
	atomic_fetch_sub(&askers_left, 1);
}

/* Until the service is closed, or this thread dies while it holds a request. */
static void serve(struct service *service, struct hf_thread *self, uint64_t *seed)
{
	struct hf_queued_request *request;
	int result;
	while ((result = hf_request_queue_next(&service->queue, self, HF_FOREVER, &request)) == 0) {
		if (random_below(seed, 4) == 0)
			sleep_us(random_below(seed, 300));
		parcel_of(request)->results = ~parcel_of(request)->asks;
		uint32_t fate = random_below(seed, 100);
		if (fate < 10)
			hf_request_queue_close(&service->queue, -HF_ESRCH);
		if (fate < 5)
			return;
		hf_request_queue_answer(request, answer_to(parcel_of(request)->asks));
	}
	CHECK_ERR(result, -HF_ESRCH);
}

/* The last of its threads ends the queue, as the last one of a process does. */
static void leave(struct service *service)
{
	struct service *next = service_begin();
	hf_lock(&current_lock);
	bool last = --service->servers == 0;
	if (last)
		current = next;
	hf_unlock(&current_lock);
	if (last) {
		hf_request_queue_end(&service->queue, -HF_ESRCH);
		atomic_fetch_add(&ended, 1);
		service_unref(service); /* as the current one */
	} else {
		service_unref(next);
	}
	service_unref(service);
}

static void be_server(unsigned number)
{
	uint64_t seed = number + 50;
	struct hf_thread *self = thread_begin();
	while (atomic_load(&askers_left) > 0) {
		struct service *service = join(1);
		serve(service, self, &seed);
		leave(service);
	}
	thread_end(self);
	atomic_fetch_sub(&servers_left, 1);
}

static void stop_askers(void)
{
	uint64_t seed = 99;
	while (atomic_load(&there) < ASKERS)
		hf_plat_yield();
	while (atomic_load(&askers_left) > 0) {
		hf_thread_stop(askers[random_below(&seed, ASKERS)]);
		sleep_us(random_below(&seed, 500));
	}
	while (atomic_load(&servers_left) > 0) {
		struct service *service = join(0);
		hf_request_queue_close(&service->queue, -HF_ESRCH);
		service_unref(service);
		hf_plat_yield();
	}
}

static void hammer(void *context, unsigned number)
{
	(void)context;
	if (number < ASKERS)
		ask(number);
	else if (number < ASKERS + SERVERS)
		be_server(number);
	else
		stop_askers();
}

int main(void)
{
	hf_lock(&current_lock);
	current = service_begin();
	hf_unlock(&current_lock);
	in_threads(ASKERS + SERVERS + 1, hammer, NULL);
	for (int i = 0; i < ASKERS; i++)
		thread_end(askers[i]);
	/* Each abandoned request is released by now. */
	CHECK_EQ(atomic_load(&parcels_released), atomic_load(&left));
	hf_lock(&current_lock);
	struct service *last = current;
	hf_unlock(&current_lock);
	service_unref(last);
	return done();
}
