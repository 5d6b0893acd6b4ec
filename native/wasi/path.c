/* path.c - system calls on paths below a directory. */
#include "wasi/sys.h"

#include "fs/at.h"
#include "fs/devfs.h"
#include "kernel/vnode_file.h"

/* A directory to start from, and a path copied from the guest. */
struct at_place {
	struct hf_fd_view dir;
	const struct hf_vnode_file *file; /* the path, for the walk */
	const char *path;
	uint32_t size;
};

static int get_path(hf_t t, int slot, uint32_t path, uint32_t size)
{
	if (size > HF_PATH_MAX)
		return -HF_ENAMETOOLONG;
	return hf_copy_in(&t->mem, t->path[slot], path, size);
}

/* On success the caller puts place->dir back. */
static int enter(hf_t t, int slot, uint32_t fd, uint64_t rights, uint32_t path, uint32_t size, struct at_place *place)
{
	int result = hf_fd_get(&t->process->fds, fd, 0, &place->dir);
	if (result < 0)
		return result;
	place->file = hf_vnode_file(place->dir.file);
	if (!place->file || place->dir.file->filetype != HF_FILETYPE_DIRECTORY)
		result = -HF_ENOTDIR;
	else if (rights & ~place->dir.rights)
		result = -HF_ENOTCAPABLE;
	else
		result = get_path(t, slot, path, size);
	if (result < 0)
		hf_fd_put(&place->dir);
	place->path = t->path[slot];
	place->size = size;
	return result;
}

static int walk(const struct at_place *place, unsigned flags, struct hf_path *out)
{
	return hf_path_walk(place->file->vnode, place->path, place->size, flags, out);
}

/* Walks, and puts the directory back. */
static int walk_from(struct at_place *place, unsigned flags, struct hf_path *out)
{
	int result = walk(place, flags, out);
	hf_fd_put(&place->dir);
	return result;
}

