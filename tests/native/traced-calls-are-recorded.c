/* A traced process records each call as it returns: its arguments, the targets of its pointers, its results; it waits while the trace is unread,
 * and continues untraced when the reader is gone. Invalid pointers are shown without contents. */
#include "support/program.h"
#include "support/threads.h"

#include <string.h>

#include "wasi/trace.h"

static struct program *program;
static struct hf_pipe *trace; /* our reading end */
static uint8_t bytes[8192];
static uint32_t size;

static void take(void)
{
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, bytes, sizeof bytes);
	size = hf_pipe_try_read(trace, &uio, NULL) == 0 ? (uint32_t)(sizeof bytes - uio.resid) : 0;
}

static const struct hf_trace_record *record_at(uint32_t at)
{
	CHECK(at + sizeof(struct hf_trace_record) <= size);
	return (const void *)(bytes + at);
}

/* The shown bytes, `number` pieces after the arguments. */
static const uint8_t *shown(const struct hf_trace_record *record, unsigned number, uint32_t *length)
{
	const uint8_t *at = (const uint8_t *)(record + 1) + 8 * record->argument_count;
	for (;; number--) {
		memcpy(length, at, 4);
		at += 4;
		if (number == 0)
			return at;
		at += *length < HF_TRACE_SHOWN ? *length : HF_TRACE_SHOWN;
	}
}

static void begin(void)
{
	program = program_begin();
	CHECK_OK(hf_pipe_create(HF_PIPE_BUF, &trace));
	hf_process_trace(program->process, true, trace);
}

static void end(void)
{
	if (trace)
		hf_pipe_drop_reader(trace);
	program_end(program);
}

static void check(void (*guest)(void *))
{
	begin();
	CHECK(!program_run(program, guest, NULL));
	end();
}

static void what_is_told(void *context)
{
	(void)context;
	uint32_t length;
	poke_iov(program, 64, 256, 3);
	poke_iov(program, 72, 300, 2);
	poke(program, 256, "abc", 3);
	poke(program, 300, "de", 2);
	CHECK_EQ(hf_p1_fd_write(1, 64, 2, 32), 0);
	take();
	const struct hf_trace_record *record = record_at(0);
	CHECK_EQ(record->size, size);
	CHECK_EQ(record->call, HF_CALL_fd_write);
	CHECK_EQ(record->error, 0);
	CHECK_EQ(record->argument_count, 4);
	CHECK(record->started > 0);
	const uint8_t *text = shown(record, 0, &length);
	CHECK(length == 5 && memcmp(text, "abcde", 5) == 0);
	text = shown(record, 1, &length);
	CHECK(length == 4 && memcmp(text, "\5\0\0\0", 4) == 0);

	/* A failed call has no results; a path is always shown. */
	uint32_t path = poke_text(program, 1024, "no/where");
	CHECK_EQ(hf_p1_path_open(3, 0, 1024, path, 0, 0, 0, 0, 32), HF_ENOENT);
	take();
	record = record_at(0);
	CHECK_EQ(record->error, HF_ENOENT);
	text = shown(record, 0, &length);
	CHECK(length == 8 && memcmp(text, "no/where", 8) == 0);
	(void)shown(record, 1, &length);
	CHECK_EQ(length, 0);
}

static void hostile(void *context)
{
	(void)context;
	uint32_t length;
	CHECK_EQ(hf_p1_fd_write(1, 0xfffffff0, 5, 32), HF_EFAULT);
	CHECK_EQ(hf_p1_path_unlink_file(3, 0xffffff00, 4000), HF_EFAULT);
	CHECK_EQ(hf_p1_fd_write(1, 64, 0xffffffff, 32), HF_EINVAL);
	take();
	const struct hf_trace_record *record = record_at(0);
	(void)shown(record, 0, &length);
	CHECK_EQ(length, 0);
	record = record_at(record->size);
	const uint8_t *text = shown(record, 0, &length);
	CHECK_EQ(length, 4000);
	for (int i = 0; i < HF_TRACE_SHOWN; i++)
		CHECK_EQ(text[i], 0);
}

static void stop_and_gone(void *context)
{
	(void)context;
	CHECK_EQ(hf_p1_sched_yield(), 0);
	hf_process_trace(program->process, false, NULL);
	CHECK_EQ(hf_p1_sched_yield(), 0);
	hf_process_trace(program->process, true, NULL);
	CHECK_EQ(hf_p1_sched_yield(), 0);
	take();
	CHECK_EQ(size, 2 * record_at(0)->size);
	CHECK(record_at(0)->started > 0 && record_at(size / 2)->started > 0);
	/* Switched off during one call and on during a later one, whose start is then unknown. */
	hf_door_enter(hf_self);
	hf__trace_begin(hf_self);
	hf_process_trace(program->process, false, NULL);
	hf_door_leave(hf_self);
	hf_door_enter(hf_self);
	sleep_ms(1);
	hf_process_trace(program->process, true, NULL);
	hf__trace(hf_self, HF_CALL_sched_yield, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	hf_door_leave(hf_self);
	take();
	CHECK_EQ(record_at(0)->started, 0);
	CHECK_EQ(record_at(0)->duration, 0);
	/* The reader is gone. */
	hf_pipe_drop_reader(trace);
	trace = NULL;
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(hf_p1_sched_yield(), 0);
}

static void call_often(void *context)
{
	(void)context;
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(hf_p1_sched_yield(), 0);
}

static uint32_t told;
static _Atomic bool ran;

static void run_or_read(void *context, unsigned number)
{
	(void)context;
	if (number == 0) {
		hf_thread_become(program->thread); /* which began on the main thread */
		CHECK(!program_run(program, call_often, NULL));
		atomic_store(&ran, true);
		return;
	}
	/* Far more than the pipe holds: none is lost. */
	for (bool last = false; !last;) {
		last = atomic_load(&ran);
		take();
		for (uint32_t at = 0; at < size; at += record_at(at)->size)
			told++;
		last = last && size == 0;
	}
}

static void check_waits_for_the_reader(void)
{
	begin();
	in_threads(2, run_or_read, NULL);
	CHECK_EQ(told, 1000);
	end();
}

/* Tracing after the end of the process: the pipe just ends. */
static void check_too_late(void)
{
	struct hf_pipe *late;
	bool hangup;
	program = program_begin();
	trace = NULL;
	CHECK(!program_run(program, call_often, NULL));
	CHECK_OK(hf_pipe_create(HF_PIPE_BUF, &late));
	hf_process_trace(program->process, true, late);
	CHECK_EQ(hf_pipe_poll_read(late, NULL, &hangup), 0);
	CHECK(hangup);
	hf_pipe_drop_reader(late);
	end();
}

int main(void)
{
	check(what_is_told);
	check(hostile);
	check(stop_and_gone);
	check_waits_for_the_reader();
	check_too_late();
	return done();
}
