/* fs_call.c - calls on paths below a directory: rights, read-only trees, the walk, and then the operation (fs/at.h). */
#include "wasi/fs_call.h"

#include "fs/at.h"
#include "fs/devfs.h"
#include "kernel/vnode_file.h"
#include "wasi/sys.h"

/* A directory to start from, and a path. */
struct at_place {
	struct hf_fd_view dir;
	const struct hf_vnode_file *file; /* the path, for the walk */
	const struct hf_fs_path *path;
};

/* On success the caller puts place->dir back. */
static int enter(hf_t t, const struct hf_fs_path *path, uint64_t rights, struct at_place *place)
{
	int result = hf_fd_get(&t->process->fds, path->fd, 0, &place->dir);
	if (result < 0)
		return result;
	place->path = path;
	place->file = hf_vnode_file(place->dir.file);
	if (!place->file || place->dir.file->filetype != HF_FILETYPE_DIRECTORY)
		result = -HF_ENOTDIR;
	else if (rights & ~place->dir.rights)
		result = -HF_ENOTCAPABLE;
	if (result < 0)
		hf_fd_put(&place->dir);
	return result;
}

static int walk(const struct at_place *place, unsigned flags, struct hf_path *out)
{
	return hf_path_walk(place->file->vnode, place->path->text, place->path->size, flags, out);
}

/* Walks, and puts the directory back. */
static int walk_from(struct at_place *place, unsigned flags, struct hf_path *out)
{
	int result = walk(place, flags, out);
	hf_fd_put(&place->dir);
	return result;
}

/* Walks to the name that a call will change, and puts the directory back. In a read-only tree this is an error, but errors of the path come first, as
 * on Linux, including EEXIST for a name to be created (`makes`), because programs call mkdir to check for it. */
static int walk_to_change(struct at_place *place, unsigned flags, bool makes, struct hf_path *out)
{
	bool read_only = place->file->read_only_tree;
	int result = walk_from(place, flags, out);
	if (result < 0)
		return result;
	if (read_only)
		result = makes && (out->vnode || !out->parent) ? -HF_EEXIST : -HF_EROFS;
	else if (out->parent && hf_vnode_is_read_only(out->parent) && makes != (out->vnode != NULL))
		result = -HF_EACCES; /* the name exists and would be removed, or does not exist and would be created */
	if (result < 0)
		hf_path_release(out);
	return result;
}

/* ---- names: mkdir, rmdir, unlink, symlink, link, rename ---- */

/* The calls that create a name. */
#define MAKES (HF_FS_RIGHT(HF_FS_MKDIR) | HF_FS_RIGHT(HF_FS_SYMLINK) | HF_FS_RIGHT(HF_FS_LINK))

static int check_target(const char *target, uint32_t size)
{
	if (size == 0)
		return -HF_ENOENT;
	/* A link to an absolute path could never be followed, because paths are relative to a preopen (Wasmtime also refuses it). */
	if (target[0] == '/')
		return -HF_EPERM;
	/* A link's target can become a name, when a file is created through a dangling link. */
	return hf_path_check_text(target, size);
}

static int move(const struct hf_path *from, const struct hf_path *to)
{
	int result = hf_at_check_rename(from, to);
	if (result == 0 && hf_vnode_is_read_only(to->parent))
		result = -HF_EACCES;
	return result < 0 ? result : hf_at_rename(from, to);
}

/* Finds the directory and the name that a call changes, and changes it; `from`: what the first path of a link or a rename led to. */
static int change_name(hf_t t, const struct hf_fs_call *call, const struct hf_fs_path *path, int right,
                       const struct hf_path *from)
{
	struct at_place place;
	struct hf_path at;
	int result = enter(t, path, HF_FS_RIGHT(right), &place);
	if (result == 0)
		result = walk_to_change(&place, HF_PATH_PARENT, MAKES & HF_FS_RIGHT(call->op), &at);
	if (result < 0)
		return result;
	switch (call->op) {
	case HF_FS_MKDIR:
		result = hf_at_mkdir(&at);
		break;
	case HF_FS_SYMLINK:
		result = hf_at_symlink(&at, call->text.bytes, call->text.size);
		break;
	case HF_FS_LINK:
		result = hf_at_link(&at, from->vnode);
		break;
	case HF_FS_RMDIR:
		result = hf_at_rmdir(&at);
		break;
	case HF_FS_UNLINK:
		result = hf_at_unlink(&at);
		break;
	default:
		result = move(from, &at);
	}
	hf_path_release(&at);
	return result;
}

