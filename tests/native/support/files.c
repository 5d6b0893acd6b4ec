#include "support/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fs fs_begin_limited(struct hf_memfs_limits limits)
{
	struct fs fs;
	CHECK_OK(hf_memfs_create(&limits, &fs.memfs));
	fs.root = hf_memfs_root(fs.memfs);
	return fs;
}

struct fs fs_begin(void)
{
	return fs_begin_limited((struct hf_memfs_limits){0});
}

void fs_end(struct fs *fs)
{
	hf_vnode_unref(fs->root);
	hf_memfs_release(fs->memfs);
}

static int walk(struct hf_vnode *root, const char *path, unsigned flags, struct hf_path *out)
{
	return hf_path_walk(root, path, strlen(path), flags | HF_PATH_ROOTED, out);
}

/* Returns the object at a path; it must exist. */
static int find(struct hf_vnode *root, const char *path, bool follow, struct hf_vnode **out)
{
	struct hf_path found;
	int err = walk(root, path, follow ? HF_PATH_FOLLOW : 0, &found);
	if (err == 0)
		*out = found.vnode;
	return err;
}

static int open_existing(struct hf_vnode *vnode, unsigned flags)
{
	bool directory = vnode->filetype == HF_FILETYPE_DIRECTORY;
	if (flags & F_DIRECTORY && !directory)
		return -HF_ENOTDIR;
	if (vnode->filetype == HF_FILETYPE_SYMBOLIC_LINK)
		return -HF_ELOOP;
	if (directory && flags & (F_CREATE | F_TRUNC | F_WRITE))
		return -HF_EISDIR;
	if (flags & F_TRUNC && vnode->filetype == HF_FILETYPE_REGULAR_FILE)
		return vnode->ops->truncate(vnode, 0);
	return 0;
}

static int open_creating(struct hf_vnode *root, const char *path, unsigned flags, struct hf_vnode **out)
{
	bool follow = !(flags & (F_EXCL | F_NOFOLLOW));
	struct hf_path at;
	int err = walk(root, path, HF_PATH_PARENT | (follow ? HF_PATH_FOLLOW : 0), &at);
	if (err)
		return err;
	if (at.parent && at.must_be_dir)
		err = -HF_EISDIR;
	else if (at.vnode && flags & F_EXCL)
		err = -HF_EEXIST;
	else if (at.vnode)
		err = open_existing(at.vnode, flags);
	else
		err = at.parent->ops->create(at.parent, at.name, at.name_size, HF_FILETYPE_REGULAR_FILE, &at.vnode);
	if (err == 0)
		*out = hf_vnode_ref(at.vnode);
	hf_path_release(&at);
	return err;
}

int f_open(struct hf_vnode *root, const char *path, unsigned flags, struct hf_vnode **out)
{
	if (flags & F_CREATE)
		return open_creating(root, path, flags, out);
	int err = find(root, path, !(flags & F_NOFOLLOW), out);
	if (err)
		return err;
	err = open_existing(*out, flags);
	if (err)
		hf_vnode_unref(*out);
	return err;
}

/* Walks to the place for a new name. On success at->parent and at->name are set. */
static int walk_to_new(struct hf_vnode *root, const char *path, bool directory, struct hf_path *at)
{
	int err = walk(root, path, HF_PATH_PARENT, at);
	if (err)
		return err;
	if (at->vnode)
		err = -HF_EEXIST;
	else if (at->must_be_dir && !directory)
		err = -HF_ENOENT;
	if (err)
		hf_path_release(at);
	return err;
}

int f_mkdir(struct hf_vnode *root, const char *path)
{
	struct hf_path at;
	int err = walk_to_new(root, path, true, &at);
	if (err)
		return err;
	err = at.parent->ops->create(at.parent, at.name, at.name_size, HF_FILETYPE_DIRECTORY, &at.vnode);
	hf_path_release(&at);
	return err;
}

