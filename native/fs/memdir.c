/* memdir.c - directories of memfs. Every function here runs under the instance's tree lock, so each change of names is atomic. */
#include "fs/memnode.h"

#include "platform/alloc.h"

#include <string.h>

static bool is_directory(const struct hf_vnode *vnode)
{
	return vnode->filetype == HF_FILETYPE_DIRECTORY;
}

/* A directory is part of the tree until it is removed or its instance is released. */
static bool is_alive_locked(struct hf_memfs *fs, struct hf_memnode *dir) HF_REQUIRES(fs->tree)
{
	HF_ASSERT(hf_lock_is_held(&fs->tree));
	return atomic_load_explicit(&dir->nlink, memory_order_relaxed) > 0 && !fs->released;
}

static void add_links_locked(struct hf_memfs *fs, struct hf_memnode *node, int change) HF_REQUIRES(fs->tree)
{
	HF_ASSERT(hf_lock_is_held(&fs->tree));
	/* Writers are serialized by the lock; readers only need an untorn value. */
	uint32_t nlink = atomic_load_explicit(&node->nlink, memory_order_relaxed);
	atomic_store_explicit(&node->nlink, nlink + (uint32_t)change, memory_order_relaxed);
}

static int find_locked(struct hf_memfs *fs, struct hf_memnode *dir, const char *name, size_t size, struct hf_name **out)
	HF_REQUIRES(fs->tree)
{
	*out = is_alive_locked(fs, dir) ? hf__names_find(&dir->dir.names, name, size) : NULL;
	return *out ? 0 : -HF_ENOENT;
}

/* 0 if a name may be added to the directory. */
static int vacant_locked(struct hf_memfs *fs, struct hf_memnode *dir, const char *name, size_t size)
	HF_REQUIRES(fs->tree)
{
	if (!is_alive_locked(fs, dir))
		return -HF_ENOENT;
	return hf__names_find(&dir->dir.names, name, size) ? -HF_EEXIST : 0;
}

static void changed(struct hf_memnode *dir, uint64_t now)
{
	hf__memnode_touch(dir, HF_MEM_MTIM | HF_MEM_CTIM, now);
}

/* Called when the vnode has lost a name; the caller drops the name's reference. */
static void unnamed_locked(struct hf_memfs *fs, struct hf_vnode *vnode, uint64_t now) HF_REQUIRES(fs->tree)
{
	HF_ASSERT(hf_lock_is_held(&fs->tree));
	if (vnode->fs != fs) {
		hf_budget_give_back(&fs->nodes, 1);
		return;
	}
	struct hf_memnode *node = hf__memnode(vnode);
	if (is_directory(vnode)) {
		node->dir.parent = NULL;
		atomic_store_explicit(&node->nlink, 0, memory_order_relaxed);
	} else {
		/* The budget for the node's last name is not returned here: it pays for the node until the node is freed. */
		if (atomic_load_explicit(&node->nlink, memory_order_relaxed) > 1)
			hf_budget_give_back(&fs->nodes, 1);
		atomic_fetch_sub_explicit(&node->nlink, 1, memory_order_relaxed);
	}
	if (is_directory(vnode))
		hf__memnode_touch(node, HF_MEM_CTIM, now);
}

/* Updates ctim after a file has gained or lost a name; called without the tree lock. A directory's time is set under the lock. */
static void renamed(struct hf_memfs *fs, struct hf_vnode *vnode, uint64_t now)
{
	if (vnode && vnode->fs == fs && !is_directory(vnode))
		hf__memnode_touch(hf__memnode(vnode), HF_MEM_CTIM, now);
}

static int dir_lookup(struct hf_vnode *vnode, const char *name, size_t size, struct hf_vnode **out)
{
	struct hf_memnode *dir = hf__memnode(vnode);
	struct hf_memfs *fs = dir->fs;
	struct hf_name *found;
	hf_lock_near(&fs->tree);
	int err = find_locked(fs, dir, name, size, &found);
	if (err == 0)
		*out = hf_vnode_ref(found->vnode);
	hf_unlock_near(&fs->tree);
	return err;
}

