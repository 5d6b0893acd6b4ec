/* directory.c - wasi:filesystem: the entries of a directory, and the preopened directories. */
#include <string.h>

#include "fs/listing.h"
#include "kernel/vnode_file.h"
#include "wasi/p2/fs.h"

/* ---- directory-entry-stream ---- */

/* Room for the longest entry of a listing, or for about 30 entries of the usual length. */
#define BATCH 1024

/* A listing, in batches. The next batch starts after the cookie of the last entry, which stays valid when names are added and removed (names.h). */
struct entry_stream {
	struct hf_p2_object base; /* its parent is the directory's file */
	uint64_t next;
	bool over;
	uint32_t at, used; /* in the batch */
	_Alignas(8) char batch[BATCH];
};

struct entry {
	uint8_t type;
	const char *name;
	uint32_t size;
};

static int fill(struct entry_stream *stream)
{
	struct hf_fd_view view;
	const struct hf_p2_file *file = (const struct hf_p2_file *)(const void *)stream->base.parent;
	int result = hf_fd_get(&stream->base.p2->thread->process->fds, file->fd, 0, &view);
	if (result < 0)
		return result;
	result = hf_vnode_list(hf_vnode_file(view.file)->vnode, stream->next, stream->batch, sizeof stream->batch);
	hf_fd_put(&view);
	stream->over = result <= 0;
	stream->at = 0;
	stream->used = result < 0 ? 0 : (uint32_t)result;
	return result;
}

/* 1: the next entry; 0: there are no more; or an error. */
static int next_entry(struct entry_stream *stream, struct entry *out)
{
	if (stream->at == stream->used) {
		int result = stream->over ? 0 : fill(stream);
		if (result <= 0)
			return result;
	}
	struct hf_fs_entry entry;
	memcpy(&entry, stream->batch + stream->at, sizeof entry);
	*out = (struct entry){(uint8_t)entry.type, stream->batch + stream->at + sizeof entry, entry.name_size};
	stream->at += (uint32_t)sizeof entry + ((entry.name_size + 7) & ~UINT32_C(7));
	stream->next = (uint64_t)entry.next;
	return 1;
}

static bool is_itself_or_parent(const struct entry *entry)
{
	return entry->name[0] == '.' && (entry->size == 1 || (entry->size == 2 && entry->name[1] == '.'));
}

static void sys_read_directory(hf_b b, uint32_t self, uint32_t out)
{
	struct hf_p2_fs_call call;
	struct {
		uint8_t failed;
		uint32_t handle;
	} ok = {0};
	if (!hf__p2_fs_begin(&call, b, self, out, sizeof ok, 4))
		return;
	if (call.result == 0 && call.view.file->filetype != HF_FILETYPE_DIRECTORY)
		call.result = -HF_ENOTDIR;
	if (call.result == 0 && !(call.view.rights & HF_RIGHT_FD_READDIR))
		call.result = -HF_ENOTCAPABLE;
	if (call.result == 0) {
		struct entry_stream *stream =
			hf__p2_object(b->p2, sizeof *stream, HF_P2_DIRECTORY_ENTRY_STREAM, hf__p2_file_of(call.self));
		ok.handle = stream ? hf__p2_give(b, &stream->base) : 0;
		call.result = stream ? 0 : -HF_ENOMEM;
	}
	hf__p2_fs_end(&call, &ok, sizeof ok, 4);
}

P2_VOID_DOOR(read_directory, (uint32_t self, uint32_t out), self, out)

/* result<option<directory-entry>, error-code> */
struct entry_result {
	uint8_t failed;
	struct {
		uint32_t some; /* one byte; the rest is padding */
		struct {
			uint32_t type; /* likewise */
			struct hf_p2_list name;
		} entry;
	} option;
};
_Static_assert(sizeof(struct entry_result) == 20, "as in the canonical ABI");

static void sys_read_directory_entry(hf_b b, uint32_t self, uint32_t out)
{
	struct entry_stream *stream = hf__p2_borrow(b, HF_P2_DIRECTORY_ENTRY_STREAM, self);
	struct hf_p2_fs_call call = {.b = b, .out = out};
	struct entry_result ok = {0};
	struct entry entry;
	if (!stream || hf__p2_check(b, out, sizeof ok, 4) < 0)
		return;
	do {
		call.result = next_entry(stream, &entry);
	} while (call.result > 0 && is_itself_or_parent(&entry));
	if (call.result > 0) {
		ok.option.some = 1;
		ok.option.entry.type = hf__p2_fs_type(entry.type);
		call.result = hf__p2_put_string(b, entry.name, entry.size, &ok.option.entry.name);
	}
	hf__p2_fs_end(&call, &ok, sizeof ok, 4);
}

P2_VOID_DOOR(read_directory_entry, (uint32_t self, uint32_t out), self, out)

/* ---- preopens ---- */

/* tuple<own<descriptor>, string> */
struct preopen {
	uint32_t handle;
	struct hf_p2_list name;
};

/* Returns the flags of the preopened directory with this descriptor, and its name in the thread's path; 0: it is not preopened. */
static uint32_t find_preopen(struct hf_thread *thread, uint32_t fd, uint32_t *name_size)
{
	struct hf_fd_view view;
	int size = hf_fd_preopen_name(&thread->process->fds, fd, thread->path[0], HF_PATH_MAX);
	if (size < 0 || hf_fd_get(&thread->process->fds, fd, 0, &view) < 0)
		return 0;
	uint32_t flags = 0;
	if (view.file->filetype == HF_FILETYPE_DIRECTORY && hf_file_has_vnode(view.file))
		flags = HF_P2_FS_READ | (hf_vnode_file(view.file)->read_only_tree ? 0 : HF_P2_FS_MUTATE);
	hf_fd_put(&view);
	*name_size = (uint32_t)size;
	return flags;
}

static uint32_t count_preopens(struct hf_thread *thread)
{
	uint32_t count = 0, name_size;
	for (uint32_t fd = 0; fd < thread->process->limits.fds; fd++)
		count += find_preopen(thread, fd, &name_size) != 0;
	return count;
}

/* Stores the preopens at `at`. */
static int put_preopens(hf_b b, uint32_t at, uint32_t count)
{
	struct hf_thread *thread = b->p2->thread;
	for (uint32_t fd = 0; count > 0 && fd < thread->process->limits.fds; fd++) {
		struct preopen preopen = {0};
		uint32_t name_size, flags = find_preopen(thread, fd, &name_size);
		if (!flags)
			continue;
		int result = hf__p2_give_descriptor(b, fd, true, flags, &preopen.handle);
		if (result == -HF_ENOMEM)
			result = hf__p2_no_memory(b->p2);
		if (result == 0)
			result = hf__p2_put_string(b, thread->path[0], name_size, &preopen.name);
		if (result < 0)
			return result;
		hf__p2_store(b, at, &preopen, sizeof preopen);
		at += (uint32_t)sizeof preopen;
		count--;
	}
	return 0;
}

/* Each call returns new handles. Only the component closes descriptors of its process, so the preopens cannot change between counting and storing. */
static void sys_get_directories(hf_b b, uint32_t out)
{
	struct hf_p2_list list;
	if (hf__p2_check(b, out, sizeof list, 4) < 0)
		return;
	list.count = count_preopens(b->p2->thread);
	if (hf__p2_realloc(b, 4, list.count * sizeof(struct preopen), &list.at) == 0 &&
	    put_preopens(b, list.at, list.count) == 0)
		hf__p2_store(b, out, &list, sizeof list);
}

P2_VOID_DOOR(get_directories, (uint32_t out), out)
