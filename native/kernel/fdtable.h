/* fdtable.h - a process's file descriptors: maps small integers to open file descriptions, with WASI's rights. */
#ifndef HF_KERNEL_FDTABLE_H
#define HF_KERNEL_FDTABLE_H

#include "kernel/file.h"

struct hf_fd {
	struct hf_file *file; /* one reference; NULL: the slot is free */
	char *preopen;        /* the guest's name for a preopened directory, else NULL; owned */
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
	uint32_t reserved;         /* free slots that callers have reserved */
	uint32_t closed, to_close; /* while it is being destroyed: how many slots were emptied, of how many */
	/* Immutable after init. */
	uint32_t limit;
	/* Whether the table may change while a thread looks up a descriptor. Set during a call of the only thread, before a second one exists (process.c)
	 * or the coordinator opens descriptors (coordinator/host_call.c); never cleared. */
	bool shared;
};

/* The result of a look-up: a description that stays open until hf_fd_put, and the descriptor's rights. While a process has one thread, no other
 * thread can close the descriptor during that thread's call, so the look-up takes neither the lock nor a reference (which would be 20 of the 90 ns of
 * a small pwrite). */
struct hf_fd_view {
	struct hf_file *file;
	uint64_t rights, inheriting;
	bool owned; /* holds a reference */
};

void hf_fdtable_init(struct hf_fdtable *table, uint32_t limit);
/* Closes everything. Later calls find no descriptor, and inserting fails with -HF_EBADF. If it was interrupted, calling it again closes the rest. */
void hf_fdtable_destroy(struct hf_fdtable *table);

/* Opens the file as the lowest free descriptor, and takes over the reference, also on failure. Returns the descriptor, -HF_EMFILE, -HF_ENOMEM. */
HF_MUST_CHECK int hf_fd_insert(struct hf_fdtable *table, struct hf_file *file, uint64_t rights, uint64_t inheriting);
/* Makes room for one more descriptor; called before a file is created, changed or accepted in order to open it. 0, -HF_EMFILE, -HF_ENOMEM. */
HF_MUST_CHECK int hf_fd_check_room(struct hf_fdtable *table);
/* The same, and reserves the slot until hf_fd_insert_reserved (which then fails only if the table was destroyed) or hf_fd_unreserve. */
HF_MUST_CHECK int hf_fd_reserve(struct hf_fdtable *table);
void hf_fd_unreserve(struct hf_fdtable *table);
HF_MUST_CHECK int hf_fd_insert_reserved(struct hf_fdtable *table, struct hf_file *file, uint64_t rights,
                                        uint64_t inheriting);
/* Like hf_fd_insert, for a preopened directory with this name. -HF_ENAMETOOLONG: longer than HF_PATH_MAX bytes. */
HF_MUST_CHECK int hf_fd_insert_preopen(struct hf_fdtable *table, struct hf_file *file, const char *name,
                                       uint32_t name_size, uint64_t rights, uint64_t inheriting);
/* Called by a thread of the process. 0 and a view, which the caller releases with hf_fd_put; -HF_EBADF; -HF_ENOTCAPABLE if one of the rights is
 * missing (EBADF for read and write, as in POSIX for a descriptor that is not open for reading or writing; ESPIPE for the position of a pipe). The
 * right to seek implies the right to tell (typenames.witx, $rights). */
HF_MUST_CHECK int hf_fd_get(struct hf_fdtable *table, uint32_t fd, uint64_t rights, struct hf_fd_view *out);
/* The same, for any thread. */
HF_MUST_CHECK int hf_fd_get_from_outside(struct hf_fdtable *table, uint32_t fd, uint64_t rights,
                                         struct hf_fd_view *out);
/* hf_fd_get without required rights, for callers outside the kernel's module. Inline for a process with one thread: no other changes the table. */
static inline int hf_fd_get_any(struct hf_fdtable *table, uint32_t fd, struct hf_fd_view *out) HF_NO_TSA
{
	if (table->shared || fd >= table->capacity || !table->slots[fd].file)
		return hf_fd_get(table, fd, 0, out);
	const struct hf_fd *slot = &table->slots[fd];
	*out = (struct hf_fd_view){.file = slot->file, .rights = slot->rights, .inheriting = slot->inheriting};
	return 0;
}
static inline void hf_fd_put(struct hf_fd_view *view)
{
	if (view->owned)
		hf_file_unref(view->file);
}
HF_MUST_CHECK int hf_fd_close(struct hf_fdtable *table, uint32_t fd);
/* Like dup2, but also closes `from`. Both must be open. -HF_EBADF. */
HF_MUST_CHECK int hf_fd_renumber(struct hf_fdtable *table, uint32_t from, uint32_t to);
/* Reduces the rights to these; -HF_ENOTCAPABLE if it would add one. */
HF_MUST_CHECK int hf_fd_set_rights(struct hf_fdtable *table, uint32_t fd, uint64_t rights, uint64_t inheriting);
/* Returns the name's size, and copies up to `size` bytes of the name to the buffer. -HF_EBADF, -HF_EINVAL if it is not a preopen. */
HF_MUST_CHECK int hf_fd_preopen_name(struct hf_fdtable *table, uint32_t fd, char *buffer, uint32_t size);
uint32_t hf_fd_count(struct hf_fdtable *table);

#endif
