/* stream.c - wasi:io/streams.
 *
 * A stream has no buffer: it reads from, and writes to, the description behind its descriptor. So check-write permits what fits into the pipe
 * now, back-pressure reaches the component as permits of 0, flushing has nothing to do, and nothing is lost when a component is killed.
 *
 * An operation's result is a number of bytes, or an error: -HF_EPIPE if the stream has ended (`closed`), -HF_EINTR after a trap or an order to stop
 * (nothing is stored then), and any other as `last-operation-failed`. */
#include "wasi/p2/stream.h"

#include "kernel/vnode_file.h"
#include "wasi/p2/door.h"
#include "wasi/p2/error.h"
#include "wasi/p2/pollable.h"

/* The most bytes that blocking-write-and-flush accepts (streams.wit). */
#define BLOCKING_MOST 4096

struct hf_p2_stream *hf__p2_stream(struct hf_p2 *p2, enum hf_p2_type type, uint32_t fd, enum hf_p2_place place,
                                   uint64_t offset, struct hf_p2_object *parent)
{
	struct hf_p2_stream *stream = hf__p2_object(p2, sizeof *stream, type, parent);
	if (stream) {
		stream->fd = fd;
		stream->place = place;
		stream->offset = offset;
	}
	return stream;
}

static struct hf_thread *thread_of(const struct hf_p2_stream *stream)
{
	return stream->base.p2->thread;
}

/* ---- results ---- */

/* variant stream-error */
struct stream_error {
	uint8_t tag; /* 0: last-operation-failed, 1: closed */
	uint32_t error;
};

/* result<_, stream-error>; result<list<u8>, stream-error>; result<u64, stream-error> */
struct unit_result {
	uint32_t failed;
	struct stream_error error;
};
struct list_result {
	uint32_t failed;
	union {
		struct hf_p2_list list;
		struct stream_error error;
	};
};
struct count_result {
	uint64_t failed;
	union {
		uint64_t count;
		struct stream_error error;
	};
};
_Static_assert(sizeof(struct unit_result) == 12 && sizeof(struct list_result) == 12 &&
                   sizeof(struct count_result) == 16,
               "as in the canonical ABI");

static bool is_body(const struct hf_p2_stream *stream)
{
	const struct hf_p2_object *parent = stream->base.parent;
	return parent && (parent->type == HF_P2_INCOMING_BODY || parent->type == HF_P2_OUTGOING_BODY);
}

/* Closes the stream, which has failed or ended. 0, or -HF_EINTR after a trap. */
static int fail(hf_b b, struct hf_p2_stream *stream, int64_t code, struct stream_error *out)
{
	*out = (struct stream_error){.tag = 1};
	if (code == -HF_EINTR)
		return -HF_EINTR;
	stream->closed = true;
	if (code == -HF_EPIPE)
		return 0;
	struct hf_p2_error *error = hf__p2_error(b->p2, (int)-code);
	if (error)
		error->http = is_body(stream);
	*out = (struct stream_error){.error = hf__p2_give(b, error ? &error->base : NULL)};
	return out->error ? 0 : -HF_EINTR;
}

static void put_unit(hf_b b, struct hf_p2_stream *stream, int64_t code, uint32_t out)
{
	struct unit_result result = {.failed = code < 0};
	if (code >= 0 || fail(b, stream, code, &result.error) == 0)
		hf__p2_store(b, out, &result, sizeof result);
}

static void put_count(hf_b b, struct hf_p2_stream *stream, int64_t code, uint32_t out)
{
	struct count_result result = {.failed = code < 0, .count = (uint64_t)code};
	if (code >= 0 || fail(b, stream, code, &result.error) == 0)
		hf__p2_store(b, out, &result, sizeof result);
}

/* Stores `code` bytes as a list, or an error. */
static void put_list(hf_b b, struct hf_p2_stream *stream, int64_t code, const void *bytes, uint32_t out)
{
	struct list_result result = {.failed = code < 0, .list = {.count = (uint32_t)code}};
	int stored = code < 0 ? fail(b, stream, code, &result.error)
	                      : hf__p2_put_new(b, bytes, result.list.count, 1, &result.list.at);
	if (stored == 0)
		hf__p2_store(b, out, &result, sizeof result);
}

/* Returns the stream, after checking the address of the result; NULL after a trap. */
static struct hf_p2_stream *get(hf_b b, enum hf_p2_type type, uint32_t self, uint32_t out, uint32_t size,
                                uint32_t alignment)
{
	struct hf_p2_stream *stream = hf__p2_borrow(b, type, self);
	return stream && hf__p2_check(b, out, size, alignment) == 0 ? stream : NULL;
}