int f_rmdir(struct hf_vnode *root, const char *path)
{
	struct hf_path at;
	int err = walk(root, path, HF_PATH_PARENT, &at);
	if (err)
		return err;
	if (at.parent)
		err = at.parent->ops->rmdir(at.parent, at.name, at.name_size);
	else
		err = at.last == HF_PATH_DOT ? -HF_EINVAL : at.last == HF_PATH_DOTDOT ? -HF_ENOTEMPTY : -HF_EBUSY;
	hf_path_release(&at);
	return err;
}

int f_unlink(struct hf_vnode *root, const char *path)
{
	struct hf_path at;
	int err = walk(root, path, HF_PATH_PARENT, &at);
	if (err)
		return err;
	if (!at.parent)
		err = -HF_EISDIR;
	else if (at.vnode && at.must_be_dir && at.vnode->filetype != HF_FILETYPE_DIRECTORY)
		err = -HF_ENOTDIR;
	else
		err = at.parent->ops->unlink(at.parent, at.name, at.name_size);
	hf_path_release(&at);
	return err;
}

static int rename_found(struct hf_path *from, struct hf_path *to)
{
	if (!from->parent || !to->parent)
		return -HF_EBUSY;
	if (!from->vnode)
		return -HF_ENOENT;
	if (from->vnode->filetype != HF_FILETYPE_DIRECTORY && (from->must_be_dir || to->must_be_dir))
		return -HF_ENOTDIR;
	return from->parent->ops->rename(from->parent, from->name, from->name_size, to->parent, to->name, to->name_size);
}

int f_rename(struct hf_vnode *root, const char *from, const char *to)
{
	struct hf_path source, target;
	int err = walk(root, from, HF_PATH_PARENT, &source);
	if (err)
		return err;
	err = walk(root, to, HF_PATH_PARENT, &target);
	if (err == 0) {
		err = rename_found(&source, &target);
		hf_path_release(&target);
	}
	hf_path_release(&source);
	return err;
}

int f_link(struct hf_vnode *root, const char *from, const char *to, bool follow)
{
	struct hf_vnode *vnode = NULL;
	struct hf_path at;
	int err = find(root, from, follow, &vnode);
	if (err)
		return err;
	err = walk_to_new(root, to, false, &at);
	if (err == 0) {
		err = at.parent->ops->link(at.parent, at.name, at.name_size, vnode);
		hf_path_release(&at);
	}
	hf_vnode_unref(vnode);
	return err;
}

int f_symlink(struct hf_vnode *root, const char *target, const char *path)
{
	struct hf_path at;
	if (target[0] == 0)
		return -HF_ENOENT;
	int err = walk_to_new(root, path, false, &at);
	if (err)
		return err;
	err = at.parent->ops->symlink(at.parent, at.name, at.name_size, target, strlen(target));
	hf_path_release(&at);
	return err;
}

int f_readlink(struct hf_vnode *root, const char *path, char *buffer, size_t size)
{
	struct hf_vnode *vnode = NULL;
	int err = find(root, path, false, &vnode);
	if (err)
		return err;
	err = vnode->ops->readlink ? vnode->ops->readlink(vnode, buffer, size) : -HF_EINVAL;
	hf_vnode_unref(vnode);
	return err;
}

int f_stat(struct hf_vnode *root, const char *path, bool follow, struct hf_attr *out)
{
	struct hf_vnode *vnode = NULL;
	int err = find(root, path, follow, &vnode);
	if (err)
		return err;
	err = vnode->ops->getattr(vnode, out);
	hf_vnode_unref(vnode);
	return err;
}

int f_truncate(struct hf_vnode *root, const char *path, uint64_t size)
{
	struct hf_vnode *vnode = NULL;
	int err = find(root, path, true, &vnode);
	if (err)
		return err;
	err = vnode->ops->truncate ? vnode->ops->truncate(vnode, size) : -HF_EINVAL;
	hf_vnode_unref(vnode);
	return err;
}

