/* vnode.h - a file in any file system (after 4.4BSD's vnodes).
 *
 * Lifetime: reference counted. hf_vnode_ref/unref from any thread; the last unref calls ops->destroy. Every function
 * that returns a vnode through an out-pointer returns a reference that the caller owns.
 *
 * Each file system does its own locking: operations are called with no lock held (except that a caller may hold its file description's lock, rank 4)
 * and return with none. memfs and devfs operations never block. A file system that waits for answers from elsewhere sets `open`: then its operations
 * may sleep and are called with no lock at all, and only by guests' threads, except for `destroy`.
 *
 * Names passed to directory operations are single components: not empty, not "." or "..", without '/' and NUL, at most HF_NAME_MAX bytes (path.c
 * ensures this). They are bytes, not NUL-terminated. */
#ifndef HF_FS_VNODE_H
#define HF_FS_VNODE_H

#include <holdfast/errno.h>
#include <holdfast/layouts.h>
#include <holdfast/wasi.h>

#include "platform/lock.h"
#include "platform/uio.h"

#define HF_SYMLOOP_MAX 40
/* The most bytes that a guest's transfer requests in one call of `read` or `write`. Moving them takes some tens of microseconds with a lock held;
 * longer transfers are split (kernel/vnode_file.c). */
#define HF_SLICE (UINT32_C(256) << 10)

struct hf_vnode;
struct hf_file;

/* The result of stat. Times are nanoseconds since the epoch. */
struct hf_attr {
	uint64_t dev, ino;
	uint8_t filetype; /* enum hf_filetype */
	uint64_t nlink;
	uint64_t size;
	uint64_t atim, mtim, ctim;
};

/* Receives directory entries; may be called with the directory's lock held, so it only copies to kernel memory. Returns false when it is full and did
 * not take the entry. `next` is the cookie for reading on after this entry.
 */
typedef bool hf_dirent_fn(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name,
                          uint32_t name_size);

/* A NULL operation means -HF_ENOTDIR for directory operations, and -HF_EINVAL (or the error in its comment) for the others. Every vnode has getattr,
 * set_times and destroy. */
struct hf_vnode_ops {
	/* Directories. */
	int (*lookup)(struct hf_vnode *dir, const char *name, size_t size, struct hf_vnode **out); /* ENOENT */
	/* For "..": the directory's parent; the root's parent is itself. ENOENT when the directory was removed. */
	int (*parent)(struct hf_vnode *dir, struct hf_vnode **out);
	/* Create a regular file or a directory. EEXIST (always when the name exists), ENOSPC, EDQUOT, ENOENT (the directory was removed). */
	int (*create)(struct hf_vnode *dir, const char *name, size_t size, uint8_t filetype, struct hf_vnode **out);
	int (*symlink)(struct hf_vnode *dir, const char *name, size_t size, const char *target, size_t target_size);
	/* EPERM for directories, EXDEV across file systems, EEXIST, EMLINK. */
	int (*link)(struct hf_vnode *dir, const char *name, size_t size, struct hf_vnode *vnode);
	int (*unlink)(struct hf_vnode *dir, const char *name, size_t size); /* EISDIR for a directory */
	int (*rmdir)(struct hf_vnode *dir, const char *name, size_t size);  /* ENOTDIR, ENOTEMPTY, EBUSY */
	/* POSIX rename: atomic; does nothing for two links to one file; EINVAL if a directory would move into itself; EISDIR, ENOTDIR, ENOTEMPTY. */
	int (*rename)(struct hf_vnode *from_dir, const char *from, size_t from_size, struct hf_vnode *to_dir,
	              const char *to, size_t to_size);
	/* Lists entries from `cookie` on (0: the start), "." and ".." first. Cookies stay valid while entries are added and removed: each remaining entry
	 * is reported exactly once. */
	int (*readdir)(struct hf_vnode *dir, uint64_t cookie, hf_dirent_fn *emit, void *context);

	/* Symbolic links: copies up to `size` bytes of the target, and returns how many, or an error. EINVAL when it is not a link. */
	int (*readlink)(struct hf_vnode *vnode, char *buffer, size_t size);

