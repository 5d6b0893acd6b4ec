/* file.h - an open file description (POSIX): what a descriptor points at. Reference counted; shared by descriptors.
 *
 * Each kind is a struct that begins with this one, and a table of operations: vnode_file.c, pipe_file.c, socket_file.c, tty_file.c. Guest threads
 * call the operations, with no lock held; those that say so may block. */
#ifndef HF_KERNEL_FILE_H
#define HF_KERNEL_FILE_H

#include "fs/vnode.h"
#include "kernel/pipe.h"
#include "kernel/thread.h"

enum hf_access { HF_READ = 1, HF_WRITE = 2 };

/* What poll can report. */
enum hf_ready {
	HF_READY_IN = 1 << 0,     /* a read would not block */
	HF_READY_OUT = 1 << 1,    /* a write would not block */
	HF_READY_HANGUP = 1 << 2, /* the other side is gone */
};

struct hf_file;

struct hf_file_ops {
	/* At the description's offset where it has one. Block unless HF_FDFLAG_NONBLOCK. 0 or an error; uio->resid shows
	 * how much was moved. EAGAIN, EINTR (ordered to stop), EPIPE, EISDIR and the file system's errors. */
	int (*read)(struct hf_file *file, struct hf_thread *thread, struct hf_uio *uio);
	int (*write)(struct hf_file *file, struct hf_thread *thread, struct hf_uio *uio);
	/* At a given offset; ESPIPE where there is none. */
	int (*pread)(struct hf_file *file, uint64_t offset, struct hf_uio *uio);
	int (*pwrite)(struct hf_file *file, uint64_t offset, struct hf_uio *uio);
	int (*seek)(struct hf_file *file, int64_t offset, enum hf_whence whence, uint64_t *out);
	int (*getattr)(struct hf_file *file, struct hf_attr *out);
	/* Which of `events` are ready now (enum hf_ready; HANGUP whether requested or not), and how many bytes can be read
	 * or written. If none is and `waiter` is not NULL, links it, atomically with the look. Never blocks. */
	unsigned (*poll)(struct hf_file *file, unsigned events, struct hf_waiter *waiter, uint64_t *bytes);
	/* Unlinks the waiter if it is linked; with the events that poll was given. */
	void (*unpoll)(struct hf_file *file, unsigned events, struct hf_waiter *waiter);
	/* After the last reference. Never blocks. */
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
	bool counted;     /* what is written here counts as the process's output; set before the first write */
	bool ends_unread; /* a write without a reader ends the process, as SIGPIPE does; set likewise */
};

/* A description over a vnode, with one reference. Takes over the caller's reference to the vnode, also when it fails.
 */
HF_MUST_CHECK int hf_file_open(struct hf_vnode *vnode, unsigned access, uint16_t flags, struct hf_file **out);
/* A description over one end of a pipe. Takes over the caller's hold on that end, also when it fails. */
HF_MUST_CHECK int hf_file_open_pipe(struct hf_pipe *pipe, enum hf_access end, uint8_t filetype, struct hf_file **out);

/* Another description over the same end of a pipe, with flags of its own; -HF_ENOTDIR if `file` is none over a pipe. */
HF_MUST_CHECK int hf_file_reopen_pipe(const struct hf_file *file, uint16_t flags, struct hf_file **out);

/* Another hold on one end of a pipe, for a caller that already has one; releases one. */
void hf_pipe_hold_end(struct hf_pipe *pipe, unsigned end);
void hf_pipe_drop_end(struct hf_pipe *pipe, unsigned end);

/* For the kinds: a struct of this size that begins with a description, which has one reference; everything else in it is zero. NULL: no
 * memory. */
HF_MUST_CHECK void *hf__file_create(size_t size, const struct hf_file_ops *ops, uint8_t filetype, unsigned access);

/* For the operation tables of kinds without an offset: -HF_ESPIPE. */
int hf__file_no_offset(struct hf_file *file, uint64_t offset, struct hf_uio *uio);
int hf__file_no_seek(struct hf_file *file, int64_t offset, enum hf_whence whence, uint64_t *out);
/* The attributes of a file that is in no file system. 0. */
int hf__file_put_attr(const struct hf_file *file, uint64_t ino, struct hf_attr *out);

static inline bool hf_file_is_nonblock(const struct hf_file *file)
{
	return atomic_load_explicit(&file->flags, memory_order_relaxed) & HF_FDFLAG_NONBLOCK;
}

static inline struct hf_file *hf_file_ref(struct hf_file *file)
{
	atomic_fetch_add_explicit(&file->refs, 1, memory_order_relaxed);
	return file;
}

void hf__file_destroy(struct hf_file *file);

/* NULL is fine. */
static inline void hf_file_unref(struct hf_file *file)
{
	if (file && atomic_fetch_sub_explicit(&file->refs, 1, memory_order_acq_rel) == 1)
		hf__file_destroy(file);
}

#endif