/* Returns the flags for a walk, or -HF_EINVAL for unknown lookup flags. */
static int follow(uint32_t lookup_flags)
{
	if (lookup_flags & ~(uint32_t)HF_LOOKUP_SYMLINK_FOLLOW)
		return -HF_EINVAL;
	return lookup_flags & HF_LOOKUP_SYMLINK_FOLLOW ? HF_PATH_FOLLOW : 0;
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

/* Rights to create a name. */
#define MAKES (HF_RIGHT_PATH_CREATE_DIRECTORY | HF_RIGHT_PATH_SYMLINK | HF_RIGHT_PATH_LINK_TARGET)

/* Finds the directory and the name for a call, and passes them to `change`. */
static int change_name(hf_t t, uint32_t fd, uint64_t rights, uint32_t path, uint32_t size,
                       int (*change)(const struct hf_path *at, void *context), void *context)
{
	struct at_place place;
	struct hf_path at;
	int result = enter(t, 0, fd, rights, path, size, &place);
	if (result == 0)
		result = walk_to_change(&place, HF_PATH_PARENT, rights & MAKES, &at);
	if (result < 0)
		return result;
	result = change(&at, context);
	hf_path_release(&at);
	return result;
}

static int make_directory(const struct hf_path *at, void *context)
{
	(void)context;
	return hf_at_mkdir(at);
}

int hf__sys_path_create_directory(hf_t t, uint32_t fd, uint32_t path, uint32_t size)
{
	return change_name(t, fd, HF_RIGHT_PATH_CREATE_DIRECTORY, path, size, make_directory, NULL);
}

static int remove_directory(const struct hf_path *at, void *context)
{
	(void)context;
	return hf_at_rmdir(at);
}

int hf__sys_path_remove_directory(hf_t t, uint32_t fd, uint32_t path, uint32_t size)
{
	return change_name(t, fd, HF_RIGHT_PATH_REMOVE_DIRECTORY, path, size, remove_directory, NULL);
}

static int unlink_file(const struct hf_path *at, void *context)
{
	(void)context;
	return hf_at_unlink(at);
}

int hf__sys_path_unlink_file(hf_t t, uint32_t fd, uint32_t path, uint32_t size)
{
	return change_name(t, fd, HF_RIGHT_PATH_UNLINK_FILE, path, size, unlink_file, NULL);
}

struct target {
	const char *text;
	uint32_t size;
};

static int make_symlink(const struct hf_path *at, void *context)
{
	const struct target *target = context;
	return hf_at_symlink(at, target->text, target->size);
}

int hf__sys_path_symlink(hf_t t, uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path, uint32_t size)
{
	int result = get_path(t, 1, target, target_size);
	if (result < 0)
		return result;
	if (target_size == 0)
		return -HF_ENOENT;
	/* A link to an absolute path could never be followed, because paths are relative to a preopen (Wasmtime also refuses it). */
	if (t->path[1][0] == '/')
		return -HF_EPERM;
	/* A link's target can become a name, when a file is created through a dangling link. */
	result = hf_path_check_text(t->path[1], target_size);
	if (result < 0)
		return result;
	struct target text = {t->path[1], target_size};
	return change_name(t, fd, HF_RIGHT_PATH_SYMLINK, path, size, make_symlink, &text);
}

static int make_link(const struct hf_path *at, void *vnode)
{
	return hf_at_link(at, vnode);
}

int hf__sys_path_link(hf_t t, uint32_t old_fd, uint32_t old_flags, uint32_t old_path, uint32_t old_size,
                      uint32_t new_fd, uint32_t new_path, uint32_t new_size)
{
	struct at_place old;
	struct hf_path from;
	int flags = follow(old_flags);
	int result = flags < 0 ? flags : enter(t, 1, old_fd, HF_RIGHT_PATH_LINK_SOURCE, old_path, old_size, &old);
	if (result == 0)
		result = walk_to_change(&old, (unsigned)flags, false, &from);
	if (result < 0)
		return result;
	result = change_name(t, new_fd, HF_RIGHT_PATH_LINK_TARGET, new_path, new_size, make_link, from.vnode);
	hf_path_release(&from);
	return result;
}

static int move(const struct hf_path *to, void *context)
{
	const struct hf_path *from = context;
	int result = hf_at_check_rename(from, to);
	if (result == 0 && hf_vnode_is_read_only(to->parent))
		result = -HF_EACCES;
	return result < 0 ? result : hf_at_rename(from, to);
}

int hf__sys_path_rename(hf_t t, uint32_t old_fd, uint32_t old_path, uint32_t old_size, uint32_t new_fd,
                        uint32_t new_path, uint32_t new_size)
{
	struct at_place old;
	struct hf_path from;
	int result = enter(t, 1, old_fd, HF_RIGHT_PATH_RENAME_SOURCE, old_path, old_size, &old);
	if (result == 0)
		result = walk_to_change(&old, HF_PATH_PARENT, false, &from);
	if (result < 0)
		return result;
	result = change_name(t, new_fd, HF_RIGHT_PATH_RENAME_TARGET, new_path, new_size, move, &from);
	hf_path_release(&from);
	return result;
}

int hf__sys_path_readlink(hf_t t, uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer, uint32_t size,
                          uint32_t out)
{
	struct at_place place;
	struct hf_path at;
	int result = hf_user_check(&t->mem, buffer, size);
	if (result == 0)
		result = hf_user_check(&t->mem, out, 4);
	if (result == 0)
		result = enter(t, 0, fd, HF_RIGHT_PATH_READLINK, path, path_size, &place);
	if (result < 0)
		return result;
	result = walk_from(&place, 0, &at);
	if (result < 0)
		return result;
	result = hf_vnode_readlink(at.vnode, t->path[1], size < HF_PATH_MAX ? size : HF_PATH_MAX);
	hf_path_release(&at);
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
	struct at_place place;
	struct hf_path at;
	struct hf_attr attr;
	int walk_flags = follow(flags);
	int result = walk_flags < 0 ? walk_flags : enter(t, 0, fd, HF_RIGHT_PATH_FILESTAT_GET, path, size, &place);
	if (result < 0)
		return result;
	result = walk_from(&place, (unsigned)walk_flags, &at);
	if (result < 0)
		return result;
	result = at.vnode->ops->getattr(at.vnode, &attr);
	hf_path_release(&at);
	return result < 0 ? result : hf__put_filestat(t, abi, out, &attr);
}

int hf__sys_path_filestat_set_times(hf_t t, uint32_t fd, uint32_t flags, uint32_t path, uint32_t size, uint64_t atim,
                                    uint64_t mtim, uint32_t fst_flags)
{
	struct at_place place;
	struct hf_path at;
	const uint64_t *new_atim = NULL, *new_mtim = NULL;
	int walk_flags = follow(flags);
	int result = walk_flags < 0 ? walk_flags : hf__times(fst_flags, &atim, &mtim, &new_atim, &new_mtim);
	if (result == 0)
		result = enter(t, 0, fd, HF_RIGHT_PATH_FILESTAT_SET_TIMES, path, size, &place);
	/* A call that sets neither time changes nothing, not even ctim (like utimensat on Linux with two UTIME_OMIT). */
	bool changes = new_atim || new_mtim;
	if (result == 0 && changes)
		result = walk_to_change(&place, (unsigned)walk_flags, false, &at);
	else if (result == 0)
		result = walk_from(&place, (unsigned)walk_flags, &at);
	if (result < 0)
		return result;
	if (changes)
		result = at.vnode->ops->set_times(at.vnode, new_atim, new_mtim);
	hf_path_release(&at);
	return result;
}

/* ---- open ---- */

struct opening {
	unsigned access;
	unsigned follow; /* enum hf_path_flags */
	uint32_t oflags;
	uint64_t rights, inheriting; /* requested rights */
	uint64_t grantable;          /* rights that the directory passes on */
	uint16_t fdflags;
	bool read_only;
};

static int check_opening(const struct opening *how)
{
	bool creates = how->oflags & (HF_OFLAG_CREAT | HF_OFLAG_EXCL | HF_OFLAG_TRUNC);
	if ((how->oflags & ~(uint32_t)HF_OFLAGS_ALL) || (how->fdflags & ~HF_FDFLAGS_ALL))
		return -HF_EINVAL;
	return (how->oflags & HF_OFLAG_DIRECTORY) && creates ? -HF_EINVAL : 0;
}

/* "The implementation is allowed to return a file descriptor with fewer rights than specified, if and only if those
 * rights do not apply to the type of file being opened" (path_open): those that do apply must all be available. */
static int check_rights(const struct opening *how, uint64_t applying)
{
	bool is_dir = applying & HF_RIGHT_PATH_OPEN;
	uint64_t wanted = (how->rights & applying) | (is_dir ? how->inheriting & HF_RIGHTS_ALL : 0);
	return wanted & ~how->grantable ? -HF_ENOTCAPABLE : 0;
}

/* Whether the directory's files may be opened with these flags: write-through requires the right to synchronize. */
static int check_sync(const struct opening *how)
{
	bool sync = how->grantable & HF_RIGHT_FD_SYNC, datasync = sync || how->grantable & HF_RIGHT_FD_DATASYNC;
	if ((how->fdflags & (HF_FDFLAG_SYNC | HF_FDFLAG_RSYNC)) && !sync)
		return -HF_ENOTCAPABLE;
	return (how->fdflags & HF_FDFLAG_DSYNC) && !datasync ? -HF_ENOTCAPABLE : 0;
}

static bool is_exclusive(const struct opening *how)
{
	return (how->oflags & HF_OFLAG_CREAT) && (how->oflags & HF_OFLAG_EXCL);
}

/* May a missing file be created? */
static int check_making(const struct hf_path *at, const struct opening *how)
{
	if (how->read_only)
		return -HF_EROFS;
	if (hf_vnode_is_read_only(at->parent))
		return -HF_EACCES;
	return check_rights(how, hf__rights_of_type(HF_FILETYPE_REGULAR_FILE));
}

/* Gets the vnode to open, created if requested; the caller owns a reference. */
static int find_or_make(const struct hf_path *at, const struct opening *how, struct hf_vnode **out)
{
	/* open("x/", O_CREAT): this can never be a regular file, so Linux fails without checking whether the name exists. ("x/." cannot be created: it is
	 * an existing directory.) */
	if ((how->oflags & HF_OFLAG_CREAT) && at->must_be_dir && at->last == HF_PATH_NAME)
		return -HF_EISDIR;
	int result = at->vnode ? 0 : check_making(at, how);
	return result < 0 ? result : hf_at_find_or_make(at, is_exclusive(how), out);
}

static int check_kind(const struct hf_vnode *vnode, const struct hf_path *at, const struct opening *how)
{
	bool is_dir = vnode->filetype == HF_FILETYPE_DIRECTORY;
	if (vnode->filetype == HF_FILETYPE_SYMBOLIC_LINK)
		return -HF_ELOOP; /* as with O_NOFOLLOW */
	if (!is_dir && (at->must_be_dir || (how->oflags & HF_OFLAG_DIRECTORY)))
		return -HF_ENOTDIR;
	if (is_dir && ((how->access & HF_WRITE) || (how->oflags & (HF_OFLAG_CREAT | HF_OFLAG_TRUNC))))
		return -HF_EISDIR;
	bool changes = (how->access & HF_WRITE) || (how->oflags & HF_OFLAG_TRUNC);
	if (changes && vnode->filetype == HF_FILETYPE_REGULAR_FILE) {
		if (how->read_only)
			return -HF_EROFS;
		if (hf_vnode_is_read_only(vnode))
			return -HF_EACCES;
	}
	return check_rights(how, hf__rights_of_type(vnode->filetype));
}

/* Opens "/dev/stdin" and so on: as in BSD, another descriptor for the description of descriptor 0, 1 or 2, with the same offset and flags. -HF_ENXIO
 * if that is closed, -HF_EACCES if it cannot be read or written as requested. */
static int open_standard_stream(hf_t t, uint32_t fd, const struct opening *how)
{
	struct hf_fd_view view;
	if (hf_fd_get(&t->process->fds, fd, 0, &view) < 0)
		return -HF_ENXIO;
	uint64_t access = HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE;
	int result = -HF_EACCES;
	if ((how->rights & access & ~view.rights) == 0)
		result = hf_fd_insert(&t->process->fds, hf_file_ref(view.file), how->rights & view.rights, 0);
	hf_fd_put(&view);
	return result;
}

/* Takes over the reference to the vnode. */
static int open_vnode(hf_t t, struct hf_vnode *vnode, const struct opening *how)
{
	struct hf_file *file;
	int result = 0, standard = hf_device_descriptor(vnode);
	if (standard >= 0) {
		hf_vnode_unref(vnode);
		return open_standard_stream(t, (uint32_t)standard, how);
	}
	if ((how->oflags & HF_OFLAG_TRUNC) && vnode->filetype == HF_FILETYPE_REGULAR_FILE)
		result = vnode->ops->truncate(vnode, 0);
	if (result < 0) {
		hf_vnode_unref(vnode);
		return result;
	}
	result = hf_file_open(vnode, how->access, how->fdflags, &file);
	if (result < 0)
		return result;
	hf_vnode_file(file)->read_only_tree = how->read_only;
	uint64_t inheriting = file->filetype == HF_FILETYPE_DIRECTORY ? how->inheriting & HF_RIGHTS_ALL : 0;
	return hf_fd_insert(&t->process->fds, file, how->rights & hf__rights_of(file), inheriting);
}

static int open_place(hf_t t, const struct at_place *place, const struct opening *how)
{
	struct hf_path at;
	struct hf_vnode *vnode;
	/* An exclusive create must not follow an existing link. */
	unsigned flags = is_exclusive(how) ? 0 : how->follow;
	if (how->oflags & HF_OFLAG_CREAT)
		flags |= HF_PATH_PARENT;
	int result = walk(place, flags, &at);
	if (result < 0)
		return result;
	result = find_or_make(&at, how, &vnode);
	if (result == 0) {
		result = check_kind(vnode, &at, how);
		if (result == 0)
			result = open_vnode(t, vnode, how);
		else
			hf_vnode_unref(vnode);
	}
	hf_path_release(&at);
	return result;
}

/* Opens a preopened end of a pipe, for which libc opens "." below it: creates another description of that end. A stream that is not a preopen has no
 * inheriting rights. -HF_ENOTDIR for any other descriptor and any other path. */
static int open_pipe(hf_t t, uint32_t fd, uint32_t path, uint32_t size, const struct opening *how)
{
	const uint64_t access = HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE;
	struct hf_fd_view view;
	struct hf_file *file;
	int result = get_path(t, 0, path, size);
	if (result == 0)
		result = hf_fd_get(&t->process->fds, fd, 0, &view);
	if (result < 0)
		return result;
	if (!view.inheriting || size != 1 || t->path[0][0] != '.' || (how->oflags & HF_OFLAG_DIRECTORY))
		result = -HF_ENOTDIR;
	else if (is_exclusive(how))
		result = -HF_EEXIST;
	else if (how->rights & access & ~view.inheriting)
		result = -HF_EACCES;
	else
		result = hf_file_reopen_pipe(view.file, how->fdflags, &file);
	if (result == 0)
		result = hf_fd_insert(&t->process->fds, file, how->rights & view.inheriting, 0);
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

/* Returns the opened descriptor, or an error. */
static int put_opened(hf_t t, int opened, uint32_t out)
{
	return opened < 0 ? opened : hf_copy_out(&t->mem, out, &opened, 4);
}

int hf__sys_path_open(hf_t t, uint32_t fd, uint32_t dirflags, uint32_t path, uint32_t size, uint32_t oflags,
                      uint64_t rights, uint64_t inheriting, uint32_t fdflags, uint32_t out)
{
	struct at_place place;
	int walk_flags = follow(dirflags);
	struct opening how = {
		.access = (rights & HF_RIGHT_FD_WRITE ? HF_WRITE : 0) | (rights & HF_RIGHT_FD_READ ? HF_READ : 0),
		.oflags = oflags,
		.rights = rights,
		.inheriting = inheriting,
		.fdflags = (uint16_t)fdflags,
		.follow = (unsigned)walk_flags,
	};
	if (walk_flags < 0 || fdflags > UINT16_MAX)
		return -HF_EINVAL;
	uint64_t needed = HF_RIGHT_PATH_OPEN;
	if (oflags & HF_OFLAG_CREAT)
		needed |= HF_RIGHT_PATH_CREATE_FILE;
	int result = check_opening(&how);
	if (result == 0)
		result = hf_user_check(&t->mem, out, 4);
	if (result == 0)
		result = enter(t, 0, fd, needed, path, size, &place);
	if (result == -HF_ENOTDIR)
		return put_opened(t, open_pipe(t, fd, path, size, &how), out);
	if (result < 0)
		return result;
	how.read_only = place.file->read_only_tree;
	how.grantable = place.dir.inheriting;
	if ((oflags & HF_OFLAG_TRUNC) && !may_truncate(&place.dir, rights & how.grantable))
		result = -HF_ENOTCAPABLE;
	if (result == 0)
		result = check_sync(&how);
	if (result == 0)
		result = hf_fd_check_room(&t->process->fds);
	if (result == 0)
		result = open_place(t, &place, &how);
	hf_fd_put(&place.dir);
	return put_opened(t, result, out);
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
