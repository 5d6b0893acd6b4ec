/* Arguments, environment, time, random bytes, terminals and the exit of a component. */
#include "support/p2.h"

#include <string.h>

#include "support/threads.h"

#define OUT P2_OUT

static void check_text(struct p2_program *c, uint32_t list, const char *text)
{
	uint32_t at = peek_u32(c->program, list), size = peek_u32(c->program, list + 4);
	CHECK_EQ(size, strlen(text));
	CHECK_BYTES(c->program->guest->memory + at, text, size);
}

static void arguments_and_environment(struct p2_program *c)
{
	hf_p2_get_arguments(c->b, OUT);
	CHECK_EQ(peek_u32(c->program, OUT + 4), 3);
	uint32_t at = peek_u32(c->program, OUT);
	check_text(c, at, "prog");
	check_text(c, at + 8, "one");
	check_text(c, at + 16, "two words");
	CHECK_EQ(c->reallocs, 4);
	hf_p2_get_environment(c->b, OUT);
	CHECK_EQ(peek_u32(c->program, OUT + 4), 2);
	at = peek_u32(c->program, OUT);
	check_text(c, at, "A");
	check_text(c, at + 8, "1");
	check_text(c, at + 16, "B");
	check_text(c, at + 24, "");
	poke_u32(c->program, OUT, 0xffffffff);
	hf_p2_initial_cwd(c->b, OUT);
	CHECK_EQ(peek_u8(c->program, OUT), 0);
}

static void wall_clock_and_timezone(struct p2_program *c)
{
	uint64_t before = hf_plat_realtime();
	poke_u32(c->program, OUT + 12, 77);
	hf_p2_wall_now(c->b, OUT);
	uint64_t now = peek_u64(c->program, OUT) * SECOND + peek_u32(c->program, OUT + 8);
	CHECK(now >= before && now <= hf_plat_realtime());
	CHECK(peek_u32(c->program, OUT + 8) < SECOND);
	CHECK_EQ(peek_u32(c->program, OUT + 12), 77);
	hf_p2_wall_resolution(c->b, OUT);
	CHECK_EQ(peek_u64(c->program, OUT), 0);
	CHECK(peek_u32(c->program, OUT + 8) > 0);
	CHECK_EQ(hf_p2_utc_offset(c->b, 1, 2), 0);
	hf_p2_timezone_display(c->b, 1, 2, OUT);
	CHECK_EQ(peek_u32(c->program, OUT), 0);
	check_text(c, OUT + 4, "UTC");
	CHECK_EQ(peek_u8(c->program, OUT + 12), 0);
}

static void random_differs(struct p2_program *c)
{
	static const char none[1000];
	CHECK(hf_p2_get_random_u64(c->b) != hf_p2_get_random_u64(c->b));
	CHECK(hf_p2_get_insecure_random_u64(c->b) != hf_p2_get_insecure_random_u64(c->b));
	hf_p2_get_random_bytes(c->b, sizeof none, OUT);
	CHECK_EQ(peek_u32(c->program, OUT + 4), sizeof none);
	const char *bytes = c->program->guest->memory + peek_u32(c->program, OUT);
	CHECK(memcmp(bytes, none, 256) != 0 && memcmp(bytes + 744, none, 256) != 0);
	CHECK(memcmp(bytes, bytes + 256, 256) != 0);
	hf_p2_get_insecure_random_bytes(c->b, 9, OUT);
	CHECK_EQ(peek_u32(c->program, OUT + 4), 9);
	hf_p2_get_random_bytes(c->b, 0, OUT);
	CHECK_EQ(peek_u32(c->program, OUT + 4), 0);
	hf_p2_insecure_seed(c->b, OUT);
	CHECK(peek_u64(c->program, OUT) != peek_u64(c->program, OUT + 8));
}

static void four_gigabytes_of_random(struct p2_program *c)
{
	hf_p2_get_random_bytes(c->b, UINT64_C(1) << 32, OUT);
}

static void set_filetype(struct p2_program *c, uint32_t fd, uint8_t filetype)
{
	struct hf_fd_view view;
	CHECK_OK(hf_fd_get(&c->program->process->fds, fd, 0, &view));
	view.file->filetype = filetype;
	hf_fd_put(&view);
}

static void terminals(struct p2_program *c)
{
	hf_p2_get_terminal_stdin(c->b, OUT);
	CHECK_EQ(peek_u8(c->program, OUT), 0);
	for (uint32_t fd = 0; fd < 3; fd++)
		set_filetype(c, fd, HF_FILETYPE_CHARACTER_DEVICE);
	hf_p2_get_terminal_stdin(c->b, OUT);
	CHECK_EQ(peek_u8(c->program, OUT), 1);
	hf_p2_drop(c->b, HF_P2_TERMINAL_INPUT, peek_u32(c->program, OUT + 4));
	hf_p2_get_terminal_stdout(c->b, OUT);
	hf_p2_drop(c->b, HF_P2_TERMINAL_OUTPUT, peek_u32(c->program, OUT + 4));
	hf_p2_get_terminal_stderr(c->b, OUT);
	hf_p2_drop(c->b, HF_P2_TERMINAL_OUTPUT, peek_u32(c->program, OUT + 4));
	CHECK_EQ(c->p2->handles, 0);
	CHECK_OK(hf_fd_close(&c->program->process->fds, 2));
	hf_p2_get_terminal_stderr(c->b, OUT);
	CHECK_EQ(peek_u8(c->program, OUT), 0);
}

/* ---- exit ---- */

static bool came_back;

static void succeed(void *context)
{
	hf_p2_exit(((struct p2_program *)context)->b, 0);
	came_back = true;
}

static void fail(void *context)
{
	hf_p2_exit(((struct p2_program *)context)->b, 1);
	came_back = true;
}

static void exit_with_42(void *context)
{
	hf_p2_exit_with_code(((struct p2_program *)context)->b, 0xffffff2a);
	came_back = true;
}

static void check_exit(void (*guest)(void *), uint32_t code)
{
	struct p2_program *c = p2_begin();
	CHECK(program_run(c->program, guest, c));
	CHECK(!came_back);
	CHECK_EQ(c->program->process->reason, HF_EXIT_EXIT);
	CHECK_EQ(c->program->process->code, code);
	p2_end(c);
}

static void exit_with_no_result(struct p2_program *c)
{
	hf_p2_exit(c->b, 2);
}

int main(void)
{
	p2_runs(arguments_and_environment);
	p2_runs(wall_clock_and_timezone);
	p2_runs(random_differs);
	p2_runs(terminals);
	check_exit(succeed, 0);
	check_exit(fail, 1);
	check_exit(exit_with_42, 42);
	p2_traps(exit_with_no_result, "wasi:cli/exit exit: 2 is not a valid result");
	p2_traps(four_gigabytes_of_random,
	         "wasi:random/random get-random-bytes: a result of 4294967296 bytes is too large");
	return done();
}
