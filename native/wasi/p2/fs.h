/* fs.h - wasi:filesystem: open files, and the descriptors and streams over them.
 *
 *   struct hf_p2_file        owns the process's descriptor; it has no handles
 *   struct hf_p2_descriptor  a child of it, as its streams and listings are; so all of these can be dropped in any order, as Wasmtime permits
 *
 * A component's descriptor has no position: each stream has one. What a directory's descriptor permits is decided by its tree (read_only_tree), as in
 * preview 1; its flag mutate-directory is only reported. By WIT, a directory opened without the flag could not be changed, but the preview 1 adapter never
 * asks for the flag, and wasi-libc asks for it only for files: so no program could remove files from a directory that it opened. Wasmtime permits it, too. */
#ifndef HF_WASI_P2_FS_H
#define HF_WASI_P2_FS_H

#include "wasi/fs_call.h"
#include "wasi/p2/door.h"

/* flags descriptor-flags, in order. */
enum hf_p2_fs_flags {
	HF_P2_FS_READ = 1 << 0,
	HF_P2_FS_WRITE = 1 << 1,
	HF_P2_FS_FILE_SYNC = 1 << 2,
	HF_P2_FS_DATA_SYNC = 1 << 3,
	HF_P2_FS_READ_SYNC = 1 << 4,
	HF_P2_FS_MUTATE = 1 << 5,
};

struct hf_p2_file {
	struct hf_p2_object base;
	uint32_t fd;
	bool preopen; /* the descriptor is the process's, which keeps it open */
};

struct hf_p2_descriptor {
	struct hf_p2_object base; /* its parent is the file */
	uint32_t flags;           /* enum hf_p2_fs_flags */
};

static inline struct hf_p2_object *hf__p2_file_of(const struct hf_p2_descriptor *descriptor)
{
	return descriptor->base.parent;
}

static inline uint32_t hf__p2_fd_of(const struct hf_p2_descriptor *descriptor)
{
	return ((const struct hf_p2_file *)(const void *)descriptor->base.parent)->fd;
}

/* A handle of a new descriptor for an open descriptor of the process, which the object takes over, also on failure, unless it is a preopen. 0 and the
 * handle, -HF_ENOMEM, or -HF_EINTR after a trap. */
HF_MUST_CHECK int hf__p2_give_descriptor(hf_b b, uint32_t fd, bool preopen, uint32_t flags, uint32_t *handle);

/* A call of a method of a descriptor. */
struct hf_p2_fs_call {
	hf_b b;
	uint32_t out;
	struct hf_p2_descriptor *self;
	struct hf_fd_view view; /* the open file of `self`; file NULL: it is not open */
	int result;             /* 0 or an error */
};

/* Begins a call whose result has this size and alignment in the component's memory at `out`. False after a trap. */
HF_MUST_CHECK bool hf__p2_fs_begin(struct hf_p2_fs_call *call, hf_b b, uint32_t self, uint32_t out, uint32_t size,
                                   uint32_t alignment);
/* Ends it, and stores its result<T, error-code>: `ok` begins with the byte 0, or after an error only that byte, 1, and the error code, at the offset of
 * T, are stored. */
void hf__p2_fs_end(struct hf_p2_fs_call *call, void *ok, uint32_t size, uint32_t payload);

/* Releases the open file of `self` before the call ends. Required before calling the component's realloc, because the thread may be killed there. */
void hf__p2_fs_put_back(struct hf_p2_fs_call *call);

/* The same for result<_, error-code>, which has two bytes. */
static inline bool hf__p2_fs_begin_status(struct hf_p2_fs_call *call, hf_b b, uint32_t self, uint32_t out)
{
	return hf__p2_fs_begin(call, b, self, out, 2, 1);
}
void hf__p2_fs_end_status(struct hf_p2_fs_call *call);

/* enum error-code for a negated HF_E*; -1 if it has none. */
int hf__p2_fs_code(int error);
/* enum descriptor-type for an enum hf_filetype. */
uint8_t hf__p2_fs_type(uint8_t filetype);

/* variant new-timestamp. */
struct hf_p2_new_time {
	uint32_t kind; /* no-change, now, timestamp */
	uint64_t seconds;
	uint32_t nanoseconds;
};
/* Converts the access and the modification time: *out is NULL for one that is not to change, else the address of its `ns`. -HF_EINVAL, -HF_EOVERFLOW,
 * -HF_EINTR after a trap. */
HF_MUST_CHECK int hf__p2_new_times(hf_b b, const struct hf_p2_new_time times[2], uint64_t ns[2],
                                   const uint64_t *out[2]);

/* record descriptor-stat, as it is laid out in the component's memory, each member with its padding. */
struct hf_p2_fs_time {
	uint64_t some;
	uint64_t seconds;
	uint64_t nanoseconds;
};
struct hf_p2_fs_stat {
	uint64_t failed; /* of the result around it */
	struct {
		uint64_t type;
		uint64_t links, size;
		struct hf_p2_fs_time atim, mtim, ctim;
	} value;
};
/* Sets every byte. */
void hf__p2_fs_put_stat(struct hf_p2_fs_stat *out, const struct hf_attr *attr);

/* record metadata-hash-value. */
struct hf_p2_fs_hash {
	uint8_t failed;
	uint64_t lower, upper;
};
/* `lower` identifies the object, and `upper` its state: wasi-libc reports `lower` as the inode number, which must not change with the file. */
void hf__p2_fs_put_hash(struct hf_p2_fs_hash *out, const struct hf_attr *attr);

#endif
