/* The coordinator's queue: a piece of work is queued at most once, runs in order, may be posted again while it runs, and may be cancelled; one
 * ring announces many. */
#include "kernel/work.h"

#include "platform/native.h"
#include "support/check.h"

struct job {
	struct hf_work work;
	int runs;
	bool again;          /* posts itself when it runs */
	struct job *cancels; /* the job that it cancels when it runs */
};

static int rings;

static void run(struct hf_work *work)
{
	struct job *job = HF_CONTAINER(work, struct job, work);
	job->runs++;
	if (job->again) {
		job->again = false;
		CHECK(hf_work_post(work));
		CHECK(!hf_work_post(work));
	}
	if (job->cancels)
		CHECK(hf_work_cancel(&job->cancels->work));
}

static void ring(void *context)
{
	++*(int *)context;
}

static void check_once(void)
{
	struct job a = {0}, b = {0};
	hf_work_init(&a.work, run);
	hf_work_init(&b.work, run);
	CHECK_EQ(hf_work_drain(), 0);
	CHECK(hf_work_post(&a.work));
	CHECK(!hf_work_post(&a.work));
	CHECK(hf_work_post(&b.work));
	CHECK_EQ(rings, 1);
	CHECK_EQ(hf_work_drain(), 2);
	CHECK_EQ(hf_work_drain(), 0);
	CHECK(a.runs == 1 && b.runs == 1);
	CHECK(hf_work_post(&a.work));
	CHECK_EQ(rings, 2);
	CHECK_EQ(hf_work_drain(), 1);
	CHECK_EQ(a.runs, 2);
}

static void check_cancel(void)
{
	struct job a = {0}, b = {0}, c = {0};
	hf_work_init(&a.work, run);
	hf_work_init(&b.work, run);
	hf_work_init(&c.work, run);
	CHECK(!hf_work_cancel(&a.work));
	CHECK(hf_work_post(&a.work));
	CHECK(hf_work_cancel(&a.work));
	CHECK(!hf_work_cancel(&a.work));
	CHECK_EQ(hf_work_drain(), 0);
	/* Cancelled work can be posted again. */
	CHECK(hf_work_post(&a.work) && hf_work_post(&b.work) && hf_work_post(&c.work));
	/* While another runs: work of the same batch, before its turn. */
	a.cancels = &b;
	CHECK_EQ(hf_work_drain(), 2);
	CHECK(a.runs == 1 && b.runs == 0 && c.runs == 1);
}

/* Work that is posted while the queue is drained waits for the next time, and rings for it. */
static void check_again(void)
{
	struct job a = {0};
	hf_work_init(&a.work, run);
	a.again = true;
	rings = 0;
	CHECK(hf_work_post(&a.work));
	CHECK_EQ(hf_work_drain(), 1);
	CHECK_EQ(a.runs, 1);
	CHECK_EQ(rings, 2);
	CHECK_EQ(hf_work_drain(), 1);
	CHECK_EQ(a.runs, 2);
	CHECK_EQ(hf_work_drain(), 0);
}

int main(void)
{
	hf_native_set_ring(ring, &rings);
	check_once();
	check_cancel();
	check_again();
	hf_native_set_ring(NULL, NULL);
	return done();
}
