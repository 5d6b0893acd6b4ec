/* descriptor_at.c - wasi:filesystem/types: the methods of a descriptor that have a path (fs_call.h). */
#include "fs/path.h"
#include "kernel/vnode_file.h"
#include "wasi/p2/fs.h"

/* flags path-flags and open-flags have the values of preview 1. Bits that WIT does not name are ignored, as in the canonical ABI. */
_Static_assert((int)HF_PATH_FOLLOW == (int)HF_LOOKUP_SYMLINK_FOLLOW, "path-flags.symlink-follow");

/* Copies a string of the component's to the thread's path. -HF_ENAMETOOLONG; -HF_EINTR after a trap, also if it is not UTF-8. */
static int get_text(hf_b b, int slot, uint32_t at, uint32_t size)
{
	char *text = b->p2->thread->path[slot];
	int result = hf__p2_check(b, at, size, 1);
	if (result == 0 && size > HF_PATH_MAX)
		return -HF_ENAMETOOLONG;
	if (result == 0)
		result = hf__p2_get(b, text, at, size, 1);
	/* A NUL is valid UTF-8: the call itself refuses it. */
	if (result == 0 && hf_path_check_text(text, size) == -HF_EILSEQ)
		result = hf__p2_trap(b->p2, "a string is not UTF-8");
	return result;
}

static int get_path(hf_b b, int slot, const struct hf_p2_descriptor *dir, uint32_t at, uint32_t size,
                    struct hf_fs_path *out)
{
	*out = (struct hf_fs_path){.fd = hf__p2_fd_of(dir), .size = size, .text = b->p2->thread->path[slot]};
	return get_text(b, slot, at, size);
}

/* Makes the call with the path, unless an error has already been found. Returns its result. */
static int call_at(const struct hf_p2_fs_call *call, struct hf_fs_call *fs, uint32_t flags, uint32_t path,
                   uint32_t size)
{
	fs->follow = flags & HF_PATH_FOLLOW;
	int result = get_path(call->b, 0, call->self, path, size, &fs->at);
	if (result == 0)
		result = call->result;
	return result < 0 ? result : hf_fs_call(call->b->p2->thread, fs);
}

/* ---- names ---- */

static void change_name(hf_b b, enum hf_fs_op op, uint32_t self, uint32_t path, uint32_t size, uint32_t out)
{
	struct hf_p2_fs_call call;
	struct hf_fs_call fs = {.op = op};
	if (!hf__p2_fs_begin_status(&call, b, self, out))
		return;
	call.result = call_at(&call, &fs, 0, path, size);
	hf__p2_fs_end_status(&call);
}

static void sys_create_directory_at(hf_b b, uint32_t self, uint32_t path, uint32_t size, uint32_t out)
{
	change_name(b, HF_FS_MKDIR, self, path, size, out);
}

P2_VOID_DOOR(create_directory_at, (uint32_t self, uint32_t path, uint32_t size, uint32_t out), self, path, size, out)

static void sys_remove_directory_at(hf_b b, uint32_t self, uint32_t path, uint32_t size, uint32_t out)
{
	change_name(b, HF_FS_RMDIR, self, path, size, out);
}

P2_VOID_DOOR(remove_directory_at, (uint32_t self, uint32_t path, uint32_t size, uint32_t out), self, path, size, out)

static void sys_unlink_file_at(hf_b b, uint32_t self, uint32_t path, uint32_t size, uint32_t out)
{
	change_name(b, HF_FS_UNLINK, self, path, size, out);
}

P2_VOID_DOOR(unlink_file_at, (uint32_t self, uint32_t path, uint32_t size, uint32_t out), self, path, size, out)

static void sys_symlink_at(hf_b b, uint32_t self, uint32_t target, uint32_t target_size, uint32_t path, uint32_t size,
                           uint32_t out)
{
	struct hf_p2_fs_call call;
	struct hf_fs_call fs = {.op = HF_FS_SYMLINK, .text = {b->p2->thread->path[1], target_size}};
	if (!hf__p2_fs_begin_status(&call, b, self, out))
		return;
	int result = get_text(b, 1, target, target_size);
	call.result = result < 0 ? result : call_at(&call, &fs, 0, path, size);
	hf__p2_fs_end_status(&call);
}

P2_VOID_DOOR(symlink_at,
             (uint32_t self, uint32_t target, uint32_t target_size, uint32_t path, uint32_t size, uint32_t out), self,
             target, target_size, path, size, out)

/* Links and renames. */
static void change_two(hf_b b, enum hf_fs_op op, uint32_t self, uint32_t flags, uint32_t old_path, uint32_t old_size,
                       uint32_t new_dir, uint32_t new_path, uint32_t new_size, uint32_t out)
{
	struct hf_p2_fs_call call;
	struct hf_fs_call fs = {.op = op};
	if (!hf__p2_fs_begin_status(&call, b, self, out))
		return;
	const struct hf_p2_descriptor *other = hf__p2_borrow(b, HF_P2_DESCRIPTOR, new_dir);
	int result = other ? get_path(b, 1, other, new_path, new_size, &fs.to) : -HF_EINTR;
	call.result = result < 0 ? result : call_at(&call, &fs, flags, old_path, old_size);
	hf__p2_fs_end_status(&call);
}