static int dir_parent(struct hf_vnode *vnode, struct hf_vnode **out)
{
	struct hf_memnode *dir = hf__memnode(vnode);
	struct hf_memfs *fs = dir->fs;
	int err = -HF_ENOENT;
	hf_lock(&fs->tree);
	if (is_alive_locked(fs, dir)) {
		*out = hf_vnode_ref(&dir->dir.parent->vnode);
		err = 0;
	}
	hf_unlock(&fs->tree);
	return err;
}

/* Gives a new node its first name; the name takes the node's only reference. */
static int add_locked(struct hf_memfs *fs, struct hf_memnode *dir, const char *name, size_t size,
                      struct hf_memnode *node) HF_REQUIRES(fs->tree)
{
	int err = hf__names_add(&dir->dir.names, name, size, &node->vnode);
	if (err)
		return err;
	add_links_locked(fs, node, 1);
	if (is_directory(&node->vnode)) {
		node->dir.parent = dir;
		add_links_locked(fs, node, 1); /* its "." */
		add_links_locked(fs, dir, 1);  /* its ".." */
	}
	changed(dir, node->ctim);
	return 0;
}

static int dir_create(struct hf_vnode *vnode, const char *name, size_t size, uint8_t filetype, struct hf_vnode **out)
{
	struct hf_memnode *dir = hf__memnode(vnode), *node = NULL;
	struct hf_memfs *fs = dir->fs;
	if (filetype != HF_FILETYPE_REGULAR_FILE && filetype != HF_FILETYPE_DIRECTORY)
		return -HF_EINVAL;
	const struct hf_vnode_ops *ops = filetype == HF_FILETYPE_DIRECTORY ? &hf__memdir_ops : &hf__memfile_ops;
	uint64_t now = hf_plat_realtime();
	hf_lock(&fs->tree);
	int err = vacant_locked(fs, dir, name, size);
	if (err == 0)
		err = hf__memnode_create(fs, ops, filetype, 0, now, &node);
	if (err == 0) {
		if (filetype == HF_FILETYPE_DIRECTORY)
			hf__names_init(&node->dir.names, &fs->key);
		else
			hf__bytes_init(&node->file, &fs->bytes);
		err = add_locked(fs, dir, name, size, node);
	}
	if (err == 0)
		*out = hf_vnode_ref(&node->vnode);
	hf_unlock(&fs->tree);
	if (err && node)
		hf_vnode_unref(&node->vnode);
	return err;
}

static int dir_symlink(struct hf_vnode *vnode, const char *name, size_t size, const char *target, size_t target_size)
{
	struct hf_memnode *dir = hf__memnode(vnode), *node = NULL;
	struct hf_memfs *fs = dir->fs;
	uint64_t now = hf_plat_realtime();
	hf_lock(&fs->tree);
	int err = vacant_locked(fs, dir, name, size);
	if (err == 0)
		err = hf__memlink_create(fs, target, target_size, now, &node);
	if (err == 0)
		err = add_locked(fs, dir, name, size, node);
	hf_unlock(&fs->tree);
	if (err && node)
		hf_vnode_unref(&node->vnode);
	return err;
}

int hf__memdir_attach(struct hf_memnode *dir, const char *name, size_t size, struct hf_vnode *vnode)
{
	struct hf_memfs *fs = dir->fs;
	uint64_t now = hf_plat_realtime();
	hf_lock(&fs->tree);
	int err = vacant_locked(fs, dir, name, size);
	if (err == 0 && !hf_budget_take(&fs->nodes, 1))
		err = -HF_ENOSPC;
	if (err == 0) {
		err = hf__names_add(&dir->dir.names, name, size, vnode);
		if (err)
			hf_budget_give_back(&fs->nodes, 1);
	}
	if (err == 0) {
		(void)hf_vnode_ref(vnode);
		changed(dir, now);
	}
	hf_unlock(&fs->tree);
	return err;
}

