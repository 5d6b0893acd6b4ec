/* path.c - the calls on paths below a directory. */
#include "wasi/sys.h"

#include "fs/path.h"

/* A directory to start from, and a path copied out of the guest. */
struct place {
	struct hf_fd_view dir;
	const char *path;
	uint32_t size;
};

static int get_path(hf_t t, int slot, uint32_t path, uint32_t size)
{
	if (size > HF_PATH_MAX)
		return -HF_ENAMETOOLONG;
	return hf_copy_in(&t->mem, t->path[slot], path, size);
}

enum purpose { LOOK, CHANGE };

/* On success the caller owns place->dir.file. */
static int enter(hf_t t, int slot, uint32_t fd, uint64_t rights, enum purpose purpose, uint32_t path, uint32_t size,
                 struct place *place)
{
	int result = hf_fd_get(&t->process->fds, fd, 0, &place->dir);
	if (result < 0)
		return result;
	if (place->dir.file->filetype != HF_FILETYPE_DIRECTORY)
		result = -HF_ENOTDIR;
	else if (rights & ~place->dir.rights)
		result = -HF_ENOTCAPABLE;
	else if (purpose == CHANGE && place->dir.file->read_only_tree)
		result = -HF_EROFS;
	else
		result = get_path(t, slot, path, size);
	if (result < 0)
		hf_fd_put(&place->dir);
	place->path = t->path[slot];
	place->size = size;
	return result;
}

static int walk(const struct place *place, unsigned flags, struct hf_path *out)
{
	return hf_path_walk(place->dir.file->vnode, place->path, place->size, flags, out);
}

/* The flags for a walk, or -HF_EINVAL for lookup flags that there are not. */
static int follow(uint32_t lookup_flags)
{
	if (lookup_flags & ~(uint32_t)HF_LOOKUP_SYMLINK_FOLLOW)
		return -HF_EINVAL;
	return lookup_flags & HF_LOOKUP_SYMLINK_FOLLOW ? HF_PATH_FOLLOW : 0;
}

static int walk_lookup(const struct place *place, uint32_t lookup_flags, struct hf_path *out)
{
	int flags = follow(lookup_flags);
	return flags < 0 ? flags : walk(place, (unsigned)flags, out);
}

/* ---- names: mkdir, rmdir, unlink, symlink, link, rename ---- */

/* Finds the directory and the name that a call is about, and calls `change` with them. */
static int change_name(hf_t t, uint32_t fd, uint64_t rights, uint32_t path, uint32_t size,
                       int (*change)(struct hf_path *at, void *context), void *context)
{
	struct place place;
	struct hf_path at;
	int result = enter(t, 0, fd, rights, CHANGE, path, size, &place);
	if (result < 0)
		return result;
	result = walk(&place, HF_PATH_PARENT, &at);
	hf_fd_put(&place.dir);
	if (result < 0)
		return result;
	result = change(&at, context);
	hf_path_release(&at);
	return result;
}

static int make_directory(struct hf_path *at, void *context)
{
	(void)context;
	struct hf_vnode *made;
	if (at->vnode || !at->parent)
		return -HF_EEXIST;
	int result = at->parent->ops->create(at->parent, at->name, at->name_size, HF_FILETYPE_DIRECTORY, &made);
	if (result == 0)
		hf_vnode_unref(made);
	return result;
}

int hf__sys_path_create_directory(hf_t t, uint32_t fd, uint32_t path, uint32_t size)
{
	return change_name(t, fd, HF_RIGHT_PATH_CREATE_DIRECTORY, path, size, make_directory, NULL);
}

static int remove_directory(struct hf_path *at, void *context)
{
	(void)context;
	if (!at->parent)
		return at->last == HF_PATH_DOTDOT ? -HF_ENOTEMPTY : -HF_EINVAL; /* as Linux has it */
	if (!at->vnode)
		return -HF_ENOENT;
	return at->parent->ops->rmdir(at->parent, at->name, at->name_size);
}

int hf__sys_path_remove_directory(hf_t t, uint32_t fd, uint32_t path, uint32_t size)
{
	return change_name(t, fd, HF_RIGHT_PATH_REMOVE_DIRECTORY, path, size, remove_directory, NULL);
}

