/* fdtable.c - file descriptors. */
#include "kernel/fdtable.h"

#include <string.h>

#include "kernel/vnode_file.h"
#include "platform/alloc.h"

#define FIRST_CAPACITY 16

void hf_fdtable_init(struct hf_fdtable *table, uint32_t limit)
{
	memset(table, 0, sizeof *table);
	hf_lock_init(&table->lock, HF_RANK_FDTABLE);
	table->limit = limit;
}

static void release(struct hf_fd *slot)
{
	hf_file_unref(slot->file);
	hf_free(slot->preopen);
}

/* Gets the next slot to close; at the end returns false, and the slots' memory to free. */
static bool take_next(struct hf_fdtable *table, struct hf_fd *slot, struct hf_fd **slots)
{
	hf_lock(&table->lock);
	if (table->first_free != UINT32_MAX) {
		table->first_free = UINT32_MAX; /* closed */
		table->to_close = table->capacity;
		table->capacity = table->in_use = 0;
	}
	bool more = table->closed < table->to_close;
	if (more) {
		*slot = table->slots[table->closed++];
	} else {
		*slots = table->slots;
		table->slots = NULL;
	}
	hf_unlock(&table->lock);
	return more;
}

void hf_fdtable_destroy(struct hf_fdtable *table)
{
	struct hf_fd slot, *slots;
	while (take_next(table, &slot, &slots))
		release(&slot);
	hf_free(slots);
}

static struct hf_fd *find_locked(struct hf_fdtable *table, uint32_t fd) HF_REQUIRES(table->lock)
{
	HF_ASSERT(hf_lock_is_held(&table->lock));
	return fd < table->capacity && table->slots[fd].file ? &table->slots[fd] : NULL;
}

static int grow_locked(struct hf_fdtable *table) HF_REQUIRES(table->lock)
{
	HF_ASSERT(hf_lock_is_held(&table->lock));
	uint32_t capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY;
	if (capacity > table->limit)
		capacity = table->limit;
	if (capacity <= table->capacity)
		return -HF_EMFILE;
	struct hf_fd *slots = hf_realloc(table->slots, capacity * sizeof *slots);
	if (!slots)
		return -HF_ENOMEM;
	memset(slots + table->capacity, 0, (capacity - table->capacity) * sizeof *slots);
	table->slots = slots;
	table->capacity = capacity;
	return 0;
}

/* Ensures that a slot is free besides the reserved ones. */
static int make_room_locked(struct hf_fdtable *table) HF_REQUIRES(table->lock)
{
	HF_ASSERT(hf_lock_is_held(&table->lock));
	if (table->in_use + table->reserved >= table->limit)
		return -HF_EMFILE;
	return table->in_use + table->reserved < table->capacity ? 0 : grow_locked(table);
}

static int insert_locked(struct hf_fdtable *table, const struct hf_fd *entry) HF_REQUIRES(table->lock)
{
	HF_ASSERT(hf_lock_is_held(&table->lock));
	if (table->first_free == UINT32_MAX)
		return -HF_EBADF;
	int result = make_room_locked(table);
	if (result < 0)
		return result;
	uint32_t fd = table->first_free;
	while (table->slots[fd].file)
		fd++;
	table->slots[fd] = *entry;
	table->first_free = fd + 1;
	table->in_use++;
	return (int)fd;
}

static int insert(struct hf_fdtable *table, struct hf_fd *entry)
{
	hf_lock(&table->lock);
	int fd = insert_locked(table, entry);
	hf_unlock(&table->lock);
	if (fd < 0)
		release(entry);
	return fd;
}

int hf_fd_insert(struct hf_fdtable *table, struct hf_file *file, uint64_t rights, uint64_t inheriting)
{
	struct hf_fd entry = {.file = file, .rights = rights, .inheriting = inheriting};
	return insert(table, &entry);
}

int hf_fd_check_room(struct hf_fdtable *table)
{
	int result = hf_fd_reserve(table);
	if (result == 0)
		hf_fd_unreserve(table);
	return result;
}

int hf_fd_reserve(struct hf_fdtable *table)
{
	hf_lock(&table->lock);
	/* A closed table has no slots, so the insertion returns its error. */
	int result = table->first_free == UINT32_MAX ? 0 : make_room_locked(table);
	if (result == 0)
		table->reserved++;
	hf_unlock(&table->lock);
	return result;
}

void hf_fd_unreserve(struct hf_fdtable *table)
{
	hf_lock(&table->lock);
	HF_ASSERT(table->reserved > 0);
	table->reserved--;
	hf_unlock(&table->lock);
}

int hf_fd_insert_reserved(struct hf_fdtable *table, struct hf_file *file, uint64_t rights, uint64_t inheriting)
{
	struct hf_fd entry = {.file = file, .rights = rights, .inheriting = inheriting};
	hf_lock_near(&table->lock);
	HF_ASSERT(table->reserved > 0);
	table->reserved--;
	int fd = insert_locked(table, &entry);
	hf_unlock_near(&table->lock);
	if (fd < 0)
		release(&entry);
	return fd;
}

