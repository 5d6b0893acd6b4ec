/* root.c - the runtime's file system, and the operations of hf.fs. Coordinator thread only; nothing blocks, because all
 * files are in memory. */
#include "coordinator/root.h"

#include <holdfast/exports.h>
#include <string.h>

#include "fs/at.h"
#include "fs/listing.h"
#include "fs/tree.h"
#include "kernel/file.h"
#include "platform/alloc.h"
#include "wasi/seen.h"

static struct hf_memfs *fs;
static struct hf_vnode *root;

int hf_root_create(uint64_t memory)
{
	int result = hf_tree_create(memory, &fs, &root);
#if defined(HF_SEE_ERRORS)
	if (result == 0)
		result = hf__seen_attach(root);
#endif
	return result;
}

struct hf_vnode *hf_root_vnode(void)
{
	return root;
}

struct hf_memfs *hf_root_fs(void)
{
	return fs;
}

/* A path may have two parts, separated by a NUL: a directory, and a path below it. No link leads out of that directory, even if programs change it meanwhile. */
static int walk(const char *path, uint32_t size, unsigned flags, struct hf_path *out)
{
	const char *below = memchr(path, 0, size);
	struct hf_path base;
	if (!below)
		return hf_path_walk(root, path, size, flags | HF_PATH_ROOTED, out);
	int result = hf_path_walk(root, path, (size_t)(below - path), HF_PATH_FOLLOW | HF_PATH_ROOTED, &base);
	if (result < 0)
		return result;
	below++;
	result = hf_path_walk(base.vnode, below, size - (size_t)(below - path), flags, out);
	hf_path_release(&base);
	return result;
}

/* ---- hf.fs: each returns 0 (or a count) or a negated errno ---- */

/* Checks that the vnode is of the requested kind. If it is a link, a guest has just put it there. */
static int check_kind(const struct hf_vnode *vnode, uint32_t how, bool must_be_dir)
{
	bool directory = vnode->filetype == HF_FILETYPE_DIRECTORY;
	if (directory != !!(how & HF_OPEN_DIRECTORY))
		return directory ? -HF_EISDIR : -HF_ENOTDIR;
	if (must_be_dir && !directory)
		return -HF_ENOTDIR;
	return vnode->filetype == HF_FILETYPE_SYMBOLIC_LINK ? -HF_ELOOP : 0;
}

static int find_or_make(const struct hf_path *at, uint32_t how, struct hf_vnode **out)
{
	int result = hf_at_find_or_make(at, how & HF_OPEN_EXCLUSIVE, out);
	if (result < 0)
		return result;
	result = check_kind(*out, how, at->must_be_dir);
	if (result < 0)
		hf_vnode_unref(*out);
	return result;
}

/* Opens a directory or a file; creates a file that is opened for writing. The caller must pass *out to hf_c_fs_close. */
int hf_c_fs_open(const char *path, uint32_t size, uint32_t how, struct hf_vnode **out)
{
	struct hf_path at;
	unsigned flags = HF_PATH_FOLLOW | (how & HF_OPEN_WRITE ? HF_PATH_PARENT : 0);
	int result = walk(path, size, how & HF_OPEN_EXCLUSIVE ? HF_PATH_PARENT : flags, &at);
	if (result < 0)
		return result;
	result = find_or_make(&at, how, out);
	hf_path_release(&at);
	return result;
}

void hf_c_fs_close(struct hf_vnode *vnode)
{
	struct hf_attr attr;
	(void)vnode->ops->getattr(vnode, &attr); /* settles its times, as the last close does */
	hf_vnode_unref(vnode);
}

int hf_c_fs_read(struct hf_vnode *vnode, double offset, void *buffer, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, buffer, size);
	uio.now = hf_vnode_clock(vnode, &vnode->accessed);
	int result = vnode->ops->read(vnode, (uint64_t)offset, &uio);
	return result < 0 ? result : (int)(size - (uint32_t)uio.resid);
}

/* Appends all bytes to the file, or returns an errno; bytes written before the error stay. */
int hf_c_fs_append(struct hf_vnode *vnode, void *buffer, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	uint64_t end;
	hf_uio_kernel(&uio, &iov, buffer, size);
	uio.now = hf_vnode_clock(vnode, &vnode->modified);
	while (uio.resid > 0) {
		int result = vnode->ops->write(vnode, 0, true, &uio, &end);
		if (result < 0)
			return result;
	}
	return 0;
}

/* Creates a file without a name, for hf_c_fs_replace. Close it like any other. */
int hf_c_fs_draft(struct hf_vnode **out)
{
	return hf_memfs_create_unnamed(fs, out);
}

/* Replaces the file's contents with the draft's, atomically. */
int hf_c_fs_replace(struct hf_vnode *vnode, struct hf_vnode *draft)
{
	return hf_memfs_exchange(vnode, draft);
}

int hf_c_fs_truncate(const char *path, uint32_t path_size, double size)
{
	struct hf_path at;
	int result = walk(path, path_size, HF_PATH_FOLLOW, &at);
	if (result < 0)
		return result;
	if (at.vnode->filetype == HF_FILETYPE_DIRECTORY)
		result = -HF_EISDIR;
	else
		result = at.vnode->ops->truncate ? at.vnode->ops->truncate(at.vnode, (uint64_t)size) : -HF_EINVAL;
	hf_path_release(&at);
	return result;
}

