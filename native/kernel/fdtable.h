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
	uint32_t reserved;         /* besides those in use, kept free for the callers that reserved them */
	uint32_t closed, to_close; /* while it is being destroyed: slots that are empty, of how many */
	/* Immutable after init. */
	uint32_t limit;
	/* Whether the table may change while a thread looks descriptors up. Set in a call of the only thread, before there is a second one (process.c) or the
	 * coordinator opens descriptors (coordinator/host_call.c); never cleared. */
	bool shared;
};

/* What a look-up returns: a description that stays open until hf_fd_put, and the rights of the descriptor. While a process has one thread, no
 * other thread can close the descriptor during that thread's call, so the look-up takes neither the lock nor a reference (20 of 90 ns of a small
 * pwrite). */
struct hf_fd_view {
	struct hf_file *file;
	uint64_t rights, inheriting;
	bool owned; /* holds a reference */
};

void hf_fdtable_init(struct hf_fdtable *table, uint32_t limit);
/* Closes everything. Later calls find no descriptor, and inserting fails with -HF_EBADF. Another call closes what an interrupted one left open. */
void hf_fdtable_destroy(struct hf_fdtable *table);

/* The lowest free descriptor becomes the file, whose reference is taken over, also when it fails. The descriptor,
 * -HF_EMFILE, -HF_ENOMEM. */
HF_MUST_CHECK int hf_fd_insert(struct hf_fdtable *table, struct hf_file *file, uint64_t rights, uint64_t inheriting);
/* Makes room for one more descriptor: called before creating, changing or accepting something only in order to open it. 0,
 * -HF_EMFILE, -HF_ENOMEM. */
HF_MUST_CHECK int hf_fd_check_room(struct hf_fdtable *table);
/* The same, and reserves it for hf_fd_insert_reserved, which then fails only when the table was destroyed, or for hf_fd_unreserve. */
HF_MUST_CHECK int hf_fd_reserve(struct hf_fdtable *table);
void hf_fd_unreserve(struct hf_fdtable *table);
HF_MUST_CHECK int hf_fd_insert_reserved(struct hf_fdtable *table, struct hf_file *file, uint64_t rights,
                                        uint64_t inheriting);
/* As hf_fd_insert, with the name of a preopened directory, of at most HF_PATH_MAX bytes: -HF_ENAMETOOLONG. */
HF_MUST_CHECK int hf_fd_insert_preopen(struct hf_fdtable *table, struct hf_file *file, const char *name,
                                       uint32_t name_size, uint64_t rights, uint64_t inheriting);
/* Called by a thread of the process. 0 and a view that the caller puts back; -HF_EBADF; -HF_ENOTCAPABLE if one of the rights is missing (EBADF
 * for read and write, as in POSIX for a descriptor that is not open for reading or writing; ESPIPE for the position of a pipe). The right to
 * seek implies the right to tell (typenames.witx, $rights). */
HF_MUST_CHECK int hf_fd_get(struct hf_fdtable *table, uint32_t fd, uint64_t rights, struct hf_fd_view *out);
/* The same, called by any thread. */
HF_MUST_CHECK int hf_fd_get_from_outside(struct hf_fdtable *table, uint32_t fd, uint64_t rights,
                                         struct hf_fd_view *out);
static inline void hf_fd_put(struct hf_fd_view *view)
{
	if (view->owned)
		hf_file_unref(view->file);
}
HF_MUST_CHECK int hf_fd_close(struct hf_fdtable *table, uint32_t fd);
/* dup2 that also closes `from`. Both must be open. -HF_EBADF. */
HF_MUST_CHECK int hf_fd_renumber(struct hf_fdtable *table, uint32_t from, uint32_t to);
/* Removes rights; -HF_ENOTCAPABLE if it would add one. */
HF_MUST_CHECK int hf_fd_set_rights(struct hf_fdtable *table, uint32_t fd, uint64_t rights, uint64_t inheriting);
/* The name's size, and up to `size` bytes of it into the buffer. -HF_EBADF, -HF_EINVAL if it is not a preopen. */
HF_MUST_CHECK int hf_fd_preopen_name(struct hf_fdtable *table, uint32_t fd, char *buffer, uint32_t size);
uint32_t hf_fd_count(struct hf_fdtable *table);

#endif
