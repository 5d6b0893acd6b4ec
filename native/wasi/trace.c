/* trace.c - records of system calls. */
#include "wasi/trace.h"

#include <string.h>

#include "wasi/abi.h"

static const char *const kinds[] = {
	"",
#define X(name, shown, names) shown,
#include <holdfast/trace.def>
#undef X
};

#define ARGUMENTS_MOST 9

/* The largest record: numbers, and the targets of two paths or of a vector and two results. */
struct record {
	struct hf_trace_record head;
	uint64_t arguments[ARGUMENTS_MOST];
	uint8_t shown[ARGUMENTS_MOST * (sizeof(uint32_t) + HF_TRACE_SHOWN)];
};
_Static_assert(sizeof(struct record) <= HF_PIPE_BUF, "a record is written whole");

struct writer {
	struct hf_thread *thread;
	uint8_t *at;
};

static void put_u32(struct writer *to, uint32_t value)
{
	memcpy(to->at, &value, sizeof value);
	to->at += sizeof value;
}

/* Unreadable memory is shown as no bytes: the call itself has failed with EFAULT. */
static void put_memory(struct writer *to, uint32_t address, uint32_t size)
{
	uint32_t shown = size < HF_TRACE_SHOWN ? size : HF_TRACE_SHOWN;
	put_u32(to, size);
	if (hf_copy_in(&to->thread->mem, to->at, address, shown) < 0)
		memset(to->at, 0, shown);
	to->at += shown;
}

/* Copies the first bytes of a vector's pieces, up to `size` in total. */
static void put_vector(struct writer *to, uint32_t iovs, uint32_t count, uint32_t size)
{
	uint32_t room = size < HF_TRACE_SHOWN ? size : HF_TRACE_SHOWN;
	put_u32(to, size);
	memset(to->at, 0, room);
	for (uint32_t i = 0; i < count && i < HF_IOV_MAX && room > 0; i++) {
		struct wasi_iovec piece;
		if (hf_copy_in(&to->thread->mem, &piece, iovs + i * (uint32_t)sizeof piece, sizeof piece) < 0)
			break;
		uint32_t part = piece.size < room ? piece.size : room;
		if (hf_copy_in(&to->thread->mem, to->at, piece.buf, part) < 0)
			break;
		to->at += part;
		room -= part;
	}
	to->at += room;
}

static uint32_t vector_size(struct hf_thread *thread, uint32_t iovs, uint32_t count)
{
	uint32_t size = 0;
	for (uint32_t i = 0; i < count && i < HF_IOV_MAX && size < HF_TRACE_SHOWN; i++) {
		struct wasi_iovec piece;
		if (hf_copy_in(&thread->mem, &piece, iovs + i * (uint32_t)sizeof piece, sizeof piece) < 0)
			break;
		size = piece.size > UINT32_MAX - size ? UINT32_MAX : size + piece.size;
	}
	return size;
}

/* Returns the number of bytes that a call reports: the value that it stored as its first 32-bit result. */
static uint32_t moved(struct hf_thread *thread, const char *shown, const uint64_t *arguments)
{
	uint32_t value = 0;
	const char *place = strchr(shown, '4');
	if (place && hf_copy_in(&thread->mem, &value, (uint32_t)arguments[place - shown], sizeof value) < 0)
		value = 0;
	return value;
}

static void put_shown(struct writer *to, const char *shown, uint32_t i, bool succeeded, const uint64_t *arguments)
{
	uint32_t address = (uint32_t)arguments[i];
	switch (shown[i]) {
	case 'p':
		put_memory(to, address, (uint32_t)arguments[i + 1]);
		break;
	case 'w':
	case 'r': {
		uint32_t count = (uint32_t)arguments[i + 1];
		uint32_t size = succeeded ? moved(to->thread, shown, arguments) : 0;
		if (shown[i] == 'w' && !succeeded)
			size = vector_size(to->thread, address, count);
		put_vector(to, address, count, size);
		break;
	}
	case '4':
	case '8':
		put_memory(to, address, succeeded ? (uint32_t)(shown[i] - '0') : 0);
		break;
	default:
		break;
	}
}

void hf__trace_begin(struct hf_thread *thread)
{
	thread->call_started = hf_plat_monotonic();
}

void hf__trace(struct hf_thread *thread, enum hf_call call, int result, HF__NINE_PARAMETERS)
{
	const uint64_t arguments[ARGUMENTS_MOST] = {a1, a2, a3, a4, a5, a6, a7, a8, a9};
	struct hf_pipe *pipe = atomic_load(&thread->process->trace);
	const char *shown = kinds[call];
	struct record record = {0};
	struct writer to = {thread, (uint8_t *)record.arguments};
	uint32_t count = (uint32_t)strlen(shown);
	uint64_t now = hf_plat_monotonic(), started = thread->call_started;
	/* The time is left over from an earlier call, during which the trace was ended. */
	if (started < hf_counter_own(&thread->traced))
		started = 0;
	record.head = (struct hf_trace_record){
		.error = (uint16_t)(result < 0 ? -result : 0),
		.call = (uint8_t)call,
		.argument_count = (uint8_t)count,
		.tid = thread->tid,
		.result = result > 0 ? result : 0,
		.started = started,
		.duration = started && now > started ? now - started : 0,
	};
	thread->call_started = 0;
	memcpy(to.at, arguments, count * sizeof *arguments);
	to.at += count * sizeof *arguments;
	for (uint32_t i = 0; i < count; i++)
		put_shown(&to, shown, i, result >= 0, arguments);
	record.head.size = (uint32_t)(to.at - (uint8_t *)&record);
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, &record, record.head.size);
	/* There is no reader any more, or the thread must stop, so the record is dropped. */
	if (pipe)
		(void)!hf_pipe_write(pipe, thread, &uio, false);
}
