/* file.h - an open file description (POSIX), which descriptors refer to. Reference counted; shared by descriptors.
 *
 * Each kind is a struct that begins with this one, and a table of operations: vnode_file.c, pipe_file.c, socket_file.c, tty_file.c. Guest threads
 * call the operations, with no lock held; operations may block only if their comment says so. */
#ifndef HF_KERNEL_FILE_H
#define HF_KERNEL_FILE_H

#include "fs/vnode.h"
#include "kernel/pipe.h"
#include "kernel/thread.h"

enum hf_access { HF_READ = 1, HF_WRITE = 2 };

/* Events that poll can report. */
enum hf_ready {
	HF_READY_IN = 1 << 0,     /* a read would not block */
	HF_READY_OUT = 1 << 1,    /* a write would not block */
	HF_READY_HANGUP = 1 << 2, /* the other side is gone */
};

struct hf_file;

struct hf_file_ops {
	/* Transfer at the description's offset, if it has one. Block unless HF_FDFLAG_NONBLOCK. 0 or an error; uio->resid is then how much is left.
	 * EAGAIN, EINTR (ordered to stop), EPIPE, EISDIR and the file system's errors. */
	int (*read)(struct hf_file *file, struct hf_thread *thread, struct hf_uio *uio);
	int (*write)(struct hf_file *file, struct hf_thread *thread, struct hf_uio *uio);
	/* Transfer at a given offset; ESPIPE for files without offsets. */
	int (*pread)(struct hf_file *file, uint64_t offset, struct hf_uio *uio);
	int (*pwrite)(struct hf_file *file, uint64_t offset, struct hf_uio *uio);
	int (*seek)(struct hf_file *file, int64_t offset, enum hf_whence whence, uint64_t *out);
	int (*getattr)(struct hf_file *file, struct hf_attr *out);
	/* Returns which of `events` are ready now (enum hf_ready; HANGUP even if not requested), and how many bytes can be read or written. If none is
	 * ready and `waiter` is not NULL, links the waiter, atomically with the check. Never blocks. */
	unsigned (*poll)(struct hf_file *file, unsigned events, struct hf_waiter *waiter, uint64_t *bytes);
	/* Unlinks the waiter if it is linked; takes the same events as poll. */
	void (*unpoll)(struct hf_file *file, unsigned events, struct hf_waiter *waiter);
	/* Called after the last reference is dropped. Never blocks. */
	void (*destroy)(struct hf_file *file);
};

struct hf_file {
	_Atomic uint32_t refs;
	_Atomic uint16_t flags; /* enum hf_fdflags */
	/* Immutable after init. */
	uint8_t filetype; /* as fdstat reports it; a stream may report a character device */
	uint8_t access;   /* enum hf_access */
	const struct hf_file_ops *ops;
	bool has_vnode;   /* it is an hf_vnode_file */
	bool counted;     /* bytes written here count as the process's output; set before the first write */
	bool ends_unread; /* a write without a reader ends the process, as SIGPIPE does; set before the first write */
};

/* Creates a description over a vnode, with one reference. Takes over the caller's reference to the vnode, also on failure. */
HF_MUST_CHECK int hf_file_open(struct hf_vnode *vnode, unsigned access, uint16_t flags, struct hf_file **out);
/* Creates a description over one end of a pipe. Takes over the caller's hold on that end, also on failure. */
HF_MUST_CHECK int hf_file_open_pipe(struct hf_pipe *pipe, enum hf_access end, uint8_t filetype, struct hf_file **out);

/* Creates another description over the same end of a pipe, with separate flags; -HF_ENOTDIR if `file` is not over a pipe. */
HF_MUST_CHECK int hf_file_reopen_pipe(const struct hf_file *file, uint16_t flags, struct hf_file **out);

/* Takes another hold on one end of a pipe, for a caller that already has one; releases a hold. */
void hf_pipe_hold_end(struct hf_pipe *pipe, unsigned end);
void hf_pipe_drop_end(struct hf_pipe *pipe, unsigned end);

/* For the kinds of descriptions: allocates a struct of this size that begins with a description with one reference; the rest is zero. NULL: no
 * memory. */
HF_MUST_CHECK void *hf__file_create(size_t size, const struct hf_file_ops *ops, uint8_t filetype, unsigned access);

/* For the operation tables of kinds without an offset: -HF_ESPIPE. */
int hf__file_no_offset(struct hf_file *file, uint64_t offset, struct hf_uio *uio);
int hf__file_no_seek(struct hf_file *file, int64_t offset, enum hf_whence whence, uint64_t *out);
/* Gets the attributes of a file that is in no file system. Returns 0. */
int hf__file_put_attr(const struct hf_file *file, uint64_t ino, struct hf_attr *out);

static inline bool hf_file_is_nonblock(const struct hf_file *file)
{
	return atomic_load_explicit(&file->flags, memory_order_relaxed) & HF_FDFLAG_NONBLOCK;
}

/* The same for a read, which may be nonblocking by itself (uio.h). */
static inline bool hf_file_read_is_nonblock(const struct hf_file *file, const struct hf_uio *uio)
{
	return uio->nonblock || hf_file_is_nonblock(file);
}

static inline struct hf_file *hf_file_ref(struct hf_file *file)
{
	atomic_fetch_add_explicit(&file->refs, 1, memory_order_relaxed);
	return file;
}

void hf__file_destroy(struct hf_file *file);

/* NULL is allowed. */
static inline void hf_file_unref(struct hf_file *file)
{
	if (file && atomic_fetch_sub_explicit(&file->refs, 1, memory_order_acq_rel) == 1)
		hf__file_destroy(file);
}

#endif
