/* Processes with threads that compute, call and wait are ended by a thread, by the coordinator or by all of them at once: each process
 * is reported dead, everything it had is freed, and its blocks are never touched afterwards. */
#include "support/pipes.h"

#include "platform/native.h"

#include <pthread.h>
#include <stdlib.h>

#define THREADS 3
#define ZOMBIES_MOST 150

struct worker {
	struct hf_thread thread;
	struct job *job;
	uint64_t seed;
	pthread_t os_thread;
	bool claimed; /* the coordinator's */
};

struct job {
	struct hf_process *process;
	struct hf_pipe *pipe;
	struct worker *workers[THREADS];
	unsigned told;
};

static struct budget budget = {.milliseconds = 1800};
/* At least this many, even on a slow machine. */
#define JOBS_LEAST 6
static struct worker *zombies[ZOMBIES_MOST];
static unsigned zombie_count;

static void one_call(struct worker *worker)
{
	char bytes[100];
	struct hf_fd_view view;
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, bytes, sizeof bytes);
	hf_door_enter(&worker->thread);
	if (hf_fd_get(&worker->thread.process->fds, 0, 0, &view) == 0) {
		int result = view.file->ops->read(view.file, &worker->thread, &uio);
		CHECK(result == 0 || result == -HF_EINTR);
		hf_fd_put(&view);
	}
	if (random_below(&worker->seed, 50) == 0)
		hf_process_end(worker->thread.process, HF_EXIT_EXIT, 1, NULL, 0, NULL, 0);
	hf_door_leave(&worker->thread);
}

static void guest(void *context)
{
	struct worker *worker = context;
	for (;;) {
		uint32_t work = random_below(&worker->seed, 3000);
		for (uint32_t i = 0; i < work; i++)
			hf_plat_relax();
		if (random_below(&worker->seed, 100) == 0)
			return;
		one_call(worker);
	}
}

static void *host(void *argument)
{
	struct worker *worker = argument;
	hf_thread_become(&worker->thread);
	(void)hf_native_enter(guest, worker);
	hf_door_return(&worker->thread);
	hf_process_end(worker->thread.process, HF_EXIT_EXIT, 0, NULL, 0, NULL, 0);
	hf_process_thread_gone(&worker->thread);
	return NULL;
}

static void on_claimed(struct hf_thread *thread)
{
	HF_CONTAINER(thread, struct worker, thread)->claimed = true;
}

static void on_ended(struct hf_work *work)
{
	struct hf_process *process = HF_CONTAINER(work, struct hf_process, ended);
	((struct job *)process->owner)->told++;
	hf_process_claim_threads(process, on_claimed);
}

static void start(struct job *job, uint64_t *seed)
{
	struct hf_file *file;
	*job = (struct job){.process = process_begin(on_ended), .pipe = pipe_begin(0)};
	job->process->owner = job;
	CHECK_OK(hf_file_open_pipe(job->pipe, HF_READ, HF_FILETYPE_UNKNOWN, &file));
	CHECK_EQ(hf_fd_insert(&job->process->fds, file, HF_RIGHTS_ALL, 0), 0);
	for (int i = 0; i < THREADS; i++) {
		struct worker *worker = calloc(1, sizeof *worker);
		CHECK(worker);
		worker->job = job;
		worker->seed = random_next(seed) | 1;
		job->workers[i] = worker;
		CHECK_OK(hf_process_add_thread(job->process, &worker->thread, (uint32_t)i + 1));
	}
	for (int i = 0; i < THREADS; i++)
		CHECK_EQ(pthread_create(&job->workers[i]->os_thread, NULL, host, job->workers[i]), 0);
}

/* As coordinator/session.c does. */
static void finish(struct job *job)
{
	while (!hf_process_is_dead(job->process)) {
		if (hf_work_drain() == 0)
			hf_plat_yield();
	}
	CHECK(job->process->reason != HF_EXIT_NONE);
	(void)hf_work_cancel(&job->process->ended);
	hf_process_unref(job->process);
	hf_pipe_drop_writer(job->pipe);
	for (int i = 0; i < THREADS; i++) {
		struct worker *worker = job->workers[i];
		if (worker->claimed) {
			CHECK_EQ(pthread_detach(worker->os_thread), 0);
			zombies[zombie_count++] = worker;
		} else {
			CHECK_EQ(pthread_join(worker->os_thread, NULL), 0);
			free(worker);
		}
	}
}

int main(void)
{
	uint64_t seed = random_seed();
	unsigned jobs = 0;
	for (; (jobs < JOBS_LEAST || time_left(&budget)) && zombie_count + THREADS <= ZOMBIES_MOST; jobs++) {
		struct job job;
		start(&job, &seed);
		for (uint32_t i = random_below(&seed, 30); i > 0; i--)
			(void)!p_try_put(job.pipe, "hello", 5, NULL);
		if (random_below(&seed, 3) > 0)
			hf_process_end(job.process, HF_EXIT_KILLED, 137, "killed", 6, NULL, 0);
		/* Otherwise it may end by itself, but not indefinitely late. */
		for (int i = 0; i < 200 && !hf_process_is_dead(job.process); i++) {
			(void)!p_try_put(job.pipe, "more", 4, NULL);
			(void)hf_work_drain();
			hf_plat_yield();
		}
		hf_process_end(job.process, HF_EXIT_TIMEOUT, 124, "time", 4, NULL, 0);
		finish(&job);
	}
	for (unsigned i = 0; i < zombie_count; i++)
		CHECK_EQ(atomic_load(&zombies[i]->thread.door), HF_CLAIMED);
	return done();
}
