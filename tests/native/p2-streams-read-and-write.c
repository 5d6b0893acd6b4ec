/* Standard streams of preview 2: what read, skip, write, flush and splice move, block for, permit and report. */
#include "support/p2.h"

#include <string.h>

#include "support/threads.h"
#include "wasi/p2/stream.h"

#define OUT P2_OUT

/* The first byte of a result is its case. */
static bool failed(struct p2_program *c)
{
	return peek_u8(c->program, OUT);
}

static void check_list(struct p2_program *c, const char *text)
{
	CHECK(!failed(c));
	uint32_t at = peek_u32(c->program, OUT + 4), size = peek_u32(c->program, OUT + 8);
	CHECK_EQ(size, strlen(text));
	CHECK_BYTES(c->program->guest->memory + at, text, size);
}

static void check_count(struct p2_program *c, uint64_t count)
{
	CHECK(!failed(c));
	CHECK_EQ(peek_u64(c->program, OUT + 8), (int64_t)count);
}

/* `at` is where the payload begins: 4, or 8 for a result with a u64. */
static void check_closed(struct p2_program *c, uint32_t at)
{
	CHECK(failed(c));
	CHECK_EQ(peek_u8(c->program, OUT + at), 1);
}

static void put(struct p2_program *c, const char *text)
{
	CHECK_EQ(program_feed(c->program, text, (uint32_t)strlen(text)), strlen(text));
}

static void check_taken(struct p2_program *c, unsigned fd, const char *text)
{
	char bytes[256];
	uint32_t size = program_take(c->program, fd, bytes, sizeof bytes);
	CHECK_EQ(size, strlen(text));
	CHECK_BYTES(bytes, text, size);
}

/* Stores the text at 1024. */
static uint32_t text_at(struct p2_program *c, const char *text)
{
	return poke_text(c->program, 1024, text);
}

/* ---- reading ---- */

static void read_gets_what_is_there(struct p2_program *c)
{
	uint32_t in = hf_p2_get_stdin(c->b);
	hf_p2_input_stream_read(c->b, in, 100, OUT);
	check_list(c, "");
	CHECK_EQ(c->last_size, 0);
	CHECK_EQ(c->last_alignment, 1);
	put(c, "hello, world");
	hf_p2_input_stream_read(c->b, in, 5, OUT);
	check_list(c, "hello");
	hf_p2_input_stream_read(c->b, in, 0, OUT);
	check_list(c, "");
	hf_p2_input_stream_read(c->b, in, UINT64_MAX, OUT);
	check_list(c, ", world");
	CHECK_EQ(c->last_size, 7);
	put(c, "skipped and read");
	hf_p2_input_stream_skip(c->b, in, 12, OUT);
	check_count(c, 12);
	hf_p2_input_stream_blocking_skip(c->b, in, 1, OUT);
	check_count(c, 1);
	hf_p2_input_stream_blocking_read(c->b, in, 100, OUT);
	check_list(c, "ead");
	program_close(c->program, 0);
	hf_p2_input_stream_blocking_read(c->b, in, 100, OUT);
	check_closed(c, 4);
	hf_p2_input_stream_read(c->b, in, 0, OUT);
	check_closed(c, 4);
	hf_p2_input_stream_skip(c->b, in, 1, OUT);
	check_closed(c, 8);
	hf_p2_drop(c->b, HF_P2_INPUT_STREAM, in);
	CHECK_EQ(c->p2->handles, 0);
}

static void feed_late(struct p2_program *c)
{
	put(c, "late");
}

static void blocking_read_waits(struct p2_program *c)
{
	uint32_t in = hf_p2_get_stdin(c->b);
	p2_meanwhile(c, feed_late);
	hf_p2_input_stream_blocking_read(c->b, in, 100, OUT);
	check_list(c, "late");
	p2_meanwhile(c, feed_late);
	hf_p2_input_stream_blocking_read(c->b, in, 0, OUT); /* waits for bytes, but takes none */
	check_list(c, "");
	hf_p2_input_stream_blocking_skip(c->b, in, 2, OUT);
	check_count(c, 2);
}