static int change_two(hf_t t, const struct hf_fs_call *call)
{
	struct at_place old;
	struct hf_path from;
	unsigned flags = call->op == HF_FS_LINK ? call->follow : HF_PATH_PARENT;
	int result = enter(t, &call->at, HF_FS_RIGHT(call->op), &old);
	if (result == 0)
		result = walk_to_change(&old, flags, false, &from);
	if (result < 0)
		return result;
	result = change_name(t, call, &call->to, (int)call->op + 1, &from);
	hf_path_release(&from);
	return result;
}

/* ---- what a name stands for: stat, readlink, set times ---- */

static int use_vnode(hf_t t, struct hf_fs_call *call)
{
	struct at_place place;
	struct hf_path at;
	/* A call that sets neither time changes nothing, not even ctim (like utimensat on Linux with two UTIME_OMIT). */
	bool changes = call->op == HF_FS_SET_TIMES && (call->times.atim || call->times.mtim);
	int result = enter(t, &call->at, HF_FS_RIGHT(call->op), &place);
	if (result == 0)
		result = changes ? walk_to_change(&place, call->follow, false, &at) : walk_from(&place, call->follow, &at);
	if (result < 0)
		return result;
	if (changes)
		result = at.vnode->ops->set_times(at.vnode, call->times.atim, call->times.mtim);
	else if (call->op == HF_FS_READLINK)
		result = hf_vnode_readlink(at.vnode, call->text.bytes, call->text.size);
	else if (call->op == HF_FS_STAT)
		result = at.vnode->ops->getattr(at.vnode, &call->attr);
	hf_path_release(&at);
	return result;
}

/* ---- open ---- */

static int check_opening(const struct hf_fs_call *call)
{
	bool creates = call->open.oflags & (HF_OFLAG_CREAT | HF_OFLAG_EXCL | HF_OFLAG_TRUNC);
	if ((call->open.oflags & ~(uint32_t)HF_OFLAGS_ALL) || (call->open.fdflags & ~(uint32_t)HF_FDFLAGS_ALL))
		return -HF_EINVAL;
	return (call->open.oflags & HF_OFLAG_DIRECTORY) && creates ? -HF_EINVAL : 0;
}

/* "The implementation is allowed to return a file descriptor with fewer rights than specified, if and only if those
 * rights do not apply to the type of file being opened" (path_open): those that do apply must all be available. */
static int check_rights(const struct hf_fs_call *call, uint64_t applying)
{
	bool is_dir = applying & HF_RIGHT_PATH_OPEN;
	uint64_t wanted = (call->open.rights & applying) | (is_dir ? call->open.inheriting & HF_RIGHTS_ALL : 0);
	return wanted & ~call->open.grantable ? -HF_ENOTCAPABLE : 0;
}

/* Whether the directory's files may be opened with these flags: write-through requires the right to synchronize. */
static int check_sync(const struct hf_fs_call *call)
{
	bool sync = call->open.grantable & HF_RIGHT_FD_SYNC, datasync = sync || call->open.grantable & HF_RIGHT_FD_DATASYNC;
	if ((call->open.fdflags & (HF_FDFLAG_SYNC | HF_FDFLAG_RSYNC)) && !sync)
		return -HF_ENOTCAPABLE;
	return (call->open.fdflags & HF_FDFLAG_DSYNC) && !datasync ? -HF_ENOTCAPABLE : 0;
}

static bool is_exclusive(const struct hf_fs_call *call)
{
	return (call->open.oflags & HF_OFLAG_CREAT) && (call->open.oflags & HF_OFLAG_EXCL);
}

static bool writes(const struct hf_fs_call *call)
{
	return call->open.rights & HF_RIGHT_FD_WRITE;
}