/* Gives a file another name. Checks in the same order as Linux. */
static int link_locked(struct hf_memfs *fs, struct hf_memnode *dir, const char *name, size_t size,
                       struct hf_vnode *vnode, uint64_t now) HF_REQUIRES(fs->tree)
{
	int err = vacant_locked(fs, dir, name, size);
	if (err)
		return err;
	if (vnode->fs != fs)
		return -HF_EXDEV;
	if (is_directory(vnode))
		return -HF_EPERM;
	struct hf_memnode *node = hf__memnode(vnode);
	uint32_t nlink = atomic_load_explicit(&node->nlink, memory_order_relaxed);
	if (nlink == 0)
		return -HF_ENOENT;
	if (nlink >= HF_MEM_LINK_MAX)
		return -HF_EMLINK;
	if (!hf_budget_take(&fs->nodes, 1))
		return -HF_ENOSPC;
	err = hf__names_add(&dir->dir.names, name, size, vnode);
	if (err) {
		hf_budget_give_back(&fs->nodes, 1);
		return err;
	}
	(void)hf_vnode_ref(vnode);
	add_links_locked(fs, node, 1);
	changed(dir, now);
	return 0;
}

static int dir_link(struct hf_vnode *vnode, const char *name, size_t size, struct hf_vnode *target)
{
	struct hf_memnode *dir = hf__memnode(vnode);
	struct hf_memfs *fs = dir->fs;
	uint64_t now = hf_plat_realtime();
	hf_lock(&fs->tree);
	int err = link_locked(fs, dir, name, size, target, now);
	hf_unlock(&fs->tree);
	if (err == 0)
		renamed(fs, target, now);
	return err;
}

/* Removes a name from the directory. The caller drops the name's reference, without the lock. */
static struct hf_vnode *take_out_locked(struct hf_memfs *fs, struct hf_memnode *dir, struct hf_name *name, uint64_t now)
	HF_REQUIRES(fs->tree)
{
	struct hf_vnode *vnode = name->vnode;
	hf__names_remove(&dir->dir.names, name);
	unnamed_locked(fs, vnode, now);
	if (is_directory(vnode))
		add_links_locked(fs, dir, -1);
	changed(dir, now);
	return vnode;
}

/* May the name be removed: does it refer to an empty directory, or to a file that is not a directory, as requested? */
static int may_go_locked(struct hf_memfs *fs, struct hf_vnode *vnode, bool as_directory) HF_REQUIRES(fs->tree)
{
	HF_ASSERT(hf_lock_is_held(&fs->tree));
	if (is_directory(vnode) != as_directory)
		return as_directory ? -HF_ENOTDIR : -HF_EISDIR;
	return as_directory && hf__memnode(vnode)->dir.names.live > 0 ? -HF_ENOTEMPTY : 0;
}

static int remove_name(struct hf_memnode *dir, const char *name, size_t size, bool as_directory)
{
	struct hf_memfs *fs = dir->fs;
	struct hf_vnode *gone = NULL;
	struct hf_name *found;
	uint64_t now = hf_plat_realtime();
	hf_lock(&fs->tree);
	int err = find_locked(fs, dir, name, size, &found);
	if (err == 0)
		err = may_go_locked(fs, found->vnode, as_directory);
	if (err == 0)
		gone = take_out_locked(fs, dir, found, now);
	hf_unlock(&fs->tree);
	renamed(fs, gone, now);
	hf_vnode_unref(gone);
	return err;
}

static int dir_unlink(struct hf_vnode *vnode, const char *name, size_t size)
{
	return remove_name(hf__memnode(vnode), name, size, false);
}

static int dir_rmdir(struct hf_vnode *vnode, const char *name, size_t size)
{
	return remove_name(hf__memnode(vnode), name, size, true);
}

/* Is `node` the directory or an ancestor of it? Neither has been removed. */
static bool holds_locked(struct hf_memfs *fs, const struct hf_memnode *node, const struct hf_memnode *dir)
	HF_REQUIRES(fs->tree)
{
	HF_ASSERT(hf_lock_is_held(&fs->tree));
	while (dir != node && dir != dir->dir.parent)
		dir = dir->dir.parent;
	return dir == node;
}

