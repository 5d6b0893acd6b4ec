/* agreement.c - memfs and Linux side by side. */
#define _GNU_SOURCE
#include "support/agreement.h"

#include "support/files.h"
#include "support/linux_files.h"

#include <stdio.h>
#include <string.h>

static struct hf_vnode *handles[HANDLES];

static int open_handle(struct hf_vnode *root, const struct request *rq)
{
	unsigned flags = F_WRITE | (rq->flags & RQ_CREATE ? F_CREATE : 0) | (rq->flags & RQ_EXCL ? F_EXCL : 0) |
	                 (rq->flags & RQ_TRUNC ? F_TRUNC : 0) | (rq->flags & RQ_NOFOLLOW ? F_NOFOLLOW : 0);
	struct hf_vnode *vnode = NULL;
	int err = f_open(root, rq->a, flags, &vnode);
	if (err)
		return err;
	hf_vnode_unref(handles[rq->handle]);
	handles[rq->handle] = vnode;
	return 0;
}

static int close_handle(unsigned handle)
{
	if (!handles[handle])
		return -HF_EBADF;
	hf_vnode_unref(handles[handle]);
	handles[handle] = NULL;
	return 0;
}

static int64_t use_handle(struct hf_vnode *vnode, const struct request *rq, struct reply *rp)
{
	uint64_t end;
	char data[DATA_MAX];
	if (!vnode)
		return -HF_EBADF;
	fill_data(rq, data);
	switch (rq->op) {
	case OP_READ:
		return f_read(vnode, rq->offset, rp->data, rq->size);
	case OP_WRITE:
		return f_write(vnode, rq->offset, data, rq->size);
	case OP_APPEND:
		return f_append(vnode, data, rq->size, &end);
	case OP_FTRUNCATE:
		return vnode->ops->truncate(vnode, rq->offset);
	case OP_ALLOCATE:
		return vnode->ops->allocate(vnode, rq->offset, rq->size);
	default:
		return vnode->ops->getattr(vnode, &rp->attr);
	}
}

static bool collect(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name, uint32_t size)
{
	(void)next, (void)ino;
	reply_add_entry(context, filetype, name, size);
	return true;
}

static int64_t list(struct hf_vnode *root, const struct request *rq, struct reply *rp)
{
	struct hf_vnode *dir = NULL;
	int err = f_open(root, rq->a, F_DIRECTORY, &dir);
	if (err)
		return err;
	err = dir->ops->readdir(dir, 0, collect, rp);
	hf_vnode_unref(dir);
	reply_sort_entries(rp);
	return err ? err : (int64_t)rp->entries;
}

static int64_t do_in_memfs(struct hf_vnode *root, const struct request *rq, struct reply *rp)
{
	bool follow = rq->flags & RQ_FOLLOW;
	switch (rq->op) {
	case OP_OPEN:
		return open_handle(root, rq);
	case OP_CLOSE:
		return close_handle(rq->handle);
	case OP_MKDIR:
		return f_mkdir(root, rq->a);
	case OP_RMDIR:
		return f_rmdir(root, rq->a);
	case OP_UNLINK:
		return f_unlink(root, rq->a);
	case OP_RENAME:
		return f_rename(root, rq->a, rq->b);
	case OP_LINK:
		return f_link(root, rq->a, rq->b, follow);
	case OP_SYMLINK:
		return f_symlink(root, rq->b, rq->a);
	case OP_READLINK:
		return f_readlink(root, rq->a, rp->data, sizeof rp->data);
	case OP_STAT:
		return f_stat(root, rq->a, follow, &rp->attr);
	case OP_TRUNCATE:
		return f_truncate(root, rq->a, rq->offset);
	case OP_LIST:
		return list(root, rq, rp);
	default:
		return use_handle(handles[rq->handle], rq, rp);
	}
}

/* Does the same thing on both sides and compares. The result. */
static int64_t compare(struct linux_files *other, struct hf_vnode *root, const struct request *rq)
{
	static struct reply ours, theirs;
	memset(&ours, 0, sizeof ours);
	ours.result = do_in_memfs(root, rq, &ours);
	if (!other)
		return ours.result;
	linux_files_do(other, rq, &theirs);
	if (!reply_equal(rq, &ours, &theirs)) {
		request_print(rq);
		reply_print("memfs", rq, &ours);
		reply_print("Linux", rq, &theirs);
		CHECK(!"memfs and Linux agree");
	}
	return ours.result;
}

/* Lists and looks at everything below a directory, on both sides. */
static void compare_tree(struct linux_files *other, struct hf_vnode *root, const char *path)
{
	struct request rq = {.op = OP_LIST};
	struct reply listing = {0};
	snprintf(rq.a, sizeof rq.a, "%s", path);
	compare(other, root, &rq);
	list(root, &rq, &listing);
	for (uint32_t i = 0; i < listing.entries; i++) {
		const struct reply_entry *entry = &listing.entry[i];
		if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
			continue;
		struct request look = {.op = OP_STAT};
		CHECK(snprintf(look.a, sizeof look.a, "%s/%s", path, entry->name) < (int)sizeof look.a);
		CHECK_OK(compare(other, root, &look));
		if (entry->filetype == HF_FILETYPE_DIRECTORY)
			compare_tree(other, root, look.a);
	}
}

static struct linux_files *linux_side;
static struct fs fs;

bool agreement_begin(void)
{
	linux_side = linux_files_begin();
	fs = fs_begin();
	return linux_side != NULL;
}

void agreement_do(const struct request *rq)
{
	(void)compare(linux_side, fs.root, rq);
}

void agreement_end(void)
{
	compare_tree(linux_side, fs.root, "");
	f_check_tree(fs.root);
	for (unsigned i = 0; i < HANDLES; i++)
		(void)close_handle(i);
	fs_end(&fs);
	if (linux_side)
		linux_files_end(linux_side);
}