/* May a missing file be created? */
static int check_making(const struct hf_path *at, const struct hf_fs_call *call)
{
	if (call->open.read_only)
		return -HF_EROFS;
	if (hf_vnode_is_read_only(at->parent))
		return -HF_EACCES;
	return check_rights(call, hf__rights_of_type(HF_FILETYPE_REGULAR_FILE));
}

/* Gets the vnode to open, created if requested; the caller owns a reference. */
static int find_or_make(const struct hf_path *at, const struct hf_fs_call *call, struct hf_vnode **out)
{
	/* open("x/", O_CREAT): this can never be a regular file, so Linux fails without checking whether the name exists. ("x/." cannot be created: it is
	 * an existing directory.) */
	if ((call->open.oflags & HF_OFLAG_CREAT) && at->must_be_dir && at->last == HF_PATH_NAME)
		return -HF_EISDIR;
	int result = at->vnode ? 0 : check_making(at, call);
	return result < 0 ? result : hf_at_find_or_make(at, is_exclusive(call), out);
}

static int check_kind(const struct hf_vnode *vnode, const struct hf_path *at, const struct hf_fs_call *call)
{
	bool is_dir = vnode->filetype == HF_FILETYPE_DIRECTORY;
	if (vnode->filetype == HF_FILETYPE_SYMBOLIC_LINK)
		return -HF_ELOOP; /* as with O_NOFOLLOW */
	if (!is_dir && (at->must_be_dir || (call->open.oflags & HF_OFLAG_DIRECTORY)))
		return -HF_ENOTDIR;
	if (is_dir && (writes(call) || (call->open.oflags & (HF_OFLAG_CREAT | HF_OFLAG_TRUNC))))
		return -HF_EISDIR;
	bool changes = writes(call) || (call->open.oflags & HF_OFLAG_TRUNC);
	if (changes && vnode->filetype == HF_FILETYPE_REGULAR_FILE) {
		if (call->open.read_only)
			return -HF_EROFS;
		if (hf_vnode_is_read_only(vnode))
			return -HF_EACCES;
	}
	return check_rights(call, hf__rights_of_type(vnode->filetype));
}

/* Opens "/dev/stdin" and so on: as in BSD, another descriptor for the description of descriptor 0, 1 or 2, with the same offset and flags. -HF_ENXIO
 * if that is closed, -HF_EACCES if it cannot be read or written as requested. */
static int open_standard_stream(hf_t t, uint32_t fd, const struct hf_fs_call *call)
{
	struct hf_fd_view view;
	if (hf_fd_get(&t->process->fds, fd, 0, &view) < 0)
		return -HF_ENXIO;
	uint64_t access = HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE;
	int result = -HF_EACCES;
	if ((call->open.rights & access & ~view.rights) == 0)
		result = hf_fd_insert(&t->process->fds, hf_file_ref(view.file), call->open.rights & view.rights, 0);
	hf_fd_put(&view);
	return result;
}

/* Takes over the reference to the vnode. */
static int open_vnode(hf_t t, struct hf_vnode *vnode, const struct hf_fs_call *call)
{
	struct hf_file *file;
	int result = 0, standard = hf_device_descriptor(vnode);
	if (standard >= 0) {
		hf_vnode_unref(vnode);
		return open_standard_stream(t, (uint32_t)standard, call);
	}
	if ((call->open.oflags & HF_OFLAG_TRUNC) && vnode->filetype == HF_FILETYPE_REGULAR_FILE)
		result = vnode->ops->truncate(vnode, 0);
	if (result < 0) {
		hf_vnode_unref(vnode);
		return result;
	}
	unsigned access = (writes(call) ? HF_WRITE : 0) | (call->open.rights & HF_RIGHT_FD_READ ? HF_READ : 0);
	result = hf_file_open(vnode, access, (uint16_t)call->open.fdflags, &file);
	if (result < 0)
		return result;
	hf_vnode_file(file)->read_only_tree = call->open.read_only;
	uint64_t inheriting = file->filetype == HF_FILETYPE_DIRECTORY ? call->open.inheriting & HF_RIGHTS_ALL : 0;
	return hf_fd_insert(&t->process->fds, file, call->open.rights & hf__rights_of(file), inheriting);
}

