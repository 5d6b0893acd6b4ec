/* descriptor.c - wasi:filesystem/types: the methods of a descriptor that have no path. */
#include "wasi/file_call.h"
#include "wasi/p2/fs.h"
#include "wasi/p2/stream.h"

/* The file's vnode. A stream has none (a program opens one as /dev/stdin); `stream_error` is what the call returns for it. */
static int find_vnode(struct hf_p2_fs_call *call, uint64_t rights, int stream_error, struct hf_vnode_file **out)
{
	if (call->result < 0)
		return call->result;
	*out = hf_vnode_file(call->view.file);
	if (!*out)
		return stream_error;
	return rights & ~call->view.rights ? -HF_ENOTCAPABLE : 0;
}

/* ---- reading and writing ---- */

/* Whether the descriptor's bytes can be read or written (`access`: one of enum hf_access). */
static int check_access(const struct hf_p2_fs_call *call, unsigned access)
{
	uint64_t right = access == HF_READ ? HF_RIGHT_FD_READ : HF_RIGHT_FD_WRITE;
	if (call->result < 0)
		return call->result;
	if (call->view.file->filetype == HF_FILETYPE_DIRECTORY)
		return -HF_EISDIR;
	return (call->view.file->access & access) && (call->view.rights & right) ? 0 : -HF_EBADF;
}

static int check_transfer(const struct hf_p2_fs_call *call, unsigned access, uint64_t offset)
{
	int result = check_access(call, access);
	return result == 0 && offset > INT64_MAX ? -HF_EINVAL : result;
}

struct read_result {
	uint8_t failed;
	struct hf_p2_list bytes;
	uint8_t end;
};
_Static_assert(sizeof(struct read_result) == 16, "result<tuple<list<u8>, bool>, error-code>");

/* Whether the bytes are so many that they should not pass through a buffer. If so, `ok` gets their number, and whether they are the last. */
static bool is_direct(const struct hf_p2_fs_call *call, uint32_t size, uint64_t offset, struct read_result *ok)
{
	int64_t count = size > HF_P2_BUFFER_SMALL ? hf__p2_left_in_file(call->view.file, offset, size) : -HF_ENOTSUP;
	if (count <= 0)
		return false;
	ok->bytes.count = (uint32_t)count;
	ok->end = (uint32_t)count < size;
	return true;
}

/* Reads the bytes into the buffer, and copies them to memory from the component's realloc. */
static int read_to_buffer(struct hf_p2_fs_call *call, void *buffer, uint32_t size, uint64_t offset,
                          struct read_result *ok)
{
	struct hf_iov iov;
	struct hf_uio uio;
	if (!buffer)
		return -HF_ENOMEM;
	hf_uio_kernel(&uio, &iov, buffer, size);
	int result = call->view.file->ops->pread(call->view.file, offset, &uio);
	hf__p2_fs_put_back(call);
	if (result < 0)
		return result;
	ok->bytes.count = size - (uint32_t)uio.resid;
	/* Reading a file is short only at its end. An empty read also reports the end, as in Wasmtime: otherwise the preview 1 adapter takes it for EINTR. */
	ok->end = uio.resid > 0 || size == 0;
	return hf__p2_put_new(call->b, buffer, ok->bytes.count, 1, &ok->bytes.at);
}

/* Reads at most HF_P2_STREAM_MOST bytes. */
static int read_at(struct hf_p2_fs_call *call, uint64_t length, uint64_t offset, struct read_result *ok)
{
	hf_b b = call->b;
	uint32_t size = (uint32_t)(length < HF_P2_STREAM_MOST ? length : HF_P2_STREAM_MOST);
	if (is_direct(call, size, offset, ok)) {
		hf__p2_fs_put_back(call);
		return hf__p2_put_file(b, hf__p2_fd_of(call->self), offset, ok->bytes.count, &ok->bytes.at);
	}
	void *buffer = hf__p2_buffer(b->p2, size);
	int result = read_to_buffer(call, buffer, size, offset, ok);
	hf__p2_give_buffer_back(b->p2, buffer);
	return result;
}