static int unlink_file(struct hf_path *at, void *context)
{
	(void)context;
	if (!at->parent)
		return -HF_EISDIR;
	if (!at->vnode)
		return -HF_ENOENT;
	if (at->must_be_dir)
		return at->vnode->filetype == HF_FILETYPE_DIRECTORY ? -HF_EISDIR : -HF_ENOTDIR;
	return at->parent->ops->unlink(at->parent, at->name, at->name_size);
}

int hf__sys_path_unlink_file(hf_t t, uint32_t fd, uint32_t path, uint32_t size)
{
	return change_name(t, fd, HF_RIGHT_PATH_UNLINK_FILE, path, size, unlink_file, NULL);
}

struct target {
	const char *text;
	uint32_t size;
};

static int make_symlink(struct hf_path *at, void *context)
{
	const struct target *target = context;
	if (at->vnode || !at->parent)
		return -HF_EEXIST;
	if (at->must_be_dir)
		return -HF_ENOENT;
	return at->parent->ops->symlink(at->parent, at->name, at->name_size, target->text, target->size);
}

int hf__sys_path_symlink(hf_t t, uint32_t target, uint32_t target_size, uint32_t fd, uint32_t path, uint32_t size)
{
	int result = get_path(t, 1, target, target_size);
	if (result < 0)
		return result;
	if (target_size == 0)
		return -HF_ENOENT;
	/* A link to an absolute path could never be followed, as paths are relative to a preopen (so Wasmtime has it). */
	if (t->path[1][0] == '/')
		return -HF_EPERM;
	/* A link's target can become a name: creating a file through a dangling link makes it one. */
	result = hf_path_check_text(t->path[1], target_size);
	if (result < 0)
		return result;
	struct target text = {t->path[1], target_size};
	return change_name(t, fd, HF_RIGHT_PATH_SYMLINK, path, size, make_symlink, &text);
}

static int make_link(struct hf_path *at, void *context)
{
	struct hf_vnode *vnode = context;
	if (at->vnode || !at->parent)
		return -HF_EEXIST;
	if (at->must_be_dir)
		return -HF_ENOENT;
	if (vnode->fs != at->parent->fs)
		return -HF_EXDEV;
	return at->parent->ops->link(at->parent, at->name, at->name_size, vnode);
}

int hf__sys_path_link(hf_t t, uint32_t old_fd, uint32_t old_flags, uint32_t old_path, uint32_t old_size,
                      uint32_t new_fd, uint32_t new_path, uint32_t new_size)
{
	struct place old;
	struct hf_path from;
	int result = enter(t, 1, old_fd, HF_RIGHT_PATH_LINK_SOURCE, CHANGE, old_path, old_size, &old);
	if (result < 0)
		return result;
	result = walk_lookup(&old, old_flags, &from);
	hf_fd_put(&old.dir);
	if (result < 0)
		return result;
	result = change_name(t, new_fd, HF_RIGHT_PATH_LINK_TARGET, new_path, new_size, make_link, from.vnode);
	hf_path_release(&from);
	return result;
}

static int move(struct hf_path *to, void *context)
{
	struct hf_path *from = context;
	if (!from->parent || !to->parent)
		return -HF_EBUSY; /* "." and ".." */
	if (!from->vnode)
		return -HF_ENOENT;
	bool is_dir = from->vnode->filetype == HF_FILETYPE_DIRECTORY;
	if ((from->must_be_dir || to->must_be_dir) && !is_dir)
		return -HF_ENOTDIR;
	if (from->parent->fs != to->parent->fs)
		return -HF_EXDEV;
	return from->parent->ops->rename(from->parent, from->name, from->name_size, to->parent, to->name, to->name_size);
}

