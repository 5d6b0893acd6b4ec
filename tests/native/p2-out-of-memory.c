/* Lets each allocation of a call fail in turn: the call returns its result or traps with a message; nothing leaks, and nothing is left half done. */
#include "platform/alloc.h"
#include "support/p2_http.h"

#include <string.h>

#define OUT P2_OUT

static void read(struct p2_program *c)
{
	CHECK_EQ(program_feed(c->program, "12345678", 8), 8);
	hf_p2_input_stream_blocking_read(c->b, hf_p2_get_stdin(c->b), 8, OUT);
}

static void poll(struct p2_program *c)
{
	for (uint32_t i = 0; i < 20; i++)
		poke_u32(c->program, 1024 + i * 4, hf_p2_subscribe_duration(c->b, 0));
	hf_p2_poll(c->b, 1024, 20, OUT);
}

static void splice(struct p2_program *c)
{
	CHECK_EQ(program_feed(c->program, "12345678", 8), 8);
	hf_p2_output_stream_splice(c->b, hf_p2_get_stdout(c->b), hf_p2_get_stdin(c->b), 8, OUT);
}

static void fail_with_an_error(struct p2_program *c)
{
	uint32_t out = hf_p2_get_stdout(c->b);
	CHECK_OK(hf_fd_renumber(&c->program->process->fds, 3, 1));
	hf_p2_output_stream_blocking_write_and_flush(c->b, out, 1024, 1, OUT);
	hf_p2_error_to_debug_string(c->b, peek_u32(c->program, OUT + 8), OUT);
}

static void begin_more(struct p2_program *c)
{
	struct hf_usermem *mem = &c->program->guest->mem;
	struct hf_p2_instance *instance = hf_p2_instance(c->p2);
	if (instance && hf_p2_bind(instance, mem->copy_in, mem->copy_out, mem->pages, NULL))
		(void)hf_p2_resource_new(instance, HF_P2_TYPE_OF_GUEST, 1);
}

static void command_line(struct p2_program *c)
{
	hf_p2_get_environment(c->b, OUT);
	hf_p2_get_arguments(c->b, OUT);
	hf_p2_get_random_bytes(c->b, 100, OUT);
	hf_p2_timezone_display(c->b, 0, 0, OUT);
	(void)hf_p2_output_stream_subscribe(c->b, hf_p2_get_stderr(c->b));
}

static void change_fields(struct p2_program *c)
{
	uint32_t fields = http_fields(c, "name", "value");
	poke_u32(c->program, 3000, 2048);
	poke_u32(c->program, 3004, 5);
	hf_p2_fields_set(c->b, fields, TEXT_AT, 4, 3000, 1, OUT);
	hf_p2_fields_get(c->b, hf_p2_fields_clone(c->b, fields), TEXT_AT, 4, OUT);
	hf_p2_fields_entries(c->b, fields, OUT);
}

static void send_a_request(struct p2_program *c)
{
	uint32_t request = hf_p2_outgoing_request_new(c->b, http_fields(c, "name", "value"));
	hf_p2_outgoing_request_set_authority(c->b, request, 1, TEXT_AT, 4);
	hf_p2_outgoing_request_body(c->b, request, OUT);
	hf_p2_outgoing_body_write(c->b, peek_u32(c->program, OUT + 4), OUT);
	hf_p2_outgoing_handle(c->b, request, 1, hf_p2_request_options_new(c->b), OUT);
	if (peek_u8(c->program, OUT) == 0)
		(void)hf_p2_future_response_subscribe(c->b, peek_u32(c->program, OUT + 8));
	/* A connection that lacks memory is an error, and no trap: this traps then. */
	(void)hf_p2_fields_new(c->b);
}

static void run(void *context)
{
	struct p2_program *c = context;
	c->guest(c);
}

static bool is_out_of_memory(const struct hf_process *process)
{
	static const char end[] = ": the kernel is out of memory";
	uint32_t size = sizeof end - 1;
	return process->message_size > size && memcmp(process->message + process->message_size - size, end, size) == 0;
}

/* Returns whether it ended without a trap. */
static bool with_memory_for(void (*guest)(struct p2_program *), uint32_t allocations)
{
	struct p2_program *c = p2_begin();
	c->guest = guest;
	hf_alloc_fail_after(allocations);
	bool trapped = program_run(c->program, run, c);
	hf_alloc_fail_after(UINT32_MAX);
	if (trapped) {
		CHECK_EQ(c->program->process->reason, HF_EXIT_TRAP);
		CHECK(is_out_of_memory(c->program->process));
	}
	p2_end(c);
	return !trapped;
}

static void check(void (*guest)(struct p2_program *), bool always_traps)
{
	uint32_t allocations = 0;
	while (!with_memory_for(guest, allocations))
		CHECK(++allocations < 1000);
	CHECK(allocations > 0 || !always_traps);
}

int main(void)
{
	check(read, true);
	check(poll, true);
	check(splice, true);
	check(fail_with_an_error, true);
	check(begin_more, false);
	check(command_line, true);
	check(change_fields, true);
	struct hf_listener *page = page_listens();
	check(send_a_request, true);
	hf_listener_close(page);
	CHECK_EQ(hf_socket_count(), 0);
	return done();
}