static void put_attr(const struct hf_attr *attr, struct hf_fs_stat *out)
{
	out->type = attr->filetype;
	out->ino = (double)attr->ino;
	out->nlink = (double)attr->nlink;
	out->size = (double)attr->size;
	out->atime = (double)attr->atim / 1e6;
	out->mtime = (double)attr->mtim / 1e6;
	out->ctime = (double)attr->ctim / 1e6;
}

/* Gets the attributes of an open file. */
int hf_c_fs_fstat(struct hf_vnode *vnode, struct hf_fs_stat *out)
{
	struct hf_attr attr;
	int result = vnode->ops->getattr(vnode, &attr);
	if (result == 0)
		put_attr(&attr, out);
	return result;
}

int hf_c_fs_stat(const char *path, uint32_t size, uint32_t follow, struct hf_fs_stat *out)
{
	struct hf_path at;
	int result = walk(path, size, follow ? HF_PATH_FOLLOW : 0, &at);
	if (result < 0)
		return result;
	result = hf_c_fs_fstat(at.vnode, out);
	hf_path_release(&at);
	return result;
}

/* A double cannot hold a time in nanoseconds exactly, so whole milliseconds are multiplied as integers. */
static uint64_t nanoseconds(double milliseconds)
{
	if (milliseconds < 0)
		return 0;
	uint64_t whole = (uint64_t)milliseconds;
	return whole * 1000000 + (uint64_t)((milliseconds - (double)whole) * 1e6 + 0.5);
}

int hf_c_fs_utimes(const char *path, uint32_t size, uint32_t follow, double atime, double mtime)
{
	struct hf_path at;
	uint64_t atim = nanoseconds(atime), mtim = nanoseconds(mtime);
	int result = walk(path, size, follow ? HF_PATH_FOLLOW : 0, &at);
	if (result < 0)
		return result;
	/* A negative time leaves the file's unchanged. */
	result = at.vnode->ops->set_times(at.vnode, atime < 0 ? NULL : &atim, mtime < 0 ? NULL : &mtim);
	hf_path_release(&at);
	return result;
}

int hf_c_fs_chmod(const char *path, uint32_t size, uint32_t read_only)
{
	struct hf_path at;
	int result = walk(path, size, HF_PATH_FOLLOW, &at);
	if (result < 0)
		return result;
	atomic_store_explicit(&at.vnode->read_only, read_only != 0, memory_order_relaxed);
	hf_path_release(&at);
	return 0;
}

/* Reads entries of an open directory, from `cookie` (the `next` of the last entry). Returns the number of bytes used; 0: no more entries. */
int hf_c_fs_readdir(struct hf_vnode *dir, double cookie, void *buffer, uint32_t size)
{
	return hf_vnode_list(dir, (uint64_t)cookie, buffer, size);
}

int hf_c_fs_change(enum hf_change change, const char *path, uint32_t size)
{
	struct hf_path at;
	int result = walk(path, size, HF_PATH_PARENT, &at);
	if (result < 0)
		return result;
	if (change == HF_CHANGE_MKDIR)
		result = hf_at_mkdir(&at);
	else if (change == HF_CHANGE_UNLINK)
		result = hf_at_unlink(&at);
	else
		result = at.parent ? hf_at_rmdir(&at) : -HF_EBUSY;
	hf_path_release(&at);
	return result;
}

int hf_c_fs_symlink(const char *target, uint32_t target_size, const char *path, uint32_t size)
{
	struct hf_path at;
	int result = target_size ? hf_path_check_text(target, target_size) : -HF_ENOENT;
	if (result == 0)
		result = walk(path, size, HF_PATH_PARENT, &at);
	if (result < 0)
		return result;
	result = hf_at_symlink(&at, target, target_size);
	hf_path_release(&at);
	return result;
}

int hf_c_fs_readlink(const char *path, uint32_t path_size, char *buffer, uint32_t size)
{
	struct hf_path at;
	int result = walk(path, path_size, 0, &at);
	if (result < 0)
		return result;
	result = hf_vnode_readlink(at.vnode, buffer, size);
	hf_path_release(&at);
	return result;
}

int hf_c_fs_two(enum hf_two two, const char *from_path, uint32_t from_size, const char *to_path, uint32_t to_size)
{
	struct hf_path from, to;
	bool rename = two != HF_TWO_LINK;
	int result = walk(from_path, from_size, rename ? HF_PATH_PARENT : 0, &from);
	if (result < 0)
		return result;
	result = walk(to_path, to_size, HF_PATH_PARENT, &to);
	if (result == 0) {
		result = rename ? hf_at_rename(&from, &to) : hf_at_link(&to, from.vnode);
		hf_path_release(&to);
	}
	hf_path_release(&from);
	return result;
}

void hf_c_fs_usage(struct hf_fs_usage *out)
{
	struct hf_memfs_usage usage = hf_memfs_usage(fs);
	out->bytes = (double)usage.bytes;
	out->nodes = (double)usage.nodes;
	out->used = (double)hf_alloc_bytes();
	out->blocks = (double)hf_alloc_blocks();
}
