/* at.c - operations on the name at the end of a path. */
#include "fs/at.h"

int hf_at_mkdir(const struct hf_path *at)
{
	struct hf_vnode *made;
	if (at->vnode || !at->parent)
		return -HF_EEXIST;
	int result = at->parent->ops->create(at->parent, at->name, at->name_size, HF_FILETYPE_DIRECTORY, &made);
	if (result == 0)
		hf_vnode_unref(made);
	return result;
}

int hf_at_rmdir(const struct hf_path *at)
{
	if (!at->parent)
		return at->last == HF_PATH_DOTDOT ? -HF_ENOTEMPTY : at->last == HF_PATH_DOT ? -HF_EINVAL : -HF_EBUSY;
	if (!at->vnode)
		return -HF_ENOENT;
	return at->parent->ops->rmdir(at->parent, at->name, at->name_size);
}

int hf_at_unlink(const struct hf_path *at)
{
	if (!at->parent)
		return -HF_EISDIR;
	if (!at->vnode)
		return -HF_ENOENT;
	if (at->must_be_dir)
		return at->vnode->filetype == HF_FILETYPE_DIRECTORY ? -HF_EISDIR : -HF_ENOTDIR;
	return at->parent->ops->unlink(at->parent, at->name, at->name_size);
}

/* Checks that the name is free for a new file that is not a directory. */
static int check_new(const struct hf_path *at)
{
	if (at->vnode || !at->parent)
		return -HF_EEXIST;
	return at->must_be_dir ? -HF_ENOENT : 0;
}

int hf_at_symlink(const struct hf_path *at, const char *target, size_t target_size)
{
	int result = check_new(at);
	return result < 0 ? result : at->parent->ops->symlink(at->parent, at->name, at->name_size, target, target_size);
}

int hf_at_link(const struct hf_path *at, struct hf_vnode *vnode)
{
	int result = check_new(at);
	if (result == 0 && vnode->fs != at->parent->fs)
		result = -HF_EXDEV;
	return result < 0 ? result : at->parent->ops->link(at->parent, at->name, at->name_size, vnode);
}

int hf_at_check_rename(const struct hf_path *from, const struct hf_path *to)
{
	if (!from->parent || !to->parent)
		return -HF_EBUSY;
	if (!from->vnode)
		return -HF_ENOENT;
	if ((from->must_be_dir || to->must_be_dir) && from->vnode->filetype != HF_FILETYPE_DIRECTORY)
		return -HF_ENOTDIR;
	return from->parent->fs == to->parent->fs ? 0 : -HF_EXDEV;
}

int hf_at_rename(const struct hf_path *from, const struct hf_path *to)
{
	int result = hf_at_check_rename(from, to);
	return result < 0 ? result
	                  : from->parent->ops->rename(from->parent, from->name, from->name_size, to->parent, to->name,
	                                              to->name_size);
}

int hf_at_find_or_make(const struct hf_path *at, bool exclusive, struct hf_vnode **out)
{
	if (at->vnode) {
		if (exclusive)
			return -HF_EEXIST;
		*out = hf_vnode_ref(at->vnode);
		return 0;
	}
	if (at->must_be_dir)
		return -HF_EISDIR;
	int result = at->parent->ops->create(at->parent, at->name, at->name_size, HF_FILETYPE_REGULAR_FILE, out);
	/* Another thread created it first. */
	if (result == -HF_EEXIST && !exclusive)
		result = at->parent->ops->lookup(at->parent, at->name, at->name_size, out);
	return result;
}