#define INPUT(out, result) get(b, HF_P2_INPUT_STREAM, self, out, sizeof(struct result), _Alignof(struct result))
#define OUTPUT(out, result) get(b, HF_P2_OUTPUT_STREAM, self, out, sizeof(struct result), _Alignof(struct result))

/* ---- the description behind a stream ---- */

/* A stream whose descriptor is not open has ended. This is so for standard input if the program was started without one. */
static int get_file(struct hf_p2_stream *stream, enum hf_access access, struct hf_fd_view *view)
{
	if (stream->closed || hf_fd_get_any(&thread_of(stream)->process->fds, stream->fd, view) < 0)
		return -HF_EPIPE;
	if (view->file->access & access)
		return 0;
	hf_fd_put(view);
	return -HF_EBADF;
}

/* Whether the stream is ready. With `wait`, waits until it is. */
static int wait_for(struct hf_p2_stream *stream, bool wait)
{
	if (stream->closed || stream->place != HF_P2_PLACE_NONE)
		return 1;
	return hf__p2_wait_fd(stream->base.p2, stream->fd,
	                      stream->base.type == HF_P2_INPUT_STREAM ? HF_READY_IN : HF_READY_OUT, wait ? HF_FOREVER : 0);
}

/* ---- reading ---- */

/* Bytes taken from a stream, in a buffer (hf__p2_buffer). */
struct taken {
	void *bytes;
	int64_t count; /* or an error; 0: there are none now */
};

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int read_file(struct hf_p2_stream *stream, struct hf_file *file, struct hf_uio *uio)
{
	if (stream->place != HF_P2_PLACE_NONE)
		return file->ops->pread(file, stream->offset, uio);
	if (!hf_file_has_vnode(file))
		uio->nonblock = true;
	return file->ops->read(file, thread_of(stream), uio);
}

static int64_t take_from(struct hf_p2_stream *stream, struct hf_file *file, uint64_t most, void **out)
{
	uint64_t bytes = most;
	struct hf_iov iov;
	struct hf_uio uio;
	/* Allocate only as much memory as there are bytes. A device reports one, because it does not know how many there are. */
	if (stream->place == HF_P2_PLACE_NONE && !(file->ops->poll(file, HF_READY_IN, NULL, &bytes) & HF_READY_IN))
		return 0;
	uint32_t size = (uint32_t)(bytes > 1 ? lesser(bytes, most) : most);
	*out = hf__p2_buffer(stream->base.p2, size);
	if (!*out)
		return hf__p2_no_memory(stream->base.p2);
	hf_uio_kernel(&uio, &iov, *out, size);
	int result = read_file(stream, file, &uio);
	if (result < 0)
		return result == -HF_EAGAIN ? 0 : result;
	uint32_t moved = size - (uint32_t)uio.resid;
	stream->offset += moved;
	return moved > 0 ? (int64_t)moved : -HF_EPIPE;
}

/* Takes at most `len` bytes. `wait`: waits for the first, also if `len` is 0. The caller gives the bytes back. */
static struct taken take(struct hf_p2_stream *stream, uint64_t len, bool wait)
{
	struct taken taken = {0};
	struct hf_fd_view view;
	do {
		hf__p2_give_buffer_back(stream->base.p2, taken.bytes);
		taken = (struct taken){.count = wait ? wait_for(stream, true) : 0};
		if (taken.count >= 0)
			taken.count = get_file(stream, HF_READ, &view);
		if (taken.count < 0)
			return taken;
		if (len > 0)
			taken.count = take_from(stream, view.file, lesser(len, HF_P2_STREAM_MOST), &taken.bytes);
		hf_fd_put(&view);
	} while (wait && len > 0 && taken.count == 0);
	return taken;
}

/* Reads many bytes of a file, which need not pass through a buffer. False: this must be done by other means. */
static bool read_directly(hf_b b, struct hf_p2_stream *stream, uint64_t len, uint32_t out)
{
	struct list_result result = {0};
	struct hf_fd_view view;
	if (get_file(stream, HF_READ, &view) < 0)
		return false;
	int64_t count = hf__p2_left_in_file(view.file, stream->offset, (uint32_t)lesser(len, HF_P2_STREAM_MOST));
	hf_fd_put(&view);
	if (count <= 0)
		return false;
	result.list.count = (uint32_t)count;
	if (hf__p2_put_file(b, stream->fd, stream->offset, result.list.count, &result.list.at) == 0) {
		stream->offset += result.list.count;
		hf__p2_store(b, out, &result, sizeof result);
	}
	return true;
}

