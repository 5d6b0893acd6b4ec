/* waiting.c - implements waiting.h. */
#include "coordinator/waiting.h"

#include <holdfast/exports.h>
#include <holdfast/imports.h>

#include "coordinator/pool.h"
#include "platform/alloc.h"

/* The waiters. A thread's withdrawn request stays here until it is posted, or until hf_work_cancel removes it because its own worker is free or
 * gone. */
static struct hf_link awaiting_worker = {&awaiting_worker, &awaiting_worker};

void hf_waiting_for_worker(struct hf_work *work)
{
	hf_list_append(&awaiting_worker, &work->link);
}

void hf_pool_on_free(void)
{
	while (!hf_list_empty(&awaiting_worker)) {
		struct hf_work *work = HF_CONTAINER(awaiting_worker.next, struct hf_work, link);
		hf_list_remove(&work->link);
		(void)hf_work_post(work);
	}
}

/* ---- waiting for threads to begin ---- */

static void run_begun(struct hf_work *work)
{
	(void)work;
	hf_pool_on_free();
}

static struct hf_work begun = {.link = {&begun.link, &begun.link}, .run = run_begun};
static _Atomic bool begun_wanted;

void hf_waiting_thread_has_begun(void)
{
	if (atomic_load(&begun_wanted) && atomic_exchange(&begun_wanted, false))
		(void)hf_work_post(&begun);
}

bool hf_waiting_for_threads(uint32_t pid)
{
	if (!hf_pool_starts_enough(pid))
		return false;
	/* A thread that begins now is either seen here to have begun, or sees the flag. */
	atomic_store(&begun_wanted, true);
	return hf_pool_starts_enough(pid);
}

/* ---- the page's programs ---- */

/* A program's place in line. */
struct queue_place {
	struct hf_link link;
	struct hf_work work;
	uint32_t id; /* the process's number in the page */
	bool patient;
};

static struct hf_link line = {&line, &line};
static uint32_t line_length; /* the number of patient programs, which wait for a worker (option `whenBusy`) */

static struct queue_place *place_of(uint32_t id)
{
	HF_LIST_EACH(link, &line)
	{
		struct queue_place *place = HF_CONTAINER(link, struct queue_place, link);
		if (place->id == id)
			return place;
	}
	return NULL;
}

static struct queue_place *first_patient(void)
{
	HF_LIST_EACH(link, &line)
	{
		struct queue_place *place = HF_CONTAINER(link, struct queue_place, link);
		if (place->patient)
			return place;
	}
	return NULL;
}

static void look(struct hf_work *work)
{
	struct queue_place *place = HF_CONTAINER(work, struct queue_place, work);
	if (place->patient && !hf_pool_may_take())
		hf_waiting_for_worker(work);
	else
		js_worker_free(place->id);
}

static struct queue_place *new_place(uint32_t id, bool patient)
{
	struct queue_place *place = hf_alloc_zeroed(sizeof *place);
	if (!place)
		return NULL;
	place->id = id;
	place->patient = patient;
	line_length += patient;
	hf_work_init(&place->work, look);
	hf_list_append(&line, &place->link);
	return place;
}

/* Called when the program `id` needs a worker. Returns 1 if one is free, although it may be taken before the program requests it, and 0 if js_worker_free(id)
 * will be called. Returns -HF_EAGAIN if the program is not patient, all workers are busy and none is about to be free; -HF_ENOBUFS if too many programs wait;
 * or -HF_ENOMEM. Unless it fails, call c_leave_line(id) once the program has started or was given up. */
int32_t hf_c_await_worker(uint32_t id, uint32_t patient)
{
	struct queue_place *place = place_of(id);
	if (!patient && !hf_pool_may_take() && !hf_pool_one_is_leaving())
		return -HF_EAGAIN;
	if (!place && patient && line_length > HF_LINE_MAX)
		return -HF_ENOBUFS;
	if (!place)
		place = new_place(id, patient);
	if (!place)
		return -HF_ENOMEM;
	if (patient && place != first_patient())
		return 0;
	if (hf_pool_may_take())
		return 1;
	hf_waiting_for_worker(&place->work);
	return 0;
}

void hf_c_leave_line(uint32_t id)
{
	struct queue_place *place = place_of(id), *next;
	if (!place)
		return;
	bool was_first = place == first_patient();
	hf_list_remove(&place->link);
	(void)hf_work_cancel(&place->work);
	line_length -= place->patient;
	hf_free(place);
	next = first_patient();
	if (was_first && next)
		(void)hf_work_post(&next->work);
}