static void sys_link_at(hf_b b, uint32_t self, uint32_t flags, uint32_t old_path, uint32_t old_size, uint32_t new_dir,
                        uint32_t new_path, uint32_t new_size, uint32_t out)
{
	change_two(b, HF_FS_LINK, self, flags, old_path, old_size, new_dir, new_path, new_size, out);
}

P2_VOID_DOOR(link_at,
             (uint32_t self, uint32_t flags, uint32_t old_path, uint32_t old_size, uint32_t new_dir, uint32_t new_path,
              uint32_t new_size, uint32_t out),
             self, flags, old_path, old_size, new_dir, new_path, new_size, out)

static void sys_rename_at(hf_b b, uint32_t self, uint32_t old_path, uint32_t old_size, uint32_t new_dir,
                          uint32_t new_path, uint32_t new_size, uint32_t out)
{
	change_two(b, HF_FS_RENAME, self, 0, old_path, old_size, new_dir, new_path, new_size, out);
}

P2_VOID_DOOR(rename_at,
             (uint32_t self, uint32_t old_path, uint32_t old_size, uint32_t new_dir, uint32_t new_path,
              uint32_t new_size, uint32_t out),
             self, old_path, old_size, new_dir, new_path, new_size, out)

/* ---- attributes and links ---- */

static void sys_readlink_at(hf_b b, uint32_t self, uint32_t path, uint32_t size, uint32_t out)
{
	char *text = b->p2->thread->path[1];
	struct hf_p2_fs_call call;
	struct hf_fs_call fs = {.op = HF_FS_READLINK, .text = {text, HF_PATH_MAX}};
	struct {
		uint8_t failed;
		struct hf_p2_list text;
	} ok = {0};
	if (!hf__p2_fs_begin(&call, b, self, out, sizeof ok, 4))
		return;
	call.result = call_at(&call, &fs, 0, path, size);
	hf__p2_fs_put_back(&call);
	/* "If the contents contain an absolute or rooted path [...], this function fails with not-permitted"; only the page can make such a link. */
	if (call.result > 0 && text[0] == '/')
		call.result = -HF_EPERM;
	if (call.result >= 0)
		call.result = hf__p2_put_string(b, text, (uint32_t)call.result, &ok.text);
	hf__p2_fs_end(&call, &ok, sizeof ok, 4);
}

P2_VOID_DOOR(readlink_at, (uint32_t self, uint32_t path, uint32_t size, uint32_t out), self, path, size, out)

static void sys_stat_at(hf_b b, uint32_t self, uint32_t flags, uint32_t path, uint32_t size, uint32_t out)
{
	struct hf_p2_fs_call call;
	struct hf_fs_call fs = {.op = HF_FS_STAT};
	struct hf_p2_fs_stat ok;
	if (!hf__p2_fs_begin(&call, b, self, out, sizeof ok, 8))
		return;
	call.result = call_at(&call, &fs, flags, path, size);
	if (call.result == 0)
		hf__p2_fs_put_stat(&ok, &fs.attr);
	hf__p2_fs_end(&call, &ok, sizeof ok, 8);
}

P2_VOID_DOOR(stat_at, (uint32_t self, uint32_t flags, uint32_t path, uint32_t size, uint32_t out), self, flags, path,
             size, out)

static void sys_metadata_hash_at(hf_b b, uint32_t self, uint32_t flags, uint32_t path, uint32_t size, uint32_t out)
{
	struct hf_p2_fs_call call;
	struct hf_fs_call fs = {.op = HF_FS_STAT};
	struct hf_p2_fs_hash ok = {0};
	if (!hf__p2_fs_begin(&call, b, self, out, sizeof ok, 8))
		return;
	call.result = call_at(&call, &fs, flags, path, size);
	if (call.result == 0)
		hf__p2_fs_put_hash(&ok, &fs.attr);
	hf__p2_fs_end(&call, &ok, sizeof ok, 8);
}

P2_VOID_DOOR(metadata_hash_at, (uint32_t self, uint32_t flags, uint32_t path, uint32_t size, uint32_t out), self, flags,
             path, size, out)

static void sys_set_times_at(hf_b b, uint32_t self, uint32_t flags, uint32_t path, uint32_t size, uint32_t atim_kind,
                             uint64_t atim_seconds, uint32_t atim_nanoseconds, uint32_t mtim_kind,
                             uint64_t mtim_seconds, uint32_t mtim_nanoseconds, uint32_t out)
{
	const struct hf_p2_new_time times[] = {{atim_kind, atim_seconds, atim_nanoseconds},
	                                       {mtim_kind, mtim_seconds, mtim_nanoseconds}};
	struct hf_p2_fs_call call;
	struct hf_fs_call fs = {.op = HF_FS_SET_TIMES};
	uint64_t ns[2];
	const uint64_t *new_times[2];
	if (!hf__p2_fs_begin_status(&call, b, self, out))
		return;
	int result = hf__p2_new_times(b, times, ns, new_times);
	fs.times.atim = new_times[0];
	fs.times.mtim = new_times[1];
	call.result = result < 0 ? result : call_at(&call, &fs, flags, path, size);
	hf__p2_fs_end_status(&call);
}