	/* Data. Move bytes from or to `uio` at the offset (devices ignore it). 0 or an error; uio->resid is then how much is left. A file that does not
	 * get the time in uio->now sets its times at the next stat. A short transfer is success; an error is returned only when nothing was moved.
	 * Reading at or past the end moves nothing. write: EFBIG, ENOSPC, EDQUOT; `append` writes at the end, atomically; *end is set to the offset after
	 * the last byte written. */
	int (*read)(struct hf_vnode *vnode, uint64_t offset, struct hf_uio *uio);
	int (*write)(struct hf_vnode *vnode, uint64_t offset, bool append, struct hf_uio *uio, uint64_t *end);
	/* For a write that appends in slices and must stay contiguous: append_begin reserves this many bytes at the end and returns their offset;
	 * append_end releases the reservation once they are written. Concurrent appends go after them. NULL for files without an end. */
	uint64_t (*append_begin)(struct hf_vnode *vnode, uint64_t count);
	void (*append_end)(struct hf_vnode *vnode);
	int (*truncate)(struct hf_vnode *vnode, uint64_t size); /* EISDIR, EFBIG, ENOSPC */
	/* posix_fallocate: reserves memory for the range, and the file's size becomes at least offset + size. EISDIR, EFBIG, ENOSPC. */
	int (*allocate)(struct hf_vnode *vnode, uint64_t offset, uint64_t size);
	int (*sync)(struct hf_vnode *vnode);

	/* A regular file's size, without settling its times. Takes no lock. Never blocks, nor does a read of the bytes before it, which then cannot fail,
	 * but may be short if the file is truncated meanwhile. NULL for other files, and if a read may block. */
	uint64_t (*size)(struct hf_vnode *vnode);
	/* This also settles times that were only marked for update, so the last close of a description calls it. */
	int (*getattr)(struct hf_vnode *vnode, struct hf_attr *out);
	/* NULL leaves a time unchanged. Sets ctim to now. */
	int (*set_times)(struct hf_vnode *vnode, const uint64_t *atim, const uint64_t *mtim);

	/* Called after the last reference is dropped. Any thread, including the coordinator and threads that must stop; never blocks, even if the other
	 * operations do. */
	void (*destroy)(struct hf_vnode *vnode);

	/* Creates a description for hf_file_open. NULL if the operations never sleep, else hf_sleeping_file_open (kernel/sleeping_file.h). */
	int (*open)(struct hf_vnode *vnode, unsigned access, uint16_t flags, struct hf_file **out);
};

struct hf_vnode {
	_Atomic uint32_t refs;
	/* Immutable after init. */
	const struct hf_vnode_ops *ops;
	void *fs; /* the file system instance: link and rename work only within one */
	uint64_t ino;
	uint8_t filetype; /* enum hf_filetype */
	/* Guests get EACCES for operations that would change its contents, or a directory's names; other callers may change them. */
	_Atomic bool read_only;
	/* For a regular file: 0 if the next read (write) needs the time. Changed under the file's lock. */
	hf_counter accessed, modified;
};

static inline bool hf_vnode_is_read_only(const struct hf_vnode *vnode)
{
	return atomic_load_explicit(&vnode->read_only, memory_order_relaxed);
}

/* Returns the value for uio->now; called before a read (`mark` is `accessed`) or a write, because no thread reads the clock with a lock held, and
 * most accesses do not need it. */
static inline uint64_t hf_vnode_clock(const struct hf_vnode *vnode, hf_counter *mark)
{
	return vnode->filetype == HF_FILETYPE_REGULAR_FILE && hf_counter_read(mark) == 0 ? hf_plat_realtime() : 0;
}

static inline int hf_vnode_readlink(struct hf_vnode *vnode, char *buffer, size_t size)
{
	return vnode->ops->readlink ? vnode->ops->readlink(vnode, buffer, size) : -HF_EINVAL;
}

static inline struct hf_vnode *hf_vnode_ref(struct hf_vnode *vnode)
{
	atomic_fetch_add_explicit(&vnode->refs, 1, memory_order_relaxed);
	return vnode;
}

/* NULL is allowed. */
static inline void hf_vnode_unref(struct hf_vnode *vnode)
{
	if (vnode && atomic_fetch_sub_explicit(&vnode->refs, 1, memory_order_acq_rel) == 1)
		vnode->ops->destroy(vnode);
}

#endif