static void read(hf_b b, struct hf_p2_stream *stream, uint64_t len, uint32_t out, bool wait)
{
	if (!stream)
		return;
	if (stream->place == HF_P2_PLACE_OFFSET && len > HF_P2_BUFFER_SMALL && read_directly(b, stream, len, out))
		return;
	struct taken taken = take(stream, len, wait);
	put_list(b, stream, taken.count, taken.bytes, out);
	hf__p2_give_buffer_back(b->p2, taken.bytes);
}

static void sys_input_stream_read(hf_b b, uint32_t self, uint64_t len, uint32_t out)
{
	read(b, INPUT(out, list_result), len, out, false);
}

P2_VOID_DOOR(input_stream_read, (uint32_t self, uint64_t len, uint32_t out), self, len, out)

static void sys_input_stream_blocking_read(hf_b b, uint32_t self, uint64_t len, uint32_t out)
{
	read(b, INPUT(out, list_result), len, out, true);
}

P2_VOID_DOOR(input_stream_blocking_read, (uint32_t self, uint64_t len, uint32_t out), self, len, out)

static void skip(hf_b b, struct hf_p2_stream *stream, uint64_t len, uint32_t out, bool wait)
{
	if (!stream)
		return;
	struct taken taken = take(stream, len, wait);
	put_count(b, stream, taken.count, out);
	hf__p2_give_buffer_back(b->p2, taken.bytes);
}

static void sys_input_stream_skip(hf_b b, uint32_t self, uint64_t len, uint32_t out)
{
	skip(b, INPUT(out, count_result), len, out, false);
}

P2_VOID_DOOR(input_stream_skip, (uint32_t self, uint64_t len, uint32_t out), self, len, out)

static void sys_input_stream_blocking_skip(hf_b b, uint32_t self, uint64_t len, uint32_t out)
{
	skip(b, INPUT(out, count_result), len, out, true);
}

P2_VOID_DOOR(input_stream_blocking_skip, (uint32_t self, uint64_t len, uint32_t out), self, len, out)

/* ---- writing ---- */

/* How many bytes fit now. */
static int64_t room_in(struct hf_p2_stream *stream, struct hf_file *file)
{
	uint64_t bytes = 0;
	if (stream->place != HF_P2_PLACE_NONE || hf_file_has_vnode(file))
		return HF_P2_STREAM_MOST;
	unsigned ready = file->ops->poll(file, HF_READY_OUT, NULL, &bytes);
	/* If a write without a reader ends the process (an option of its start), let it write. */
	if (ready & HF_READY_HANGUP)
		return file->ends_unread ? BLOCKING_MOST : -HF_EPIPE;
	if (!(ready & HF_READY_OUT))
		return 0;
	return bytes > 0 ? (int64_t)lesser(bytes, HF_P2_STREAM_MOST) : -HF_EPIPE;
}

static int64_t check_write(struct hf_p2_stream *stream)
{
	struct hf_fd_view view;
	int64_t result = get_file(stream, HF_WRITE, &view);
	if (result < 0)
		return result;
	result = room_in(stream, view.file);
	stream->permit = result > 0 ? (uint64_t)result : 0;
	hf_fd_put(&view);
	return result;
}

static void sys_output_stream_check_write(hf_b b, uint32_t self, uint32_t out)
{
	struct hf_p2_stream *stream = OUTPUT(out, count_result);
	if (stream)
		put_count(b, stream, check_write(stream), out);
}

P2_VOID_DOOR(output_stream_check_write, (uint32_t self, uint32_t out), self, out)

static int write_file(struct hf_p2_stream *stream, struct hf_file *file, struct hf_uio *uio)
{
	struct hf_vnode *vnode;
	uint64_t before = uio->resid, end;
	int result;
	switch (stream->place) {
	case HF_P2_PLACE_OFFSET:
		result = file->ops->pwrite(file, stream->offset, uio);
		stream->offset += before - uio->resid;
		return result;
	case HF_P2_PLACE_END:
		vnode = hf_vnode_file(file)->vnode;
		uio->now = hf_vnode_clock(vnode, &vnode->modified);
		return vnode->ops->write(vnode, 0, true, uio, &end);
	default:
		return hf__write_out(thread_of(stream), file, uio);
	}
}