int64_t f_read(struct hf_vnode *vnode, uint64_t offset, void *buffer, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, buffer, size);
	uio.now = hf_vnode_clock(vnode, &vnode->accessed);
	int err = vnode->ops->read ? vnode->ops->read(vnode, offset, &uio) : -HF_EINVAL;
	return err ? err : (int64_t)(size - uio.resid);
}

static int64_t write_or_append(struct hf_vnode *vnode, uint64_t offset, bool append, const void *data, uint32_t size,
                               uint64_t *end)
{
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, (void *)(uintptr_t)data, size);
	uio.now = hf_vnode_clock(vnode, &vnode->modified);
	int err = vnode->ops->write ? vnode->ops->write(vnode, offset, append, &uio, end) : -HF_EINVAL;
	return err ? err : (int64_t)(size - uio.resid);
}

int64_t f_write(struct hf_vnode *vnode, uint64_t offset, const void *data, uint32_t size)
{
	uint64_t end;
	int64_t moved = write_or_append(vnode, offset, false, data, size, &end);
	if (moved >= 0)
		CHECK_EQ(end, offset + (uint64_t)moved);
	return moved;
}

int64_t f_append(struct hf_vnode *vnode, const void *data, uint32_t size, uint64_t *end)
{
	return write_or_append(vnode, 0, true, data, size, end);
}

static struct hf_attr attr_of(struct hf_vnode *vnode)
{
	struct hf_attr attr;
	CHECK_OK(vnode->ops->getattr(vnode, &attr));
	return attr;
}

uint64_t f_size(struct hf_vnode *vnode)
{
	return attr_of(vnode).size;
}

uint64_t f_nlink(struct hf_vnode *vnode)
{
	return attr_of(vnode).nlink;
}

int f_put(struct hf_vnode *root, const char *path, const char *text)
{
	struct hf_vnode *vnode = NULL;
	int err = f_open(root, path, F_CREATE | F_TRUNC | F_WRITE, &vnode);
	if (err)
		return err;
	int64_t moved = f_write(vnode, 0, text, (uint32_t)strlen(text));
	hf_vnode_unref(vnode);
	return moved < 0 ? (int)moved : 0;
}

void f_check_text(struct hf_vnode *root, const char *path, const char *text)
{
	struct hf_vnode *vnode = NULL;
	char buffer[4096];
	CHECK(strlen(text) < sizeof buffer);
	CHECK_OK(f_open(root, path, 0, &vnode));
	CHECK_EQ(f_read(vnode, 0, buffer, sizeof buffer), strlen(text));
	CHECK_BYTES(buffer, text, strlen(text));
	hf_vnode_unref(vnode);
}

bool f_exists(struct hf_vnode *root, const char *path)
{
	struct hf_attr attr;
	int err = f_stat(root, path, false, &attr);
	CHECK(err == 0 || err == -HF_ENOENT || err == -HF_ENOTDIR);
	return err == 0;
}

struct text {
	char *at;
	size_t left;
};

static bool append_name(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name, uint32_t size)
{
	struct text *text = context;
	(void)next, (void)ino, (void)filetype;
	CHECK(text->left > size + 1);
	memcpy(text->at, name, size);
	text->at[size] = ' ';
	text->at += size + 1;
	text->left -= size + 1;
	return true;
}

void f_list(struct hf_vnode *dir, char *out, size_t size)
{
	struct text text = {out, size};
	CHECK_OK(dir->ops->readdir(dir, 0, append_name, &text));
	CHECK(text.left > 0);
	*text.at = 0;
}

/* What f_check_tree has seen of a node, in a hash table keyed by inode number. */
struct seen {
	uint64_t ino, names, nlink;
	uint8_t filetype;
};

struct census {
	struct hf_vnode *root;
	struct seen *seen;
	uint32_t room, count, names;
};

struct listing {
	struct entry {
		uint64_t ino;
		uint8_t filetype, size;
		char name[HF_NAME_MAX];
	} * entries;
	uint32_t count, room;
	uint64_t cookie;
};