P2_VOID_DOOR(set_times_at,
             (uint32_t self, uint32_t flags, uint32_t path, uint32_t size, uint32_t atim_kind, uint64_t atim_seconds,
              uint32_t atim_nanoseconds, uint32_t mtim_kind, uint64_t mtim_seconds, uint32_t mtim_nanoseconds,
              uint32_t out),
             self, flags, path, size, atim_kind, atim_seconds, atim_nanoseconds, mtim_kind, mtim_seconds,
             mtim_nanoseconds, out)

/* ---- open ---- */

/* Without the flag `write`, the file is opened for reading. Creating or truncating a file opens it for writing, as in Wasmtime and the official suite
 * (filesystem-flags-and-type). */
static uint32_t opened_flags(uint32_t oflags, uint32_t flags)
{
	if (!(flags & HF_P2_FS_WRITE))
		flags |= HF_P2_FS_READ;
	if (oflags & (HF_OFLAG_CREAT | HF_OFLAG_TRUNC))
		flags |= HF_P2_FS_WRITE;
	return flags & (2 * HF_P2_FS_MUTATE - 1);
}

static uint32_t fdflags_of(uint32_t flags)
{
	return (flags & HF_P2_FS_FILE_SYNC ? HF_FDFLAG_SYNC : 0) | (flags & HF_P2_FS_DATA_SYNC ? HF_FDFLAG_DSYNC : 0) |
	       (flags & HF_P2_FS_READ_SYNC ? HF_FDFLAG_RSYNC : 0);
}

/* Opens the path; returns the descriptor of the process. It gets all rights that the directory passes on, except that `flags` decides about reading and
 * writing. */
static int open_path(const struct hf_p2_fs_call *call, uint32_t path_flags, uint32_t path, uint32_t size,
                     uint32_t oflags, uint32_t flags)
{
	const uint64_t access = HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE;
	uint64_t inheriting = call->result < 0 ? 0 : call->view.inheriting;
	struct hf_fs_call fs = {.op = HF_FS_OPEN};
	fs.open.oflags = oflags & HF_OFLAGS_ALL;
	fs.open.fdflags = fdflags_of(flags);
	fs.open.inheriting = inheriting;
	fs.open.rights = (inheriting & ~access) | (flags & HF_P2_FS_READ ? HF_RIGHT_FD_READ : 0) |
	                 (flags & HF_P2_FS_WRITE ? HF_RIGHT_FD_WRITE : 0);
	return call_at(call, &fs, path_flags, path, size);
}

/* "If `flags` contains `write` or `mutate-directory`, or `open-flags` contains `truncate` or `create`", a read-only directory refuses the call. */
static int check_read_only(const struct hf_p2_fs_call *call, uint32_t flags)
{
	struct hf_vnode_file *dir = call->result < 0 ? NULL : hf_vnode_file(call->view.file);
	bool changes = flags & (HF_P2_FS_WRITE | HF_P2_FS_MUTATE);
	return dir && dir->read_only_tree && changes ? -HF_EROFS : call->result;
}

/* Makes a handle for the opened file. mutate-directory "may only be set on directories". */
static int give_opened(hf_b b, uint32_t fd, uint32_t flags, uint32_t *handle)
{
	struct hf_fd_view view;
	int result = hf_fd_get(&b->p2->thread->process->fds, fd, 0, &view);
	if (result < 0)
		return result;
	if (view.file->filetype != HF_FILETYPE_DIRECTORY)
		flags &= ~(uint32_t)HF_P2_FS_MUTATE;
	hf_fd_put(&view);
	return hf__p2_give_descriptor(b, fd, false, flags, handle);
}

static void sys_open_at(hf_b b, uint32_t self, uint32_t path_flags, uint32_t path, uint32_t size, uint32_t oflags,
                        uint32_t descriptor_flags, uint32_t out)
{
	struct hf_p2_fs_call call;
	struct {
		uint8_t failed;
		uint32_t handle;
	} ok = {0};
	uint32_t flags = opened_flags(oflags, descriptor_flags);
	if (!hf__p2_fs_begin(&call, b, self, out, sizeof ok, 4))
		return;
	call.result = check_read_only(&call, flags);
	call.result = open_path(&call, path_flags, path, size, oflags, flags);
	if (call.result >= 0)
		call.result = give_opened(b, (uint32_t)call.result, flags, &ok.handle);
	hf__p2_fs_end(&call, &ok, sizeof ok, 4);
}

P2_VOID_DOOR(open_at,
             (uint32_t self, uint32_t path_flags, uint32_t path, uint32_t size, uint32_t oflags, uint32_t flags,
              uint32_t out),
             self, path_flags, path, size, oflags, flags, out)
