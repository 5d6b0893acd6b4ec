/* A waiting component can be killed and paused like any program; its output counts towards its limit; its calls are traced by name. */
#include "support/p2.h"

#include <string.h>

#include "support/threads.h"

#define OUT P2_OUT

/* ---- kill ---- */

static void kill_it(struct p2_program *c)
{
	hf_process_end(c->program->process, HF_EXIT_KILLED, HF_CODE_KILLED, NULL, 0, NULL, 0);
}

static void waits_for_input(struct p2_program *c)
{
	hf_p2_input_stream_blocking_read(c->b, hf_p2_get_stdin(c->b), 1, OUT);
}

static void waits_for_a_clock(struct p2_program *c)
{
	hf_p2_pollable_block(c->b, hf_p2_subscribe_duration(c->b, UINT64_MAX));
}

static void polls(struct p2_program *c)
{
	poke_u32(c->program, 1024, hf_p2_subscribe_duration(c->b, UINT64_MAX));
	poke_u32(c->program, 1028, hf_p2_input_stream_subscribe(c->b, hf_p2_get_stdin(c->b)));
	hf_p2_poll(c->b, 1024, 2, OUT);
}

static void waits_for_room(struct p2_program *c)
{
	uint32_t out = hf_p2_get_stdout(c->b);
	for (;;)
		hf_p2_output_stream_blocking_write_zeroes_and_flush(c->b, out, 4096, OUT);
}

static void splices(struct p2_program *c)
{
	hf_p2_output_stream_blocking_splice(c->b, hf_p2_get_stdout(c->b), hf_p2_get_stdin(c->b), 1, OUT);
}

static void run(void *context)
{
	struct p2_program *c = context;
	c->guest(c);
}

static void check_killed(void (*guest)(struct p2_program *))
{
	struct p2_program *c = p2_begin();
	c->guest = guest;
	p2_meanwhile(c, kill_it);
	CHECK(program_run(c->program, run, c));
	CHECK_EQ(c->program->process->reason, HF_EXIT_KILLED);
	p2_end(c);
}

/* ---- pause ---- */

static void resume(struct p2_program *c)
{
	CHECK(hf_process_is_paused(c->program->process));
	hf_process_pause(c->program->process, false);
}

static void held(struct hf_work *work)
{
	(void)work;
}

static void is_paused(struct p2_program *c)
{
	c->program->process->held.run = held;
	hf_process_pause(c->program->process, true);
	p2_meanwhile(c, resume);
	(void)hf_p2_monotonic_now(c->b); /* returns once it is resumed */
}

/* ---- limits ---- */

static void writes_too_much(struct p2_program *c)
{
	uint32_t out = hf_p2_get_stdout(c->b);
	struct hf_fd_view view;
	CHECK_OK(hf_fd_get(&c->program->process->fds, 1, 0, &view));
	view.file->counted = true;
	hf_fd_put(&view);
	c->program->process->limits.output = 100;
	hf_budget_init(&c->program->process->output, 100);
	for (int i = 0; i < 11; i++)
		hf_p2_output_stream_blocking_write_and_flush(c->b, out, 1024, 10, OUT);
	CHECK(false);
}

static void check_output_limit(void)
{
	struct p2_program *c = p2_begin();
	c->guest = writes_too_much;
	CHECK(program_run(c->program, run, c));
	CHECK_EQ(c->program->process->reason, HF_EXIT_LIMIT);
	char bytes[200];
	CHECK_EQ(program_take(c->program, 1, bytes, sizeof bytes), 100);
	p2_end(c);
}

static void writes_to_nobody(struct p2_program *c)
{
	uint32_t out = hf_p2_get_stdout(c->b);
	struct hf_fd_view view;
	CHECK_OK(hf_fd_get(&c->program->process->fds, 1, 0, &view));
	view.file->ends_unread = true;
	hf_fd_put(&view);
	program_close(c->program, 1);
	hf_p2_output_stream_check_write(c->b, out, OUT);
	CHECK_EQ(peek_u8(c->program, OUT), 0);
	hf_p2_output_stream_write(c->b, out, 1024, 1, OUT);
	CHECK(false);
}

static void check_broken_pipe(void)
{
	struct p2_program *c = p2_begin();
	c->guest = writes_to_nobody;
	CHECK(program_run(c->program, run, c));
	CHECK_EQ(c->program->process->reason, HF_EXIT_KILLED);
	CHECK_EQ(c->program->process->code, HF_CODE_BROKEN_PIPE);
	p2_end(c);
}

/* ---- traces ---- */

static void is_traced(struct p2_program *c)
{
	struct hf_pipe *trace;
	struct {
		struct hf_trace_record head;
		uint64_t arguments[4];
		uint32_t name_size;
		char name[100];
	} record;
	static const char name[] = "wasi:io/streams [method]output-stream.write";
	uint32_t out = hf_p2_get_stdout(c->b);
	hf_p2_output_stream_check_write(c->b, out, OUT);
	CHECK_OK(hf_pipe_create(HF_PIPE_BUF, &trace));
	hf_process_trace(c->program->process, true, trace);
	hf_p2_output_stream_write(c->b, out, 1024, 5, OUT);
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, &record, sizeof record);
	CHECK_OK(hf_pipe_try_read(trace, &uio, NULL));
	CHECK_EQ(record.head.size, sizeof record - uio.resid);
	CHECK(record.head.call >= HF_P2_CALLS);
	CHECK_EQ(record.head.tid, 1);
	CHECK(record.head.started > 0);
	CHECK_EQ(record.head.argument_count, 4);
	CHECK_EQ(record.arguments[0], out);
	CHECK_EQ(record.arguments[1], 1024);
	CHECK_EQ(record.arguments[2], 5);
	CHECK_EQ(record.arguments[3], OUT);
	CHECK_EQ(record.name_size, sizeof name - 1);
	CHECK_BYTES(record.name, name, sizeof name - 1);
	CHECK_EQ(record.head.size, sizeof record.head + sizeof record.arguments + 4 + record.name_size);
	CHECK(hf_p2_monotonic_now(c->b) > 0);
	hf_uio_kernel(&uio, &iov, &record, sizeof record);
	CHECK_OK(hf_pipe_try_read(trace, &uio, NULL));
	CHECK_EQ(record.head.argument_count, 0);
	hf_pipe_drop_reader(trace);
	CHECK_EQ(hf_p2_subscribe_duration(c->b, 0), 2); /* tracing does not disturb it when there is no reader */
}

int main(void)
{
	check_killed(waits_for_input);
	check_killed(waits_for_a_clock);
	check_killed(polls);
	check_killed(waits_for_room);
	check_killed(splices);
	p2_runs(is_paused);
	check_output_limit();
	check_broken_pipe();
	p2_runs(is_traced);
	return done();
}