int hf__sys_path_rename(hf_t t, uint32_t old_fd, uint32_t old_path, uint32_t old_size, uint32_t new_fd,
                        uint32_t new_path, uint32_t new_size)
{
	struct place old;
	struct hf_path from;
	int result = enter(t, 1, old_fd, HF_RIGHT_PATH_RENAME_SOURCE, CHANGE, old_path, old_size, &old);
	if (result < 0)
		return result;
	result = walk(&old, HF_PATH_PARENT, &from);
	hf_fd_put(&old.dir);
	if (result < 0)
		return result;
	result = change_name(t, new_fd, HF_RIGHT_PATH_RENAME_TARGET, new_path, new_size, move, &from);
	hf_path_release(&from);
	return result;
}

int hf__sys_path_readlink(hf_t t, uint32_t fd, uint32_t path, uint32_t path_size, uint32_t buffer, uint32_t size,
                          uint32_t out)
{
	struct place place;
	struct hf_path at;
	int result = hf_user_check(&t->mem, buffer, size);
	if (result == 0)
		result = hf_user_check(&t->mem, out, 4);
	if (result == 0)
		result = enter(t, 0, fd, HF_RIGHT_PATH_READLINK, LOOK, path, path_size, &place);
	if (result < 0)
		return result;
	result = walk(&place, 0, &at);
	hf_fd_put(&place.dir);
	if (result < 0)
		return result;
	if (at.vnode->ops->readlink)
		result = at.vnode->ops->readlink(at.vnode, t->path[1], size < HF_PATH_MAX ? size : HF_PATH_MAX);
	else
		result = -HF_EINVAL;
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
	struct place place;
	struct hf_path at;
	struct hf_attr attr;
	int result = enter(t, 0, fd, HF_RIGHT_PATH_FILESTAT_GET, LOOK, path, size, &place);
	if (result < 0)
		return result;
	result = walk_lookup(&place, flags, &at);
	hf_fd_put(&place.dir);
	if (result < 0)
		return result;
	result = at.vnode->ops->getattr(at.vnode, &attr);
	hf_path_release(&at);
	return result < 0 ? result : hf__put_filestat(t, abi, out, &attr);
}

int hf__sys_path_filestat_set_times(hf_t t, uint32_t fd, uint32_t flags, uint32_t path, uint32_t size, uint64_t atim,
                                    uint64_t mtim, uint32_t fst_flags)
{
	struct place place;
	struct hf_path at;
	const uint64_t *new_atim, *new_mtim;
	int result = hf__times(fst_flags, &atim, &mtim, &new_atim, &new_mtim);
	if (result == 0)
		result = enter(t, 0, fd, HF_RIGHT_PATH_FILESTAT_SET_TIMES, CHANGE, path, size, &place);
	if (result < 0)
		return result;
	result = walk_lookup(&place, flags, &at);
	hf_fd_put(&place.dir);
	if (result < 0)
		return result;
	result = at.vnode->ops->set_times(at.vnode, new_atim, new_mtim);
	hf_path_release(&at);
	return result;
}

/* ---- open ---- */