/* May `source`, in from_dir, replace `target`, in to_dir? Checks in the same order as Linux. */
static int may_replace_locked(struct hf_memfs *fs, struct hf_memnode *from_dir, struct hf_vnode *source,
                              struct hf_vnode *target) HF_REQUIRES(fs->tree)
{
	if (is_directory(target) && holds_locked(fs, hf__memnode(target), from_dir))
		return -HF_ENOTEMPTY;
	if (is_directory(source) && !is_directory(target))
		return -HF_ENOTDIR;
	if (!is_directory(source) && is_directory(target))
		return -HF_EISDIR;
	if (is_directory(target) && hf__memnode(target)->dir.names.live > 0)
		return -HF_ENOTEMPTY;
	return 0;
}

/* Called when the source has its new name, and still has the old one. */
static void moved_locked(struct hf_memfs *fs, struct hf_memnode *from_dir, struct hf_name *from,
                         struct hf_memnode *to_dir, uint64_t now) HF_REQUIRES(fs->tree)
{
	struct hf_vnode *source = from->vnode;
	hf__names_remove(&from_dir->dir.names, from);
	if (is_directory(source)) {
		hf__memnode(source)->dir.parent = to_dir;
		add_links_locked(fs, from_dir, -1);
		add_links_locked(fs, to_dir, 1);
	}
	if (is_directory(source))
		hf__memnode_touch(hf__memnode(source), HF_MEM_CTIM, now);
	changed(from_dir, now);
	changed(to_dir, now);
}

struct rename {
	struct hf_memnode *from_dir, *to_dir;
	const char *from, *to;
	size_t from_size, to_size;
	struct hf_vnode *replaced; /* removed: the caller drops its name's reference */
	struct hf_vnode *moved;    /* the renamed vnode: the caller owns the reference */
};

static int rename_locked(struct hf_memfs *fs, struct rename *r, uint64_t now) HF_REQUIRES(fs->tree)
{
	struct hf_name *from, *to;
	int err = find_locked(fs, r->from_dir, r->from, r->from_size, &from);
	if (err)
		return err;
	if (!is_alive_locked(fs, r->to_dir))
		return -HF_ENOENT;
	struct hf_vnode *source = from->vnode;
	if (r->from_dir != r->to_dir && is_directory(source) && holds_locked(fs, hf__memnode(source), r->to_dir))
		return -HF_EINVAL;
	to = hf__names_find(&r->to_dir->dir.names, r->to, r->to_size);
	if (!to) {
		err = hf__names_add(&r->to_dir->dir.names, r->to, r->to_size, source);
	} else if (to->vnode == source) {
		return 0;
	} else if ((err = may_replace_locked(fs, r->from_dir, source, to->vnode)) == 0) {
		r->replaced = to->vnode;
		to->vnode = source;
		unnamed_locked(fs, r->replaced, now);
		if (is_directory(r->replaced))
			add_links_locked(fs, r->to_dir, -1);
	}
	if (err == 0) {
		moved_locked(fs, r->from_dir, from, r->to_dir, now);
		r->moved = hf_vnode_ref(source);
	}
	return err;
}

static int dir_rename(struct hf_vnode *from_dir, const char *from, size_t from_size, struct hf_vnode *to_dir,
                      const char *to, size_t to_size)
{
	if (to_dir->fs != from_dir->fs)
		return -HF_EXDEV;
	if (!is_directory(to_dir))
		return -HF_ENOTDIR;
	struct rename r = {hf__memnode(from_dir), hf__memnode(to_dir), from, to, from_size, to_size, NULL, NULL};
	struct hf_memfs *fs = r.from_dir->fs;
	uint64_t now = hf_plat_realtime();
	hf_lock(&fs->tree);
	int err = rename_locked(fs, &r, now);
	hf_unlock(&fs->tree);
	renamed(fs, r.moved, now);
	renamed(fs, r.replaced, now);
	hf_vnode_unref(r.moved);
	hf_vnode_unref(r.replaced);
	return err;
}

