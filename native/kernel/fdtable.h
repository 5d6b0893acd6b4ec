/* fdtable.h - a process's file descriptors: small integers to open file descriptions, with WASI's rights. */
#ifndef HF_KERNEL_FDTABLE_H
#define HF_KERNEL_FDTABLE_H

#include "kernel/file.h"

struct hf_fd {
	struct hf_file *file; /* NULL: free; one reference */
	char *preopen;        /* the guest's name of a preopened directory, else NULL; owned */
	uint32_t preopen_size;
	uint64_t rights, inheriting;
};

struct hf_fdtable {
	struct hf_lock lock;
	/* Protected by lock. */
	struct hf_fd *slots;
	uint32_t capacity;
	uint32_t first_free; /* no slot below it is free */
	uint32_t in_use;
	uint32_t reserved;         /* beside those in use, kept free for who has reserved them */
	uint32_t closed, to_close; /* once it is being destroyed: slots that are empty, of how many */
	/* Immutable after init. */
	uint32_t limit;
	/* Whether more than one thread looks descriptors up. Set by process.c before the second thread starts, in a call of the first; never cleared. */
	bool shared;
};

/* What a look-up gives: a description that stays open until hf_fd_put, and the rights of the descriptor. While a process has one thread nobody can
 * close the descriptor during that thread's call, so the look-up takes neither the lock nor a reference (20 of 90 ns of a small pwrite). */
struct hf_fd_view {
	struct hf_file *file;
	uint64_t rights, inheriting;
	bool owned; /* holds a reference */
};

void hf_fdtable_init(struct hf_fdtable *table, uint32_t limit);
/* Closes everything. Later calls find no descriptor, and inserting fails with -HF_EBADF. Another call closes what one that was cut off has left. */
void hf_fdtable_destroy(struct hf_fdtable *table);

/* The lowest free descriptor becomes the file, whose reference is taken over, also when it fails. The descriptor,
 * -HF_EMFILE, -HF_ENOMEM. */
HF_MUST_CHECK int hf_fd_insert(struct hf_fdtable *table, struct hf_file *file, uint64_t rights, uint64_t inheriting);
/* Makes room for one more descriptor: before something is made, changed or taken only to be opened. 0, -HF_EMFILE, -HF_ENOMEM. */
HF_MUST_CHECK int hf_fd_check_room(struct hf_fdtable *table);
/* The same, and keeps it, for a hf_fd_insert_reserved, which then can fail in no other way than by the table's end; or a hf_fd_unreserve. */
HF_MUST_CHECK int hf_fd_reserve(struct hf_fdtable *table);
void hf_fd_unreserve(struct hf_fdtable *table);
HF_MUST_CHECK int hf_fd_insert_reserved(struct hf_fdtable *table, struct hf_file *file, uint64_t rights,
                                        uint64_t inheriting);
/* As hf_fd_insert, with the name of a preopened directory, of at most HF_PATH_MAX bytes: -HF_ENAMETOOLONG. */
HF_MUST_CHECK int hf_fd_insert_preopen(struct hf_fdtable *table, struct hf_file *file, const char *name,
                                       uint32_t name_size, uint64_t rights, uint64_t inheriting);
/* By a thread of the process. 0 and a view that the caller puts back; -HF_EBADF; -HF_ENOTCAPABLE if one of the rights is missing (EBADF for
 * read and write, as POSIX says it of a descriptor that is not open for reading or writing; ESPIPE for the position of a pipe). The right to seek
 * implies the right to tell (typenames.witx, $rights). */
HF_MUST_CHECK int hf_fd_get(struct hf_fdtable *table, uint32_t fd, uint64_t rights, struct hf_fd_view *out);
static inline void hf_fd_put(struct hf_fd_view *view)
{
	if (view->owned)
		hf_file_unref(view->file);
}
HF_MUST_CHECK int hf_fd_close(struct hf_fdtable *table, uint32_t fd);
/* dup2 that also closes `from`. Both must be open. -HF_EBADF. */
HF_MUST_CHECK int hf_fd_renumber(struct hf_fdtable *table, uint32_t from, uint32_t to);
/* Takes rights away; -HF_ENOTCAPABLE if it would add one. */
HF_MUST_CHECK int hf_fd_set_rights(struct hf_fdtable *table, uint32_t fd, uint64_t rights, uint64_t inheriting);
/* The name's size, and up to `size` bytes of it into the buffer. -HF_EBADF, -HF_EINVAL if it is no preopen. */
HF_MUST_CHECK int hf_fd_preopen_name(struct hf_fdtable *table, uint32_t fd, char *buffer, uint32_t size);
uint32_t hf_fd_count(struct hf_fdtable *table);

#endif