static bool take_entry(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name, uint32_t size)
{
	struct listing *list = context;
	CHECK(next > list->cookie);
	list->cookie = next;
	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 16;
		list->entries = realloc(list->entries, list->room * sizeof *list->entries);
		CHECK(list->entries);
	}
	struct entry *entry = &list->entries[list->count++];
	CHECK(size > 0 && size <= HF_NAME_MAX);
	entry->ino = ino;
	entry->filetype = filetype;
	entry->size = (uint8_t)size;
	memcpy(entry->name, name, size);
	return true;
}

static struct seen *slot_for(struct census *census, uint64_t ino)
{
	uint32_t i = (uint32_t)(ino * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (census->room - 1);
	while (census->seen[i].names && census->seen[i].ino != ino)
		i = (i + 1) & (census->room - 1);
	return &census->seen[i];
}

static void grow_census(struct census *census)
{
	struct census old = *census;
	census->room = old.room ? 2 * old.room : 64;
	census->seen = calloc(census->room, sizeof *census->seen);
	CHECK(census->seen);
	for (uint32_t i = 0; i < old.room; i++) {
		if (old.seen[i].names)
			*slot_for(census, old.seen[i].ino) = old.seen[i];
	}
	free(old.seen);
}

static void count_name(struct census *census, struct hf_vnode *vnode)
{
	struct hf_attr attr = attr_of(vnode);
	census->names++;
	/* Nodes of other file systems have numbers and counts of their own. */
	if (vnode->fs != census->root->fs)
		return;
	if (2 * census->count >= census->room)
		grow_census(census);
	struct seen *seen = slot_for(census, attr.ino);
	if (seen->names == 0) {
		*seen = (struct seen){.ino = attr.ino, .nlink = attr.nlink, .filetype = attr.filetype};
		census->count++;
	}
	seen->names++;
}

static void check_parent(struct hf_vnode *dir, struct hf_vnode *expected)
{
	struct hf_vnode *parent = NULL;
	CHECK_OK(dir->ops->parent(dir, &parent));
	CHECK(parent == expected);
	hf_vnode_unref(parent);
}

static void check_dir(struct census *census, struct hf_vnode *dir, struct hf_vnode *parent)
{
	struct listing list = {0};
	uint64_t subdirs = 0;
	CHECK_OK(dir->ops->readdir(dir, 0, take_entry, &list));
	check_parent(dir, parent);
	CHECK(list.count >= 2);
	CHECK(list.entries[0].size == 1 && list.entries[0].ino == dir->ino);
	CHECK(list.entries[1].size == 2 && list.entries[1].ino == parent->ino);
	for (uint32_t i = 2; i < list.count; i++) {
		const struct entry *entry = &list.entries[i];
		struct hf_vnode *vnode = NULL;
		CHECK_OK(dir->ops->lookup(dir, entry->name, entry->size, &vnode));
		CHECK_EQ(vnode->ino, entry->ino);
		CHECK_EQ(vnode->filetype, entry->filetype);
		count_name(census, vnode);
		if (vnode->filetype == HF_FILETYPE_DIRECTORY) {
			subdirs++;
			check_dir(census, vnode, dir);
		}
		hf_vnode_unref(vnode);
	}
	CHECK_EQ(f_nlink(dir), 2 + subdirs);
	free(list.entries);
}

uint32_t f_check_tree(struct hf_vnode *root)
{
	struct census census = {.root = root};
	check_dir(&census, root, root);
	for (uint32_t i = 0; i < census.room; i++) {
		const struct seen *seen = &census.seen[i];
		if (seen->names && seen->filetype != HF_FILETYPE_DIRECTORY)
			CHECK_EQ(seen->nlink, seen->names);
		else if (seen->names)
			CHECK_EQ(seen->names, 1);
	}
	free(census.seen);
	return census.names;
}