static void large_reads_are_cut(struct p2_program *c)
{
	char bytes[HF_PIPE_SIZE];
	uint32_t in = hf_p2_get_stdin(c->b);
	memset(bytes, 'x', sizeof bytes);
	uint32_t size = program_feed(c->program, bytes, sizeof bytes);
	CHECK(size >= 60000);
	hf_p2_input_stream_read(c->b, in, UINT64_MAX, OUT);
	CHECK(!failed(c));
	CHECK_EQ(peek_u32(c->program, OUT + 8), size < HF_P2_STREAM_MOST ? size : HF_P2_STREAM_MOST);
}

/* ---- writing ---- */

static uint64_t permit(struct p2_program *c, uint32_t out)
{
	hf_p2_output_stream_check_write(c->b, out, OUT);
	CHECK(!failed(c));
	return peek_u64(c->program, OUT + 8);
}

static void writes_arrive(struct p2_program *c)
{
	uint32_t out = hf_p2_get_stdout(c->b), err = hf_p2_get_stderr(c->b);
	CHECK(permit(c, out) >= 4096);
	hf_p2_output_stream_write(c->b, out, 1024, text_at(c, "one "), OUT);
	CHECK(!failed(c));
	hf_p2_output_stream_write(c->b, out, 1024, text_at(c, "two "), OUT);
	CHECK(!failed(c));
	hf_p2_output_stream_flush(c->b, out, OUT);
	CHECK(!failed(c));
	hf_p2_output_stream_blocking_flush(c->b, out, OUT);
	CHECK(!failed(c));
	hf_p2_output_stream_blocking_write_and_flush(c->b, err, 1024, text_at(c, "three"), OUT);
	CHECK(!failed(c));
	check_taken(c, 1, "one two ");
	check_taken(c, 2, "three");
	CHECK(permit(c, out) > 0);
	hf_p2_output_stream_write_zeroes(c->b, out, 3, OUT);
	CHECK(!failed(c));
	hf_p2_output_stream_blocking_write_zeroes_and_flush(c->b, out, 4096, OUT);
	CHECK(!failed(c));
	char bytes[5000] = {1};
	CHECK_EQ(program_take(c->program, 1, bytes, sizeof bytes), 4099);
	for (int i = 0; i < 4099; i++)
		CHECK_EQ(bytes[i], 0);
}

/* A full pipe permits nothing, and its pollable is not ready, until there is room for a small write (POSIX: PIPE_BUF). */
static void full_pipe_permits_nothing(struct p2_program *c)
{
	uint32_t out = hf_p2_get_stdout(c->b), pollable = hf_p2_output_stream_subscribe(c->b, out);
	char bytes[HF_PIPE_BUF];
	for (uint64_t n; (n = permit(c, out)) > 0;) {
		CHECK_EQ(hf_p2_pollable_ready(c->b, pollable), 1);
		hf_p2_output_stream_write_zeroes(c->b, out, n, OUT);
		CHECK(!failed(c));
	}
	CHECK_EQ(hf_p2_pollable_ready(c->b, pollable), 0);
	CHECK_EQ(program_take(c->program, 1, bytes, 1), 1);
	CHECK_EQ(hf_p2_pollable_ready(c->b, pollable), 0);
	CHECK_EQ(program_take(c->program, 1, bytes, HF_PIPE_BUF - 1), HF_PIPE_BUF - 1);
	CHECK_EQ(hf_p2_pollable_ready(c->b, pollable), 1);
	CHECK_EQ(permit(c, out), HF_PIPE_BUF);
}

/* The reader closes its end after check-write has permitted a write. */
static void writes_to_nobody_are_closed(struct p2_program *c)
{
	uint32_t out = hf_p2_get_stdout(c->b), pollable = hf_p2_output_stream_subscribe(c->b, out);
	CHECK(permit(c, out) > 0);
	program_close(c->program, 1);
	hf_p2_output_stream_write(c->b, out, 1024, 5, OUT);
	check_closed(c, 4);
	CHECK_EQ(hf_p2_pollable_ready(c->b, pollable), 1);
	hf_p2_output_stream_check_write(c->b, out, OUT);
	check_closed(c, 8);
	hf_p2_output_stream_write(c->b, out, 1024, 5, OUT);
	check_closed(c, 4);
	hf_p2_output_stream_flush(c->b, out, OUT);
	check_closed(c, 4);
	hf_p2_output_stream_blocking_write_and_flush(c->b, out, 1024, 5, OUT);
	check_closed(c, 4);
	uint32_t other = hf_p2_get_stdout(c->b);
	hf_p2_output_stream_check_write(c->b, other, OUT);
	check_closed(c, 8);
}