static void sys_descriptor_read(hf_b b, uint32_t self, uint64_t length, uint64_t offset, uint32_t out)
{
	struct hf_p2_fs_call call;
	struct read_result ok = {0};
	if (!hf__p2_fs_begin(&call, b, self, out, sizeof ok, 4))
		return;
	call.result = check_transfer(&call, HF_READ, offset);
	if (call.result == 0)
		call.result = read_at(&call, length, offset, &ok);
	hf__p2_fs_end(&call, &ok, sizeof ok, 4);
}

P2_VOID_DOOR(descriptor_read, (uint32_t self, uint64_t length, uint64_t offset, uint32_t out), self, length, offset,
             out)

struct write_result {
	uint8_t failed;
	uint64_t written;
};

static void sys_descriptor_write(hf_b b, uint32_t self, uint32_t bytes, uint32_t count, uint64_t offset, uint32_t out)
{
	struct hf_p2_fs_call call;
	struct write_result ok = {0};
	if (hf__p2_check(b, bytes, count, 1) < 0 || !hf__p2_fs_begin(&call, b, self, out, sizeof ok, 8))
		return;
	call.result = check_transfer(&call, HF_WRITE, offset);
	if (call.result == 0) {
		const struct hf_iov iov = {.base = bytes, .size = count};
		struct hf_uio uio = {.mem = &b->mem, .iov = &iov, .iov_left = 1, .resid = count};
		call.result = call.view.file->ops->pwrite(call.view.file, offset, &uio);
		ok.written = count - uio.resid;
	}
	hf__p2_fs_end(&call, &ok, sizeof ok, 8);
}

P2_VOID_DOOR(descriptor_write, (uint32_t self, uint32_t bytes, uint32_t count, uint64_t offset, uint32_t out), self,
             bytes, count, offset, out)

/* The stream of a regular file has its own position; the stream of a device, or of another stream, uses the position of the description. */
static void stream_over(hf_b b, uint32_t self, enum hf_p2_type type, enum hf_p2_place place, uint64_t offset,
                        uint32_t out)
{
	struct hf_p2_fs_call call;
	struct {
		uint8_t failed;
		uint32_t handle;
	} ok = {0};
	if (!hf__p2_fs_begin(&call, b, self, out, sizeof ok, 4))
		return;
	call.result = check_transfer(&call, type == HF_P2_INPUT_STREAM ? HF_READ : HF_WRITE, offset);
	if (call.result == 0) {
		if (call.view.file->filetype != HF_FILETYPE_REGULAR_FILE)
			place = HF_P2_PLACE_NONE;
		struct hf_p2_stream *stream =
			hf__p2_stream(b->p2, type, hf__p2_fd_of(call.self), place, offset, hf__p2_file_of(call.self));
		ok.handle = stream ? hf__p2_give(b, &stream->base) : 0;
		call.result = stream ? 0 : -HF_ENOMEM;
	}
	hf__p2_fs_end(&call, &ok, sizeof ok, 4);
}

static void sys_read_via_stream(hf_b b, uint32_t self, uint64_t offset, uint32_t out)
{
	stream_over(b, self, HF_P2_INPUT_STREAM, HF_P2_PLACE_OFFSET, offset, out);
}

P2_VOID_DOOR(read_via_stream, (uint32_t self, uint64_t offset, uint32_t out), self, offset, out)

static void sys_write_via_stream(hf_b b, uint32_t self, uint64_t offset, uint32_t out)
{
	stream_over(b, self, HF_P2_OUTPUT_STREAM, HF_P2_PLACE_OFFSET, offset, out);
}

P2_VOID_DOOR(write_via_stream, (uint32_t self, uint64_t offset, uint32_t out), self, offset, out)

static void sys_append_via_stream(hf_b b, uint32_t self, uint32_t out)
{
	stream_over(b, self, HF_P2_OUTPUT_STREAM, HF_P2_PLACE_END, 0, out);
}

P2_VOID_DOOR(append_via_stream, (uint32_t self, uint32_t out), self, out)

/* ---- flags, type, attributes ---- */

struct byte_result {
	uint8_t failed, value;
};

