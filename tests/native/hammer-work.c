/* Many threads post work, and the coordinator sleeps until its doorbell rings: after each post the work runs, and sees all changes made before the
 * post. Objects are created and freed between posts. */
#include "kernel/work.h"

#include "platform/alloc.h"
#include "platform/native.h"
#include "support/threads.h"

#define POSTERS 3
#define OBJECTS 4

struct object {
	struct hf_work work;
	_Atomic uint64_t changes; /* made by posters */
	uint64_t seen;            /* by the coordinator */
};

static struct budget budget = {.milliseconds = 1200};
static struct object objects[OBJECTS];
static hf_word doorbell, posters_left = POSTERS;

static void ring(void *context)
{
	(void)context;
	atomic_store(&doorbell, 1);
	hf_plat_wake(&doorbell, 1);
}

static void run(struct hf_work *work)
{
	struct object *object = HF_CONTAINER(work, struct object, work);
	uint64_t changes = atomic_load(&object->changes);
	CHECK(changes >= object->seen);
	object->seen = changes;
}

static void post(uint64_t *seed)
{
	while (time_left(&budget)) {
		struct object *object = &objects[random_below(seed, OBJECTS)];
		atomic_fetch_add_explicit(&object->changes, 1, memory_order_relaxed);
		(void)hf_work_post(&object->work);
		if (random_below(seed, 200) == 0)
			sleep_ms(1);
	}
	atomic_fetch_sub(&posters_left, 1);
	ring(NULL);
}

static uint64_t unseen(void)
{
	uint64_t count = 0;
	for (int i = 0; i < OBJECTS; i++)
		count += atomic_load(&objects[i].changes) - objects[i].seen;
	return count;
}

static void run_short_lived(struct hf_work *work)
{
	(void)work;
	check_failed(__FILE__, __LINE__, "cancelled work ran");
}

/* The coordinator's own objects: posted, taken off, freed. */
static void come_and_go(void)
{
	struct hf_work *work = hf_alloc(sizeof *work);
	CHECK(work);
	hf_work_init(work, run_short_lived);
	CHECK(hf_work_post(work));
	CHECK(hf_work_cancel(work));
	hf_free(work);
}

static void coordinate(uint64_t *seed)
{
	for (;;) {
		bool last = atomic_load(&posters_left) == 0;
		atomic_store(&doorbell, 0);
		(void)hf_work_drain();
		if (last)
			break;
		if (random_below(seed, 4) == 0)
			come_and_go();
		/* Every post rings the doorbell; if one did not, this sleep would never end. */
		while (atomic_load(&doorbell) == 0)
			CHECK_OK(hf_plat_wait(&doorbell, 0, hf_plat_monotonic() + 20 * SECOND));
	}
	CHECK_EQ(unseen(), 0);
}

static void hammer(void *context, unsigned number)
{
	(void)context;
	uint64_t seed = number + 1;
	if (number == 0)
		coordinate(&seed);
	else
		post(&seed);
}

int main(void)
{
	hf_native_set_ring(ring, NULL);
	for (int i = 0; i < OBJECTS; i++)
		hf_work_init(&objects[i].work, run);
	in_threads(1 + POSTERS, hammer, NULL);
	CHECK_EQ(hf_work_drain(), 0);
	hf_native_set_ring(NULL, NULL);
	return done();
}