static void take_late(struct p2_program *c)
{
	char bytes[HF_PIPE_SIZE];
	while (program_take(c->program, 1, bytes, sizeof bytes) > 0)
		continue;
}

static void blocking_write_waits_for_room(struct p2_program *c)
{
	uint32_t out = hf_p2_get_stdout(c->b);
	for (uint64_t n; (n = permit(c, out)) > 0;)
		hf_p2_output_stream_write_zeroes(c->b, out, n, OUT);
	p2_meanwhile(c, take_late);
	hf_p2_output_stream_blocking_write_and_flush(c->b, out, 1024, 4096, OUT);
	CHECK(!failed(c));
}

/* ---- splicing ---- */

static void splice_moves_what_fits(struct p2_program *c)
{
	uint32_t in = hf_p2_get_stdin(c->b), out = hf_p2_get_stdout(c->b);
	hf_p2_output_stream_splice(c->b, out, in, 100, OUT);
	check_count(c, 0);
	put(c, "through the splice");
	hf_p2_output_stream_splice(c->b, out, in, 7, OUT);
	check_count(c, 7);
	hf_p2_output_stream_blocking_splice(c->b, out, in, 100, OUT);
	check_count(c, 11);
	check_taken(c, 1, "through the splice");
	p2_meanwhile(c, feed_late);
	hf_p2_output_stream_blocking_splice(c->b, out, in, 100, OUT);
	check_count(c, 4);
	put(c, "x");
	hf_p2_output_stream_blocking_splice(c->b, out, in, 0, OUT); /* waits for bytes, but takes none */
	check_count(c, 0);
	hf_p2_output_stream_splice(c->b, out, in, 2, OUT);
	check_count(c, 1);
	program_close(c->program, 0);
	hf_p2_output_stream_splice(c->b, out, in, 100, OUT);
	check_closed(c, 8);
	hf_p2_output_stream_check_write(c->b, out, OUT);
	CHECK(!failed(c)); /* only the source is closed */
}

/* ---- errors ---- */

/* A stream over a descriptor that cannot be read or written fails once with an error; after that it is closed. */
static void failures_have_errors(struct p2_program *c)
{
	uint32_t out = hf_p2_get_stdout(c->b), in = hf_p2_get_stdin(c->b);
	CHECK_OK(hf_fd_renumber(&c->program->process->fds, 3, 1)); /* a directory, which is not open for writing */
	hf_p2_output_stream_check_write(c->b, out, OUT);
	CHECK(failed(c));
	CHECK_EQ(peek_u8(c->program, OUT + 8), 0);
	uint32_t error = peek_u32(c->program, OUT + 12);
	hf_p2_error_to_debug_string(c->b, error, OUT + 64);
	CHECK_EQ(peek_u32(c->program, OUT + 68), strlen("EBADF: Bad file descriptor"));
	CHECK_BYTES(c->program->guest->memory + peek_u32(c->program, OUT + 64), "EBADF: Bad file descriptor", 26);
	hf_p2_drop(c->b, HF_P2_ERROR, error);
	hf_p2_output_stream_check_write(c->b, out, OUT);
	check_closed(c, 8);
	CHECK_OK(hf_fd_renumber(&c->program->process->fds, 1, 0));
	hf_p2_input_stream_blocking_read(c->b, in, 10, OUT); /* reading a directory: EISDIR */
	CHECK(failed(c));
	CHECK_EQ(peek_u8(c->program, OUT + 4), 0);
	hf_p2_input_stream_read(c->b, in, 10, OUT);
	check_closed(c, 4);
}

static void missing_descriptors_are_closed_streams(struct p2_program *c)
{
	uint32_t in = hf_p2_get_stdin(c->b);
	CHECK_OK(hf_fd_close(&c->program->process->fds, 0));
	CHECK_EQ(hf_p2_pollable_ready(c->b, hf_p2_input_stream_subscribe(c->b, in)), 1);
	hf_p2_input_stream_blocking_read(c->b, in, 10, OUT);
	check_closed(c, 4);
}