/* Writes all bytes. Permitted bytes fit, unless another writer has filled the pipe meanwhile: then this waits instead of losing bytes. */
static int64_t write_all(struct hf_p2_stream *stream, struct hf_uio *uio)
{
	struct hf_fd_view view;
	int64_t result = get_file(stream, HF_WRITE, &view);
	if (result < 0)
		return result;
	while (result == 0 && uio->resid > 0) {
		uint64_t before = uio->resid;
		result = write_file(stream, view.file, uio);
		if (stream->moved)
			*stream->moved += before - uio->resid;
		if (result == -HF_EAGAIN || (result == 0 && uio->resid == before))
			result = wait_for(stream, true);
		result = result > 0 ? 0 : result;
	}
	hf_fd_put(&view);
	return result;
}

/* Uses up the permit for a write. 0; -HF_EPIPE, -HF_EINTR. */
static int64_t use_permit(hf_b b, struct hf_p2_stream *stream, uint64_t len)
{
	if (stream->closed)
		return -HF_EPIPE;
	if (len > stream->permit)
		return hf__p2_trap_at(b->p2, "more is written than the # bytes that check-write permits", stream->permit);
	stream->permit -= len;
	return 0;
}

static int64_t permit_for_blocking(hf_b b, uint64_t len)
{
	return len > BLOCKING_MOST ? hf__p2_trap_at(b->p2, "at most # bytes may be written at once", BLOCKING_MOST) : 0;
}

static int64_t write_list(hf_b b, struct hf_p2_stream *stream, uint32_t contents, uint32_t size)
{
	struct hf_iov iov = {.base = contents, .size = size};
	struct hf_uio uio = {.mem = &b->mem, .iov = &iov, .iov_left = 1, .resid = size};
	return write_all(stream, &uio);
}

/* The source of write-zeroes. */
static char zeros[BLOCKING_MOST];

static int64_t write_zeros(hf_b b, struct hf_p2_stream *stream, uint64_t len)
{
	struct hf_iov *iov = b->p2->thread->iov;
	uint32_t count = 0;
	for (uint64_t left = len; left > 0; left -= iov[count++].size)
		iov[count] = (struct hf_iov){.base = (uintptr_t)zeros, .size = (uint32_t)lesser(left, sizeof zeros)};
	_Static_assert(HF_P2_STREAM_MOST / sizeof zeros <= HF_IOV_MAX, "a permit fits");
	struct hf_uio uio = {.iov = iov, .iov_left = count, .resid = len};
	return write_all(stream, &uio);
}

static void sys_output_stream_write(hf_b b, uint32_t self, uint32_t contents, uint32_t size, uint32_t out)
{
	struct hf_p2_stream *stream = OUTPUT(out, unit_result);
	if (!stream || hf__p2_check(b, contents, size, 1) < 0)
		return;
	int64_t result = use_permit(b, stream, size);
	put_unit(b, stream, result < 0 ? result : write_list(b, stream, contents, size), out);
}

P2_VOID_DOOR(output_stream_write, (uint32_t self, uint32_t contents, uint32_t size, uint32_t out), self, contents, size,
             out)

static void sys_output_stream_blocking_write_and_flush(hf_b b, uint32_t self, uint32_t contents, uint32_t size,
                                                       uint32_t out)
{
	struct hf_p2_stream *stream = OUTPUT(out, unit_result);
	if (!stream || hf__p2_check(b, contents, size, 1) < 0)
		return;
	int64_t result = permit_for_blocking(b, size);
	put_unit(b, stream, result < 0 ? result : write_list(b, stream, contents, size), out);
}

P2_VOID_DOOR(output_stream_blocking_write_and_flush, (uint32_t self, uint32_t contents, uint32_t size, uint32_t out),
             self, contents, size, out)

static void sys_output_stream_write_zeroes(hf_b b, uint32_t self, uint64_t len, uint32_t out)
{
	struct hf_p2_stream *stream = OUTPUT(out, unit_result);
	if (!stream)
		return;
	int64_t result = use_permit(b, stream, len);
	put_unit(b, stream, result < 0 ? result : write_zeros(b, stream, len), out);
}

P2_VOID_DOOR(output_stream_write_zeroes, (uint32_t self, uint64_t len, uint32_t out), self, len, out)

