/* Two threads read one description of a file whose reads sleep: the second waits until the first has moved the offset. A thread that must stop
 * waits no longer, neither for its turn nor in its read, and the turn passes to the next. */
#include "support/file_io.h"
#include "support/sleepy.h"

enum { FIRST, SECOND_READER, SERVICE, THREADS };

static struct hf_file *file;
static struct hf_thread *readers[2];
static hf_word first_reads, second_begins, over;
static int results[2];
static uint8_t first_bytes[2];
static enum { BOTH_READ, WAITER_STOPS, HOLDER_STOPS } scene;

static void read_some(unsigned number)
{
	uint8_t buffer[8] = {0};
	readers[number] = thread_begin();
	if (number == SECOND_READER) {
		while (!atomic_load(&first_reads))
			hf_plat_yield();
		atomic_store(&second_begins, 1);
	}
	results[number] = d_read(file, buffer, sizeof buffer);
	first_bytes[number] = buffer[0];
	atomic_fetch_add(&over, 1);
	hf_thread_become(NULL);
}

static void until_over(uint32_t count)
{
	while (atomic_load(&over) < count)
		hf_plat_yield();
}

static void serve(void)
{
	struct hf_thread *self = thread_begin();
	struct parcel *first = sleepy_next(self, SLEEPY_READ);
	atomic_store(&first_reads, 1);
	while (!atomic_load(&second_begins))
		hf_plat_yield();
	until_parked(readers[SECOND_READER]);
	CHECK_EQ(sleepy_service.count, 0);
	if (scene == WAITER_STOPS) {
		hf_thread_stop(readers[SECOND_READER]);
		until_over(1);
		sleepy_answer(first, 3);
	} else if (scene == HOLDER_STOPS) {
		hf_thread_stop(readers[FIRST]);
		sleepy_answer(sleepy_next(self, SLEEPY_READ), 4);
		sleepy_answer(first, 3); /* too late */
	} else {
		sleepy_answer(first, 3);
		sleepy_answer(sleepy_next(self, SLEEPY_READ), 4);
	}
	until_over(2);
	thread_end(self);
}

static void in_scene(void *context, unsigned number)
{
	(void)context;
	if (number == SERVICE)
		serve();
	else
		read_some(number);
}

static int64_t offset(void)
{
	struct hf_thread *self = thread_begin();
	int64_t at = d_seek(file, 0, HF_WHENCE_CUR);
	thread_end(self);
	return at;
}

static void play(int which)
{
	scene = which;
	atomic_store(&first_reads, 0);
	atomic_store(&second_begins, 0);
	atomic_store(&over, 0);
	in_threads(THREADS, in_scene, NULL);
	for (int i = 0; i < 2; i++)
		thread_end(readers[i]);
}

/* Its request is not made. */
static void check_poll(void)
{
	uint64_t bytes = 0;
	CHECK_EQ(file->ops->poll(file, HF_READY_IN, NULL, &bytes), HF_READY_IN);
	CHECK_EQ(bytes, 1);
	file->ops->unpoll(file, HF_READY_IN, NULL);
}

static void close_and_serve(void)
{
	struct hf_thread *self = thread_begin();
	hf_file_unref(file);
	sleepy_answer(sleepy_next(self, SLEEPY_CLOSE), 0);
	thread_end(self);
}

int main(void)
{
	hf_request_queue_init(&sleepy_service, 4);
	CHECK_OK(hf_file_open(sleepy_begin(), HF_READ, 0, &file));
	check_poll();

	play(BOTH_READ);
	CHECK_EQ(results[FIRST], 3);
	CHECK_EQ(results[SECOND_READER], 4);
	CHECK_EQ(first_bytes[SECOND_READER], 3);
	CHECK_EQ(offset(), 7);

	play(WAITER_STOPS);
	CHECK_EQ(results[FIRST], 3);
	CHECK_ERR(results[SECOND_READER], -HF_EINTR);
	CHECK_EQ(offset(), 10);

	play(HOLDER_STOPS);
	CHECK_ERR(results[FIRST], -HF_EINTR);
	CHECK_EQ(results[SECOND_READER], 4);
	CHECK_EQ(first_bytes[SECOND_READER], 10);
	CHECK_EQ(offset(), 14);

	close_and_serve();
	return done();
}