struct opening {
	unsigned access;
	unsigned follow; /* enum hf_path_flags */
	uint32_t oflags;
	uint64_t rights, inheriting;
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

/* The vnode to open, made if it is to be made; the caller owns a reference. */
static int find_or_make(struct hf_path *at, const struct opening *how, struct hf_vnode **out)
{
	if (at->vnode) {
		bool exclusive = (how->oflags & HF_OFLAG_CREAT) && (how->oflags & HF_OFLAG_EXCL);
		*out = hf_vnode_ref(at->vnode);
		if (!exclusive)
			return 0;
		hf_vnode_unref(at->vnode);
		return -HF_EEXIST;
	}
	if (!(how->oflags & HF_OFLAG_CREAT))
		return -HF_ENOENT;
	if (how->read_only)
		return -HF_EROFS;
	if (at->must_be_dir)
		return -HF_EISDIR; /* open("x/", O_CREAT) */
	int result = at->parent->ops->create(at->parent, at->name, at->name_size, HF_FILETYPE_REGULAR_FILE, out);
	/* Somebody else was faster. */
	if (result == -HF_EEXIST && !(how->oflags & HF_OFLAG_EXCL))
		result = at->parent->ops->lookup(at->parent, at->name, at->name_size, out);
	return result;
}

static int check_kind(const struct hf_vnode *vnode, const struct hf_path *at, const struct opening *how)
{
	bool is_dir = vnode->filetype == HF_FILETYPE_DIRECTORY;
	if (vnode->filetype == HF_FILETYPE_SYMBOLIC_LINK)
		return -HF_ELOOP; /* as O_NOFOLLOW has it */
	if (!is_dir && (at->must_be_dir || (how->oflags & HF_OFLAG_DIRECTORY)))
		return -HF_ENOTDIR;
	if (is_dir && ((how->access & HF_WRITE) || (how->oflags & (HF_OFLAG_CREAT | HF_OFLAG_TRUNC))))
		return -HF_EISDIR;
	bool changes = (how->access & HF_WRITE) || (how->oflags & HF_OFLAG_TRUNC);
	return how->read_only && changes && vnode->filetype == HF_FILETYPE_REGULAR_FILE ? -HF_EROFS : 0;
}

/* Takes over the reference to the vnode. */
static int open_vnode(hf_t t, struct hf_vnode *vnode, const struct opening *how)
{
	struct hf_file *file;
	int result = 0;
	if ((how->oflags & HF_OFLAG_TRUNC) && vnode->filetype == HF_FILETYPE_REGULAR_FILE)
		result = vnode->ops->truncate(vnode, 0);
	if (result < 0) {
		hf_vnode_unref(vnode);
		return result;
	}
	result = hf_file_open(vnode, how->access, how->fdflags, &file);
	if (result < 0)
		return result;
	file->read_only_tree = how->read_only;
	uint64_t sensible = hf__rights_of(file);
	uint64_t inheriting = file->filetype == HF_FILETYPE_DIRECTORY ? how->inheriting : 0;
	return hf_fd_insert(&t->process->fds, file, how->rights & sensible, inheriting);
}

static int open_place(hf_t t, const struct place *place, const struct opening *how)
{
	struct hf_path at;
	struct hf_vnode *vnode;
	/* An exclusive create must not follow a link that is there. */
	bool exclusive = (how->oflags & HF_OFLAG_CREAT) && (how->oflags & HF_OFLAG_EXCL);
	unsigned flags = exclusive ? 0 : how->follow;
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

int hf__sys_path_open(hf_t t, uint32_t fd, uint32_t dirflags, uint32_t path, uint32_t size, uint32_t oflags,
                      uint64_t rights, uint64_t inheriting, uint32_t fdflags, uint32_t out)
{
	struct place place;
	int walk_flags = follow(dirflags);
	struct opening how = {
		.access = (rights & HF_RIGHT_FD_WRITE ? HF_WRITE : 0) | (rights & HF_RIGHT_FD_READ ? HF_READ : 0),
		.oflags = oflags,
		.fdflags = (uint16_t)fdflags,
		.follow = (unsigned)walk_flags,
	};
	if (walk_flags < 0 || fdflags > UINT16_MAX)
		return -HF_EINVAL;
	uint64_t needed = HF_RIGHT_PATH_OPEN;
	if (oflags & HF_OFLAG_CREAT)
		needed |= HF_RIGHT_PATH_CREATE_FILE;
	if (oflags & HF_OFLAG_TRUNC)
		needed |= HF_RIGHT_PATH_FILESTAT_SET_SIZE;
	int result = check_opening(&how);
	if (result == 0)
		result = hf_user_check(&t->mem, out, 4);
	if (result == 0)
		result = enter(t, 0, fd, needed, LOOK, path, size, &place);
	if (result < 0)
		return result;
	how.read_only = place.dir.file->read_only_tree;
	how.rights = rights & place.dir.inheriting;
	how.inheriting = inheriting & place.dir.inheriting;
	/* Other rights may be missing in what one gets; those to read and to write are what the call is about. */
	if (rights & ~place.dir.inheriting & (HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE))
		result = -HF_ENOTCAPABLE;
	else
		result = hf_fd_check_room(&t->process->fds);
	if (result == 0)
		result = open_place(t, &place, &how);
	hf_fd_put(&place.dir);
	if (result < 0)
		return result;
	uint32_t opened = (uint32_t)result;
	return hf_copy_out(&t->mem, out, &opened, 4);
}