static void sys_descriptor_get_flags(hf_b b, uint32_t self, uint32_t out)
{
	struct hf_p2_fs_call call;
	if (!hf__p2_fs_begin(&call, b, self, out, 2, 1))
		return;
	struct byte_result ok = {.value = (uint8_t)call.self->flags};
	hf__p2_fs_end(&call, &ok, sizeof ok, 1);
}

P2_VOID_DOOR(descriptor_get_flags, (uint32_t self, uint32_t out), self, out)

static void sys_descriptor_get_type(hf_b b, uint32_t self, uint32_t out)
{
	struct hf_p2_fs_call call;
	if (!hf__p2_fs_begin(&call, b, self, out, 2, 1))
		return;
	struct byte_result ok = {.value = call.view.file ? hf__p2_fs_type(call.view.file->filetype) : 0};
	hf__p2_fs_end(&call, &ok, sizeof ok, 1);
}

P2_VOID_DOOR(descriptor_get_type, (uint32_t self, uint32_t out), self, out)

static int get_attr(const struct hf_p2_fs_call *call, struct hf_attr *attr)
{
	if (call->result < 0)
		return call->result;
	if (!(call->view.rights & HF_RIGHT_FD_FILESTAT_GET))
		return -HF_ENOTCAPABLE;
	return call->view.file->ops->getattr(call->view.file, attr);
}

static void sys_descriptor_stat(hf_b b, uint32_t self, uint32_t out)
{
	struct hf_p2_fs_call call;
	struct hf_attr attr;
	struct hf_p2_fs_stat ok;
	if (!hf__p2_fs_begin(&call, b, self, out, sizeof ok, 8))
		return;
	call.result = get_attr(&call, &attr);
	if (call.result == 0)
		hf__p2_fs_put_stat(&ok, &attr);
	hf__p2_fs_end(&call, &ok, sizeof ok, 8);
}

P2_VOID_DOOR(descriptor_stat, (uint32_t self, uint32_t out), self, out)

static void sys_metadata_hash(hf_b b, uint32_t self, uint32_t out)
{
	struct hf_p2_fs_call call;
	struct hf_attr attr;
	struct hf_p2_fs_hash ok = {0};
	if (!hf__p2_fs_begin(&call, b, self, out, sizeof ok, 8))
		return;
	call.result = get_attr(&call, &attr);
	if (call.result == 0)
		hf__p2_fs_put_hash(&ok, &attr);
	hf__p2_fs_end(&call, &ok, sizeof ok, 8);
}

P2_VOID_DOOR(metadata_hash, (uint32_t self, uint32_t out), self, out)

static bool same_file(struct hf_file *one, struct hf_file *other)
{
	const struct hf_vnode_file *a = hf_vnode_file(one), *b = hf_vnode_file(other);
	if (!a || !b)
		return one == other;
	return a->vnode == b->vnode || (a->vnode->fs == b->vnode->fs && a->vnode->ino == b->vnode->ino);
}

static uint32_t sys_is_same_object(hf_b b, uint32_t self, uint32_t other)
{
	const struct hf_p2_descriptor *one = hf__p2_borrow(b, HF_P2_DESCRIPTOR, self);
	const struct hf_p2_descriptor *two = one ? hf__p2_borrow(b, HF_P2_DESCRIPTOR, other) : NULL;
	struct hf_fdtable *fds = &b->p2->thread->process->fds;
	struct hf_fd_view a, c;
	if (!two || hf_fd_get(fds, hf__p2_fd_of(one), 0, &a) < 0)
		return false;
	bool same = false;
	if (hf_fd_get(fds, hf__p2_fd_of(two), 0, &c) == 0) {
		same = same_file(a.file, c.file);
		hf_fd_put(&c);
	}
	hf_fd_put(&a);
	return same;
}

P2_DOOR(uint32_t, is_same_object, (uint32_t self, uint32_t other), self, other)

/* ---- changes ---- */

