/* Long random sequences of operations, done on memfs and on the real file system in a chroot, with the same results and
 * the same errors. Where there is no right to chroot, nothing is compared. */
#define _GNU_SOURCE
#include "support/files.h"

#include "support/linux_files.h"
#include "support/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HANDLES 6

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

/* A few names, so that operations meet; now and then everything that is odd about a path. */
static void make_path(uint64_t *seed, char *out)
{
	static const char *const components[] = {"a", "b", "c", "d", "e", "a", "b", "c",
	                                         "d", "e", "f", "g", "a", "b", ".", ".."};
	uint32_t count = 1 + random_below(seed, 2) + (random_below(seed, 4) ? 0 : random_below(seed, 3));
	*out = 0;
	if (random_below(seed, 12) == 0)
		strcat(out, "/");
	for (uint32_t i = 0; i < count; i++) {
		strcat(out, components[random_below(seed, sizeof components / sizeof components[0])]);
		if (i + 1 < count || random_below(seed, 16) == 0)
			strcat(out, random_below(seed, 12) == 0 ? "//" : "/");
	}
	if (random_below(seed, 300) == 0)
		*out = 0;
}

/* A last component of the longest length, or too long by one. */
static void make_long(uint64_t *seed, char *out)
{
	char *slash = strrchr(out, '/'), *last = slash ? slash + 1 : out;
	size_t size = 255 + random_below(seed, 2);
	memset(last, 'x', size);
	last[size] = 0;
}

static uint64_t make_offset(uint64_t *seed)
{
	static const uint64_t near[] = {0, 0, 0, 64, 4096, 65536, 65536, 131072, 64 * 65536, UINT64_C(1) << 32};
	uint64_t base = near[random_below(seed, sizeof near / sizeof near[0])], step = random_below(seed, 300);
	return base < step || random_below(seed, 2) ? base + step : base - step;
}

static void make_request(uint64_t *seed, struct request *rq)
{
	static const enum op often[] = {
		OP_OPEN,  OP_OPEN,    OP_OPEN,   OP_OPEN,   OP_OPEN,   OP_CLOSE,  OP_MKDIR,  OP_MKDIR,     OP_MKDIR,
		OP_RMDIR, OP_RMDIR,   OP_UNLINK, OP_UNLINK, OP_RENAME, OP_RENAME, OP_RENAME, OP_RENAME,    OP_LINK,
		OP_LINK,  OP_SYMLINK, OP_STAT,   OP_STAT,   OP_STAT,   OP_LIST,   OP_LIST,   OP_READLINK,  OP_TRUNCATE,
		OP_READ,  OP_READ,    OP_WRITE,  OP_WRITE,  OP_APPEND, OP_FSTAT,  OP_FSTAT,  OP_FTRUNCATE, OP_ALLOCATE,
	};
	memset(rq, 0, sizeof *rq);
	rq->op = often[random_below(seed, sizeof often / sizeof often[0])];
	rq->handle = random_below(seed, HANDLES);
	rq->flags = random_below(seed, RQ_ALL + 1);
	rq->offset = make_offset(seed);
	rq->size = random_below(seed, 4) ? random_below(seed, 200) : random_below(seed, DATA_MAX + 1);
	rq->fill = (uint8_t)random_next(seed);
	make_path(seed, rq->a);
	make_path(seed, rq->b);
	/* Not in renames: Linux looks at both directories before it looks at the names, which matters only for which of two errors is told. */
	if (rq->op != OP_RENAME && random_below(seed, 200) == 0)
		make_long(seed, rq->a);
}

/* Does the same thing on both sides and compares. The result. */
static int64_t compare(struct linux_files *linux_side, struct hf_vnode *root, const struct request *rq)
{
	static struct reply ours, theirs;
	memset(&ours, 0, sizeof ours);
	ours.result = do_in_memfs(root, rq, &ours);
	linux_files_do(linux_side, rq, &theirs);
	if (!reply_equal(rq, &ours, &theirs)) {
		request_print(rq);
		reply_print("memfs", rq, &ours);
		reply_print("Linux", rq, &theirs);
		CHECK(!"memfs and Linux agree");
	}
	return ours.result;
}

/* Lists and looks at everything below a directory, on both sides. */
static void compare_tree(struct linux_files *linux_side, struct hf_vnode *root, const char *path)
{
	struct request rq = {.op = OP_LIST};
	struct reply listing = {0};
	snprintf(rq.a, sizeof rq.a, "%s", path);
	compare(linux_side, root, &rq);
	list(root, &rq, &listing);
	for (uint32_t i = 0; i < listing.entries; i++) {
		const struct reply_entry *entry = &listing.entry[i];
		if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
			continue;
		struct request look = {.op = OP_STAT};
		CHECK(snprintf(look.a, sizeof look.a, "%s/%s", path, entry->name) < (int)sizeof look.a);
		CHECK_OK(compare(linux_side, root, &look));
		if (entry->filetype == HF_FILETYPE_DIRECTORY)
			compare_tree(linux_side, root, look.a);
	}
}

static void compare_sequence(uint64_t *seed, unsigned length)
{
	struct linux_files *linux_side = linux_files_begin();
	if (!linux_side) {
		printf("no right to chroot: nothing compared\n");
		return;
	}
	struct fs fs = fs_begin();
	for (unsigned i = 0; i < length; i++) {
		struct request rq;
		make_request(seed, &rq);
		compare(linux_side, fs.root, &rq);
	}
	compare_tree(linux_side, fs.root, "");
	f_check_tree(fs.root);
	for (unsigned i = 0; i < HANDLES; i++)
		(void)close_handle(i);
	fs_end(&fs);
	linux_files_end(linux_side);
}

int main(void)
{
	static struct budget budget = {.milliseconds = 2000};
	uint64_t seed = random_seed();
	while (time_left(&budget))
		compare_sequence(&seed, 400 + random_below(&seed, 4000));
	return done();
}