static void sys_output_stream_blocking_write_zeroes_and_flush(hf_b b, uint32_t self, uint64_t len, uint32_t out)
{
	struct hf_p2_stream *stream = OUTPUT(out, unit_result);
	if (!stream)
		return;
	int64_t result = permit_for_blocking(b, len);
	put_unit(b, stream, result < 0 ? result : write_zeros(b, stream, len), out);
}

P2_VOID_DOOR(output_stream_blocking_write_zeroes_and_flush, (uint32_t self, uint64_t len, uint32_t out), self, len, out)

/* Nothing is buffered. */
static void flush(hf_b b, struct hf_p2_stream *stream, uint32_t out)
{
	if (stream)
		put_unit(b, stream, stream->closed ? -HF_EPIPE : 0, out);
}

static void sys_output_stream_flush(hf_b b, uint32_t self, uint32_t out)
{
	flush(b, OUTPUT(out, unit_result), out);
}

P2_VOID_DOOR(output_stream_flush, (uint32_t self, uint32_t out), self, out)

static void sys_output_stream_blocking_flush(hf_b b, uint32_t self, uint32_t out)
{
	flush(b, OUTPUT(out, unit_result), out);
}

P2_VOID_DOOR(output_stream_blocking_flush, (uint32_t self, uint32_t out), self, out)

/* ---- splice ---- */

/* One attempt; the number of bytes, or an error. */
static int64_t move(struct hf_p2_stream *from, struct hf_p2_stream *to, uint64_t len, bool *from_failed)
{
	struct hf_iov iov;
	struct hf_uio uio;
	*from_failed = false;
	int64_t result = check_write(to);
	if (result <= 0)
		return result;
	struct taken taken = take(from, lesser(len, (uint64_t)result), false);
	result = taken.count;
	*from_failed = result < 0;
	if (result > 0) {
		hf_uio_kernel(&uio, &iov, taken.bytes, (uint32_t)taken.count);
		to->permit -= (uint64_t)taken.count;
		result = write_all(to, &uio);
	}
	hf__p2_give_buffer_back(from->base.p2, taken.bytes);
	return result < 0 ? result : taken.count;
}

static int64_t wait_for_both(struct hf_p2_stream *from, struct hf_p2_stream *to)
{
	int result = wait_for(to, true);
	return result < 0 ? result : wait_for(from, true);
}

static void splice(hf_b b, struct hf_p2_stream *to, uint32_t source, uint64_t len, uint32_t out, bool wait)
{
	struct hf_p2_stream *from = to ? hf__p2_borrow(b, HF_P2_INPUT_STREAM, source) : NULL;
	bool from_failed = false;
	int64_t result;
	if (!from)
		return;
	do {
		result = wait ? wait_for_both(from, to) : 0;
		if (result >= 0)
			result = move(from, to, len, &from_failed);
	} while (wait && len > 0 && result == 0);
	put_count(b, from_failed ? from : to, result, out);
}

static void sys_output_stream_splice(hf_b b, uint32_t self, uint32_t source, uint64_t len, uint32_t out)
{
	splice(b, OUTPUT(out, count_result), source, len, out, false);
}

P2_VOID_DOOR(output_stream_splice, (uint32_t self, uint32_t source, uint64_t len, uint32_t out), self, source, len, out)

static void sys_output_stream_blocking_splice(hf_b b, uint32_t self, uint32_t source, uint64_t len, uint32_t out)
{
	splice(b, OUTPUT(out, count_result), source, len, out, true);
}

P2_VOID_DOOR(output_stream_blocking_splice, (uint32_t self, uint32_t source, uint64_t len, uint32_t out), self, source,
             len, out)

/* ---- pollables ---- */

static uint32_t subscribe(hf_b b, enum hf_p2_type type, uint32_t self)
{
	struct hf_p2_stream *stream = hf__p2_borrow(b, type, self);
	if (!stream)
		return 0;
	struct hf_p2_pollable *pollable = hf__p2_pollable(b->p2, HF_P2_EVENT_STREAM, &stream->base);
	return hf__p2_give(b, pollable ? &pollable->base : NULL);
}

static uint32_t sys_input_stream_subscribe(hf_b b, uint32_t self)
{
	return subscribe(b, HF_P2_INPUT_STREAM, self);
}

P2_DOOR(uint32_t, input_stream_subscribe, (uint32_t self), self)

static uint32_t sys_output_stream_subscribe(hf_b b, uint32_t self)
{
	return subscribe(b, HF_P2_OUTPUT_STREAM, self);
}

P2_DOOR(uint32_t, output_stream_subscribe, (uint32_t self), self)
