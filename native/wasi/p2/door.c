/* door.c - the way in and out of the kernel, and traps. */
#include "wasi/p2/door.h"

#include <string.h>

/* The calls: their names for messages and traces, and a letter for each parameter. */
static const struct call {
	const char *interface, *function, *parameters;
} calls[] = {
#define X(interface, function, name, parameters, results, type) {interface, function, parameters},
#include "wasi/p2/functions.def"
#undef X
	{"", "resource.drop", "ii"},        {"", "resource.new", ""},       {"", "resource.rep", ""},
	{"", "resource.drop", ""},          {"", "passing a resource", ""}, {"", "passing a resource", ""},
	{"", "starting the component", ""},
};
_Static_assert(sizeof calls / sizeof *calls == HF_P2_CALL_END - HF_P2_CALLS, "a name for each call");

const char *hf_p2_call_name(uint32_t call, uint32_t part)
{
	const struct call *of = &calls[call - HF_P2_CALLS];
	return part == 0 ? of->interface : of->function;
}

bool hf__p2_come_in_slowly(hf_b b)
{
	struct hf_thread *thread = b->p2->thread;
	if (hf_counter_own(&thread->traced))
		thread->call_started = hf__monotonic(thread);
	return b->instance->may_leave || hf__p2_trap(b->p2, HF_P2_MAY_NOT_LEAVE) == 0;
}

/* ---- texts ---- */

/* A message in progress. */
struct text {
	uint32_t size;
	char bytes[HF_EXIT_MESSAGE_MAX];
};

static void add(struct text *text, const char *part, size_t size)
{
	size_t room = sizeof text->bytes - text->size;
	size = size < room ? size : room;
	memcpy(text->bytes + text->size, part, size);
	text->size += (uint32_t)size;
}

static void add_number(struct text *text, uint64_t number)
{
	char digits[20];
	size_t at = sizeof digits;
	do {
		digits[--at] = (char)('0' + number % 10);
	} while (number /= 10);
	add(text, digits + at, sizeof digits - at);
}

static void add_name(struct text *text, uint32_t call)
{
	const struct call *of = &calls[call - HF_P2_CALLS];
	add(text, of->interface, strlen(of->interface));
	add(text, " ", *of->interface ? 1 : 0);
	add(text, of->function, strlen(of->function));
}

/* ---- traces ---- */

#define ARGUMENTS_MOST 9

/* The record and what follows its arguments: the call's name, because the readers of traces have no list of these calls (web/trace.ts). */
struct record {
	struct hf_trace_record head;
	struct text name;
};
_Static_assert(sizeof(struct record) + ARGUMENTS_MOST * sizeof(uint64_t) <= HF_PIPE_BUF, "a record is written whole");

/* As hf__trace (wasi/trace.h). Without a reader, or if the thread must stop, the record is dropped. */
static void trace(struct hf_thread *thread, uint32_t call, int32_t result, const uint64_t *arguments)
{
	struct record record = {0};
	struct hf_pipe *pipe = atomic_load(&thread->process->trace);
	uint32_t count = (uint32_t)strlen(calls[call - HF_P2_CALLS].parameters);
	uint64_t now = hf__monotonic(thread), started = thread->call_started;
	/* Left by a call that was no longer traced when it ended. */
	if (started < hf_counter_own(&thread->traced))
		started = 0;
	thread->call_started = 0;
	count = count < ARGUMENTS_MOST ? count : ARGUMENTS_MOST;
	add_name(&record.name, call);
	struct hf_iov pieces[] = {{(uintptr_t)&record.head, sizeof record.head},
	                          {(uintptr_t)arguments, (uint32_t)(count * sizeof *arguments)},
	                          {(uintptr_t)&record.name, sizeof record.name.size + record.name.size}};
	struct hf_uio uio = {.iov = pieces, .iov_left = 3, .resid = pieces[0].size + pieces[1].size + pieces[2].size};
	record.head = (struct hf_trace_record){.size = (uint32_t)uio.resid,
	                                       .call = (uint8_t)call,
	                                       .argument_count = (uint8_t)count,
	                                       .tid = thread->tid,
	                                       .result = result,
	                                       .started = started,
	                                       .duration = started && now > started ? now - started : 0};
	if (pipe)
		(void)!hf_pipe_write(pipe, thread, &uio, false);
}

void hf__p2_trace(hf_b b, uint32_t call, uint64_t result, HF__P2_NINE_PARAMETERS)
{
	const uint64_t arguments[ARGUMENTS_MOST] = {a1, a2, a3, a4, a5, a6, a7, a8, a9};
	trace(b->p2->thread, call, (int32_t)result, arguments);
}

/* ---- traps ---- */

int hf__p2_trap_at(struct hf_p2 *p2, const char *why, uint64_t number)
{
	struct text text = {.size = 0};
	const char *place = strchr(why, '#');
	add_name(&text, (uint32_t)hf_counter_own(&p2->thread->call));
	add(&text, ": ", 2);
	add(&text, why, place ? (size_t)(place - why) : strlen(why));
	if (place) {
		add_number(&text, number);
		add(&text, place + 1, strlen(place + 1));
	}
	hf_process_end(p2->thread->process, HF_EXIT_TRAP, HF_CODE_TRAP, text.bytes, text.size, NULL, 0);
	return -HF_EINTR;
}

int hf__p2_trap(struct hf_p2 *p2, const char *why)
{
	return hf__p2_trap_at(p2, why, 0);
}

int hf__p2_no_memory(struct hf_p2 *p2)
{
	return hf__p2_trap(p2, "the kernel is out of memory");
}