/* ---- traps ---- */

static void write_without_permit(struct p2_program *c)
{
	hf_p2_output_stream_write(c->b, hf_p2_get_stdout(c->b), 1024, 1, OUT);
}

static void write_more_than_permitted(struct p2_program *c)
{
	uint32_t out = hf_p2_get_stdout(c->b);
	uint64_t n = permit(c, out);
	hf_p2_output_stream_write_zeroes(c->b, out, n - 1, OUT);
	CHECK(!failed(c));
	hf_p2_output_stream_write_zeroes(c->b, out, 2, OUT);
}

static void block_with_too_much(struct p2_program *c)
{
	hf_p2_output_stream_blocking_write_and_flush(c->b, hf_p2_get_stdout(c->b), 1024, 4097, OUT);
}

static void block_with_too_many_zeroes(struct p2_program *c)
{
	hf_p2_output_stream_blocking_write_zeroes_and_flush(c->b, hf_p2_get_stdout(c->b), 4097, OUT);
}

static void write_from_beyond(struct p2_program *c)
{
	uint32_t out = hf_p2_get_stdout(c->b);
	CHECK(permit(c, out) > 0);
	hf_p2_output_stream_write(c->b, out, GUEST_SIZE - 1, 2, OUT);
}

static void write_four_gigabytes(struct p2_program *c)
{
	uint32_t out = hf_p2_get_stdout(c->b);
	hf_p2_output_stream_write(c->b, out, 1, UINT32_MAX, OUT);
}

static void drop_with_a_child(struct p2_program *c)
{
	uint32_t in = hf_p2_get_stdin(c->b);
	(void)hf_p2_input_stream_subscribe(c->b, in);
	hf_p2_drop(c->b, HF_P2_INPUT_STREAM, in);
}

static void read_from_output(struct p2_program *c)
{
	hf_p2_input_stream_read(c->b, hf_p2_get_stdout(c->b), 1, OUT);
}

static void splice_from_itself(struct p2_program *c)
{
	uint32_t out = hf_p2_get_stdout(c->b);
	hf_p2_output_stream_splice(c->b, out, out, 1, OUT);
}

static void misaligned_result(struct p2_program *c)
{
	hf_p2_output_stream_check_write(c->b, hf_p2_get_stdout(c->b), OUT + 4);
}

int main(void)
{
	p2_runs(read_gets_what_is_there);
	p2_runs(blocking_read_waits);
	p2_runs(large_reads_are_cut);
	p2_runs(writes_arrive);
	p2_runs(full_pipe_permits_nothing);
	p2_runs(writes_to_nobody_are_closed);
	p2_runs(blocking_write_waits_for_room);
	p2_runs(splice_moves_what_fits);
	p2_runs(failures_have_errors);
	p2_runs(missing_descriptors_are_closed_streams);
#define STREAM "wasi:io/streams [method]output-stream."
	p2_traps(write_without_permit, STREAM "write: more is written than the 0 bytes that check-write permits");
	p2_traps(write_more_than_permitted,
	         STREAM "write-zeroes: more is written than the 1 bytes that check-write permits");
	p2_traps(block_with_too_much, STREAM "blocking-write-and-flush: at most 4096 bytes may be written at once");
	p2_traps(block_with_too_many_zeroes,
	         STREAM "blocking-write-zeroes-and-flush: at most 4096 bytes may be written at once");
	p2_traps(write_from_beyond, STREAM "write: the pointer 131071 is outside the component's memory");
	p2_traps(write_four_gigabytes, STREAM "write: the pointer 1 is outside the component's memory");
	p2_traps(drop_with_a_child, "resource.drop: the resource of handle 1 still has children: drop them first");
	p2_traps(read_from_output, "wasi:io/streams [method]input-stream.read: handle 1 is of another resource type");
	p2_traps(splice_from_itself, STREAM "splice: handle 1 is of another resource type");
	p2_traps(misaligned_result, STREAM "check-write: the pointer 516 is not aligned");
	return done();
}
