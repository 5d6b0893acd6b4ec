/* path.c - preview 1's system calls on paths below a directory. */
#include "fs/path.h"
#include "kernel/vnode_file.h"
#include "wasi/fs_call.h"
#include "wasi/sys.h"

/* Copies a path from the guest. */
static int get_path(hf_t t, int slot, uint32_t fd, uint32_t path, uint32_t size, struct hf_fs_path *out)
{
	*out = (struct hf_fs_path){.fd = fd, .size = size, .text = t->path[slot]};
	if (size > HF_PATH_MAX)
		return -HF_ENAMETOOLONG;
	return hf_copy_in(&t->mem, t->path[slot], path, size);
}

/* Sets the flags for a walk; -HF_EINVAL for unknown lookup flags. */
static int follow(struct hf_fs_call *call, uint32_t lookup_flags)
{
	call->follow = lookup_flags & HF_LOOKUP_SYMLINK_FOLLOW ? HF_PATH_FOLLOW : 0;
	return lookup_flags & ~(uint32_t)HF_LOOKUP_SYMLINK_FOLLOW ? -HF_EINVAL : 0;
}

static int call_at(hf_t t, struct hf_fs_call *call, uint32_t fd, uint32_t path, uint32_t size)
{
	int result = get_path(t, 0, fd, path, size, &call->at);
	return result < 0 ? result : hf_fs_call(t, call);
}

/* ---- names: mkdir, rmdir, unlink, symlink, link, rename ---- */

static int change_name(hf_t t, enum hf_fs_op op, uint32_t fd, uint32_t path, uint32_t size)
{
	struct hf_fs_call call = {.op = op};
	return call_at(t, &call, fd, path, size);
}

int hf__sys_path_create_directory(hf_t t, uint32_t fd, uint32_t path, uint32_t size)
{
	return change_name(t, HF_FS_MKDIR, fd, path, size);
}

int hf__sys_path_remove_directory(hf_t t, uint32_t fd, uint32_t path, uint32_t size)
{
	return change_name(t, HF_FS_RMDIR, fd, path, size);
}

int hf__sys_path_unlink_file(hf_t t, uint32_t fd, uint32_t path, uint32_t size)
{
	return change_name(t, HF_FS_UNLINK, fd, path, size);
}

int hf__sys_path_symlink(hf_t t, uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path, uint32_t size)
{
	struct hf_fs_call call = {.op = HF_FS_SYMLINK, .text = {t->path[1], target_size}};
	int result = get_path(t, 1, fd, target, target_size, &call.to);
	return result < 0 ? result : call_at(t, &call, fd, path, size);
}

static int change_two(hf_t t, struct hf_fs_call *call, uint32_t old_fd, uint32_t old_path, uint32_t old_size,
                      uint32_t new_fd, uint32_t new_path, uint32_t new_size)
{
	int result = get_path(t, 1, new_fd, new_path, new_size, &call->to);
	return result < 0 ? result : call_at(t, call, old_fd, old_path, old_size);
}

int hf__sys_path_link(hf_t t, uint32_t old_fd, uint32_t old_flags, uint32_t old_path, uint32_t old_size,
                      uint32_t new_fd, uint32_t new_path, uint32_t new_size)
{
	struct hf_fs_call call = {.op = HF_FS_LINK};
	int result = follow(&call, old_flags);
	return result < 0 ? result : change_two(t, &call, old_fd, old_path, old_size, new_fd, new_path, new_size);
}

int hf__sys_path_rename(hf_t t, uint32_t old_fd, uint32_t old_path, uint32_t old_size, uint32_t new_fd,
                        uint32_t new_path, uint32_t new_size)
{
	struct hf_fs_call call = {.op = HF_FS_RENAME};
	return change_two(t, &call, old_fd, old_path, old_size, new_fd, new_path, new_size);
}

int hf__sys_path_readlink(hf_t t, uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer, uint32_t size,
                          uint32_t out)
{
	struct hf_fs_call call = {.op = HF_FS_READLINK, .text = {t->path[1], size < HF_PATH_MAX ? size : HF_PATH_MAX}};
	int result = hf_user_check(&t->mem, buffer, size);
	if (result == 0)
		result = hf_user_check(&t->mem, out, 4);
	if (result == 0)
		result = call_at(t, &call, fd, path, path_size);
	if (result < 0)
		return result;
	uint32_t used = (uint32_t)result;
	result = hf_copy_out(&t->mem, buffer, t->path[1], used);
	return result < 0 ? result : hf_copy_out(&t->mem, out, &used, 4);
}

/* ---- attributes ---- */

int hf__sys_path_filestat_get(hf_t t, enum hf_wasi_abi abi, uint32_t fd, uint32_t flags, uint32_t path, uint32_t size,
                              uint32_t out)
{
	struct hf_fs_call call = {.op = HF_FS_STAT};
	int result = follow(&call, flags);
	if (result == 0)
		result = call_at(t, &call, fd, path, size);
	return result < 0 ? result : hf__put_filestat(t, abi, out, &call.attr);
}

int hf__sys_path_filestat_set_times(hf_t t, uint32_t fd, uint32_t flags, uint32_t path, uint32_t size, uint64_t atim,
                                    uint64_t mtim, uint32_t fst_flags)
{
	struct hf_fs_call call = {.op = HF_FS_SET_TIMES};
	int result = follow(&call, flags);
	if (result == 0)
		result = hf__times(fst_flags, &atim, &mtim, &call.times.atim, &call.times.mtim);
	return result < 0 ? result : call_at(t, &call, fd, path, size);
}

/* ---- open ---- */

int hf__sys_path_open(hf_t t, uint32_t fd, uint32_t dirflags, uint32_t path, uint32_t size, uint32_t oflags,
                      uint64_t rights, uint64_t inheriting, uint32_t fdflags, uint32_t out)
{
	struct hf_fs_call call = {
		.op = HF_FS_OPEN,
		.open = {.rights = rights, .inheriting = inheriting, .oflags = oflags, .fdflags = fdflags},
	};
	int result = follow(&call, dirflags);
	if (result == 0)
		result = hf_user_check(&t->mem, out, 4);
	if (result == 0)
		result = call_at(t, &call, fd, path, size);
	return result < 0 ? result : hf_copy_out(&t->mem, out, &result, 4);
}

int hf_preopen(struct hf_process *process, struct hf_vnode *root, const char *path, uint32_t path_size,
               const char *name, uint32_t name_size, bool read_only)
{
	struct hf_path at;
	struct hf_file *file;
	int result = hf_path_walk(root, path, path_size, HF_PATH_FOLLOW | HF_PATH_ROOTED, &at);
	if (result < 0)
		return result;
	if (at.vnode->filetype == HF_FILETYPE_DIRECTORY)
		result = hf_file_open(hf_vnode_ref(at.vnode), HF_READ, 0, &file);
	else
		result = -HF_ENOTDIR;
	hf_path_release(&at);
	if (result < 0)
		return result;
	hf_vnode_file(file)->read_only_tree = read_only;
	result = hf_fd_insert_preopen(&process->fds, file, name, name_size, hf__rights_of(file), HF_RIGHTS_ALL);
	return result < 0 ? result : 0;
}