static void list_locked(struct hf_memfs *fs, struct hf_memnode *dir, uint64_t cookie, hf_dirent_fn *emit, void *context)
	HF_REQUIRES(fs->tree)
{
	HF_ASSERT(hf_lock_is_held(&fs->tree));
	if (cookie == 0 && !emit(context, ++cookie, dir->vnode.ino, HF_FILETYPE_DIRECTORY, ".", 1))
		return;
	if (cookie == 1 && !emit(context, ++cookie, dir->dir.parent->vnode.ino, HF_FILETYPE_DIRECTORY, "..", 2))
		return;
	uint32_t position = hf__names_seek(&dir->dir.names, cookie);
	const struct hf_name *name;
	while ((name = hf__names_next(&dir->dir.names, &position, &cookie)) != NULL) {
		const struct hf_vnode *vnode = name->vnode;
		if (!emit(context, cookie + 1, vnode->ino, vnode->filetype, name->text, name->size))
			return;
	}
}

static int dir_readdir(struct hf_vnode *vnode, uint64_t cookie, hf_dirent_fn *emit, void *context)
{
	struct hf_memnode *dir = hf__memnode(vnode);
	struct hf_memfs *fs = dir->fs;
	uint64_t now = hf_plat_realtime();
	int err = -HF_ENOENT;
	hf_lock(&fs->tree);
	if (is_alive_locked(fs, dir)) {
		list_locked(fs, dir, cookie, emit, context);
		hf__memnode_touch(dir, HF_MEM_ATIM, now);
		err = 0;
	}
	hf_unlock(&fs->tree);
	return err;
}

/* One step of hf__memdir_clear_tree: goes down into a directory that has names, removes one name (*gone), or goes up. Returns the next directory, or
 * NULL at the end. */
static struct hf_memnode *clear_step_locked(struct hf_memfs *fs, struct hf_memnode *dir, uint64_t now,
                                            struct hf_vnode **gone) HF_REQUIRES(fs->tree)
{
	uint32_t position = 0;
	uint64_t cookie;
	struct hf_name *name = hf__names_next(&dir->dir.names, &position, &cookie);
	if (!name)
		return dir == dir->dir.parent ? NULL : dir->dir.parent;
	if (is_directory(name->vnode) && hf__memnode(name->vnode)->dir.names.live > 0)
		return hf__memnode(name->vnode);
	*gone = take_out_locked(fs, dir, name, now);
	return dir;
}

void hf__memdir_clear_tree(struct hf_memfs *fs, struct hf_memnode *root)
{
	uint64_t now = hf_plat_realtime();
	for (struct hf_memnode *dir = root; dir;) {
		struct hf_vnode *gone = NULL;
		hf_lock(&fs->tree);
		dir = clear_step_locked(fs, dir, now, &gone);
		hf_unlock(&fs->tree);
		hf_vnode_unref(gone);
	}
	hf_lock(&fs->tree);
	atomic_store_explicit(&root->nlink, 0, memory_order_relaxed);
	hf_unlock(&fs->tree);
}

/* Operations that directories do not support return these errors. */
static int dir_read(struct hf_vnode *vnode, uint64_t offset, struct hf_uio *uio)
{
	(void)vnode, (void)offset, (void)uio;
	return -HF_EISDIR;
}

static int dir_write(struct hf_vnode *vnode, uint64_t offset, bool append, struct hf_uio *uio, uint64_t *end)
{
	(void)vnode, (void)offset, (void)append, (void)uio, (void)end;
	return -HF_EISDIR;
}

static int dir_truncate(struct hf_vnode *vnode, uint64_t size)
{
	(void)vnode, (void)size;
	return -HF_EISDIR;
}

static int dir_allocate(struct hf_vnode *vnode, uint64_t offset, uint64_t size)
{
	(void)vnode, (void)offset, (void)size;
	return -HF_EISDIR;
}

const struct hf_vnode_ops hf__memdir_ops = {
	.lookup = dir_lookup,
	.parent = dir_parent,
	.create = dir_create,
	.symlink = dir_symlink,
	.link = dir_link,
	.unlink = dir_unlink,
	.rmdir = dir_rmdir,
	.rename = dir_rename,
	.readdir = dir_readdir,
	.read = dir_read,
	.write = dir_write,
	.truncate = dir_truncate,
	.allocate = dir_allocate,
	.sync = hf__memnode_sync,
	.getattr = hf__memnode_getattr,
	.set_times = hf__memnode_set_times,
	.destroy = hf__memnode_destroy,
};