int hf_fd_insert_preopen(struct hf_fdtable *table, struct hf_file *file, const char *name, uint32_t name_size,
                         uint64_t rights, uint64_t inheriting)
{
	struct hf_fd entry = {.file = file, .preopen_size = name_size, .rights = rights, .inheriting = inheriting};
	/* A guest reads the name through a buffer of this size (fd_prestat_dir_name). */
	entry.preopen = name_size <= HF_PATH_MAX ? hf_alloc(name_size ? name_size : 1) : NULL;
	if (!entry.preopen) {
		hf_file_unref(file);
		return name_size <= HF_PATH_MAX ? -HF_ENOMEM : -HF_ENAMETOOLONG;
	}
	if (name_size)
		memcpy(entry.preopen, name, name_size);
	return insert(table, &entry);
}

/* Returns 0 if the missing rights are implied, else the error that POSIX has for the same mistake, or ENOTCAPABLE. */
static int missing_right(const struct hf_fd *slot, uint64_t missing)
{
	if (slot->rights & HF_RIGHT_FD_SEEK)
		missing &= ~HF_RIGHT_FD_TELL;
	if (missing == 0)
		return 0;
	if (missing & (HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE))
		return -HF_EBADF;
	if (!hf_file_has_vnode(slot->file) && (missing & (HF_RIGHT_FD_SEEK | HF_RIGHT_FD_TELL)))
		return -HF_ESPIPE;
	return -HF_ENOTCAPABLE;
}

static int view_of(const struct hf_fd *slot, uint64_t rights, struct hf_fd_view *out)
{
	int result = !slot ? -HF_EBADF : rights & ~slot->rights ? missing_right(slot, rights & ~slot->rights) : 0;
	if (result < 0)
		return result;
	*out = (struct hf_fd_view){.file = slot->file, .rights = slot->rights, .inheriting = slot->inheriting};
	return 0;
}

/* The look-up of an only thread: no other thread changes the table. */
static int get_unshared(struct hf_fdtable *table, uint32_t fd, uint64_t rights, struct hf_fd_view *out) HF_NO_TSA
{
	bool open = fd < table->capacity && table->slots[fd].file;
	return view_of(open ? &table->slots[fd] : NULL, rights, out);
}

int hf_fd_get_from_outside(struct hf_fdtable *table, uint32_t fd, uint64_t rights, struct hf_fd_view *out)
{
	hf_lock_near(&table->lock);
	int result = view_of(find_locked(table, fd), rights, out);
	if (result == 0) {
		(void)hf_file_ref(out->file);
		out->owned = true;
	}
	hf_unlock_near(&table->lock);
	return result;
}

int hf_fd_get(struct hf_fdtable *table, uint32_t fd, uint64_t rights, struct hf_fd_view *out)
{
	return table->shared ? hf_fd_get_from_outside(table, fd, rights, out) : get_unshared(table, fd, rights, out);
}

static struct hf_fd remove_locked(struct hf_fdtable *table, uint32_t fd) HF_REQUIRES(table->lock)
{
	HF_ASSERT(hf_lock_is_held(&table->lock));
	struct hf_fd slot = table->slots[fd];
	memset(&table->slots[fd], 0, sizeof slot);
	if (fd < table->first_free)
		table->first_free = fd;
	table->in_use--;
	return slot;
}

int hf_fd_close(struct hf_fdtable *table, uint32_t fd)
{
	hf_lock_near(&table->lock);
	if (!find_locked(table, fd)) {
		hf_unlock_near(&table->lock);
		return -HF_EBADF;
	}
	struct hf_fd slot = remove_locked(table, fd);
	hf_unlock_near(&table->lock);
	release(&slot);
	return 0;
}

int hf_fd_renumber(struct hf_fdtable *table, uint32_t from, uint32_t to)
{
	struct hf_fd replaced = {0};
	hf_lock(&table->lock);
	if (!find_locked(table, from) || !find_locked(table, to)) {
		hf_unlock(&table->lock);
		return -HF_EBADF;
	}
	if (from != to) {
		replaced = table->slots[to];
		table->slots[to] = remove_locked(table, from);
	}
	hf_unlock(&table->lock);
	release(&replaced);
	return 0;
}

int hf_fd_set_rights(struct hf_fdtable *table, uint32_t fd, uint64_t rights, uint64_t inheriting)
{
	int result = 0;
	hf_lock(&table->lock);
	struct hf_fd *slot = find_locked(table, fd);
	if (!slot) {
		result = -HF_EBADF;
	} else if ((rights & ~slot->rights) || (inheriting & ~slot->inheriting)) {
		result = -HF_ENOTCAPABLE;
	} else {
		slot->rights = rights;
		slot->inheriting = inheriting;
	}
	hf_unlock(&table->lock);
	return result;
}

int hf_fd_preopen_name(struct hf_fdtable *table, uint32_t fd, char *buffer, uint32_t size)
{
	int result;
	hf_lock(&table->lock);
	struct hf_fd *slot = find_locked(table, fd);
	if (!slot) {
		result = -HF_EBADF;
	} else if (!slot->preopen) {
		result = -HF_EINVAL;
	} else {
		if (size)
			memcpy(buffer, slot->preopen, size < slot->preopen_size ? size : slot->preopen_size);
		result = (int)slot->preopen_size;
	}
	hf_unlock(&table->lock);
	return result;
}

uint32_t hf_fd_count(struct hf_fdtable *table)
{
	hf_lock(&table->lock);
	uint32_t count = table->in_use;
	hf_unlock(&table->lock);
	return count;
}