static void sys_descriptor_set_size(hf_b b, uint32_t self, uint64_t size, uint32_t out)
{
	struct hf_p2_fs_call call;
	struct hf_vnode_file *file;
	if (!hf__p2_fs_begin_status(&call, b, self, out))
		return;
	call.result = find_vnode(&call, 0, -HF_EINVAL, &file);
	if (call.result == 0)
		call.result = hf__file_set_size(&call.view, size);
	hf__p2_fs_end_status(&call);
}

P2_VOID_DOOR(descriptor_set_size, (uint32_t self, uint64_t size, uint32_t out), self, size, out)

static void sys_descriptor_set_times(hf_b b, uint32_t self, uint32_t atim_kind, uint64_t atim_seconds,
                                     uint32_t atim_nanoseconds, uint32_t mtim_kind, uint64_t mtim_seconds,
                                     uint32_t mtim_nanoseconds, uint32_t out)
{
	const struct hf_p2_new_time times[] = {{atim_kind, atim_seconds, atim_nanoseconds},
	                                       {mtim_kind, mtim_seconds, mtim_nanoseconds}};
	struct hf_p2_fs_call call;
	struct hf_vnode_file *file;
	uint64_t ns[2];
	const uint64_t *new_times[2];
	if (!hf__p2_fs_begin_status(&call, b, self, out))
		return;
	int valid = hf__p2_new_times(b, times, ns, new_times);
	call.result = find_vnode(&call, HF_RIGHT_FD_FILESTAT_SET_TIMES, -HF_EINVAL, &file);
	if (call.result == 0)
		call.result = valid < 0 ? valid : hf__file_set_times(file, new_times[0], new_times[1]);
	hf__p2_fs_end_status(&call);
}

P2_VOID_DOOR(descriptor_set_times,
             (uint32_t self, uint32_t atim_kind, uint64_t atim_seconds, uint32_t atim_nanoseconds, uint32_t mtim_kind,
              uint64_t mtim_seconds, uint32_t mtim_nanoseconds, uint32_t out),
             self, atim_kind, atim_seconds, atim_nanoseconds, mtim_kind, mtim_seconds, mtim_nanoseconds, out)

static void sync_with(hf_b b, uint32_t self, uint64_t right, uint32_t out)
{
	struct hf_p2_fs_call call;
	struct hf_vnode_file *file;
	if (!hf__p2_fs_begin_status(&call, b, self, out))
		return;
	call.result = find_vnode(&call, right, -HF_EINVAL, &file);
	if (call.result == 0)
		call.result = hf__vnode_sync(file->vnode);
	hf__p2_fs_end_status(&call);
}

static void sys_descriptor_sync(hf_b b, uint32_t self, uint32_t out)
{
	sync_with(b, self, HF_RIGHT_FD_SYNC, out);
}

P2_VOID_DOOR(descriptor_sync, (uint32_t self, uint32_t out), self, out)

static void sys_descriptor_sync_data(hf_b b, uint32_t self, uint32_t out)
{
	sync_with(b, self, HF_RIGHT_FD_DATASYNC, out);
}

P2_VOID_DOOR(descriptor_sync_data, (uint32_t self, uint32_t out), self, out)

static void sys_descriptor_advise(hf_b b, uint32_t self, uint64_t offset, uint64_t length, uint32_t advice,
                                  uint32_t out)
{
	struct hf_p2_fs_call call;
	struct hf_vnode_file *file;
	if (advice > 5) {
		(void)hf__p2_trap_at(b->p2, "an advice has no case #", advice);
		return;
	}
	if (!hf__p2_fs_begin_status(&call, b, self, out))
		return;
	call.result = find_vnode(&call, HF_RIGHT_FD_ADVISE, -HF_ESPIPE, &file);
	/* Everything is in memory, so there is nothing to read ahead or to drop. */
	if (call.result == 0 && call.view.file->filetype == HF_FILETYPE_DIRECTORY)
		call.result = -HF_EBADF;
	if (call.result == 0 && (offset > INT64_MAX || length > INT64_MAX))
		call.result = -HF_EINVAL;
	hf__p2_fs_end_status(&call);
}

P2_VOID_DOOR(descriptor_advise, (uint32_t self, uint64_t offset, uint64_t length, uint32_t advice, uint32_t out), self,
             offset, length, advice, out)