static int open_place(hf_t t, const struct at_place *place, const struct hf_fs_call *call)
{
	struct hf_path at;
	struct hf_vnode *vnode;
	/* An exclusive create must not follow an existing link. */
	unsigned flags = is_exclusive(call) ? 0 : call->follow;
	if (call->open.oflags & HF_OFLAG_CREAT)
		flags |= HF_PATH_PARENT;
	int result = walk(place, flags, &at);
	if (result < 0)
		return result;
	result = find_or_make(&at, call, &vnode);
	if (result == 0) {
		result = check_kind(vnode, &at, call);
		if (result == 0)
			result = open_vnode(t, vnode, call);
		else
			hf_vnode_unref(vnode);
	}
	hf_path_release(&at);
	return result;
}

/* Opens a preopened end of a pipe, for which libc opens "." below it: creates another description of that end. A stream that is not a preopen has no
 * inheriting rights. -HF_ENOTDIR for any other descriptor and any other path. */
static int open_pipe(hf_t t, const struct hf_fs_call *call)
{
	const struct hf_fs_path *path = &call->at;
	const uint64_t access = HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE;
	struct hf_fd_view view;
	struct hf_file *file;
	int result = hf_fd_get(&t->process->fds, path->fd, 0, &view);
	if (result < 0)
		return result;
	if (!view.inheriting || path->size != 1 || path->text[0] != '.' || (call->open.oflags & HF_OFLAG_DIRECTORY))
		result = -HF_ENOTDIR;
	else if (is_exclusive(call))
		result = -HF_EEXIST;
	else if (call->open.rights & access & ~view.inheriting)
		result = -HF_EACCES;
	else
		result = hf_file_reopen_pipe(view.file, (uint16_t)call->open.fdflags, &file);
	if (result == 0)
		result = hf_fd_insert(&t->process->fds, file, call->open.rights & view.inheriting, 0);
	hf_fd_put(&view);
	return result;
}

/* Truncating by path is a right of the directory. It is not required of a program that opens a file with the rights to write it and to set its size,
 * because it could do the same with a second call (Go's os.Root does not request the directory's right, and Wasmtime does not check it). */
static bool may_truncate(const struct hf_fd_view *dir, uint64_t rights)
{
	const uint64_t as_good = HF_RIGHT_FD_WRITE | HF_RIGHT_FD_FILESTAT_SET_SIZE;
	return (dir->rights & HF_RIGHT_PATH_FILESTAT_SET_SIZE) || (rights & as_good) == as_good;
}

static int open_path(hf_t t, struct hf_fs_call *call)
{
	struct at_place place;
	uint64_t needed = HF_RIGHT_PATH_OPEN;
	if (call->open.oflags & HF_OFLAG_CREAT)
		needed |= HF_RIGHT_PATH_CREATE_FILE;
	int result = check_opening(call);
	if (result == 0)
		result = enter(t, &call->at, needed, &place);
	if (result == -HF_ENOTDIR)
		return open_pipe(t, call);
	if (result < 0)
		return result;
	call->open.read_only = place.file->read_only_tree;
	call->open.grantable = place.dir.inheriting;
	if ((call->open.oflags & HF_OFLAG_TRUNC) && !may_truncate(&place.dir, call->open.rights & call->open.grantable))
		result = -HF_ENOTCAPABLE;
	if (result == 0)
		result = check_sync(call);
	if (result == 0)
		result = hf_fd_check_room(&t->process->fds);
	if (result == 0)
		result = open_place(t, &place, call);
	hf_fd_put(&place.dir);
	return result;
}

int hf_fs_call(hf_t t, struct hf_fs_call *call)
{
	int result;
	switch (call->op) {
	case HF_FS_LINK:
	case HF_FS_RENAME:
		return change_two(t, call);
	case HF_FS_SET_TIMES:
	case HF_FS_READLINK:
	case HF_FS_STAT:
		return use_vnode(t, call);
	case HF_FS_OPEN:
		return open_path(t, call);
	case HF_FS_SYMLINK:
		result = check_target(call->text.bytes, call->text.size);
		if (result < 0)
			return result;
		/* fallthrough */
	default:
		return change_name(t, call, &call->at, (int)call->op, NULL);
	}
}
