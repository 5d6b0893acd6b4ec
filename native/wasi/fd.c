/* fd.c - system calls on descriptors. */
#include "wasi/sys.h"

#include <string.h>

#include "kernel/socket.h"
#include "kernel/vnode_file.h"
#include "wasi/abi.h"
#include "wasi/file_call.h"

#define RIGHTS_FILE                                                                                       \
	(HF_RIGHTS_STREAM | HF_RIGHT_FD_SEEK | HF_RIGHT_FD_TELL | HF_RIGHT_FD_ADVISE | HF_RIGHT_FD_ALLOCATE | \
	 HF_RIGHT_FD_FILESTAT_SET_SIZE | HF_RIGHT_FD_FILESTAT_SET_TIMES)
#define RIGHTS_DIRECTORY                                                                             \
	(HF_RIGHT_FD_FDSTAT_SET_FLAGS | HF_RIGHT_FD_SYNC | HF_RIGHT_FD_DATASYNC | HF_RIGHT_FD_ADVISE |   \
	 HF_RIGHT_PATH_CREATE_DIRECTORY | HF_RIGHT_PATH_CREATE_FILE | HF_RIGHT_PATH_LINK_SOURCE |        \
	 HF_RIGHT_PATH_LINK_TARGET | HF_RIGHT_PATH_OPEN | HF_RIGHT_FD_READDIR | HF_RIGHT_PATH_READLINK | \
	 HF_RIGHT_PATH_RENAME_SOURCE | HF_RIGHT_PATH_RENAME_TARGET | HF_RIGHT_PATH_FILESTAT_GET |        \
	 HF_RIGHT_PATH_FILESTAT_SET_SIZE | HF_RIGHT_PATH_FILESTAT_SET_TIMES | HF_RIGHT_FD_FILESTAT_GET | \
	 HF_RIGHT_FD_FILESTAT_SET_TIMES | HF_RIGHT_PATH_SYMLINK | HF_RIGHT_PATH_REMOVE_DIRECTORY |       \
	 HF_RIGHT_PATH_UNLINK_FILE | HF_RIGHT_POLL_FD_READWRITE)

uint64_t hf__rights_of_type(uint8_t filetype)
{
	return filetype == HF_FILETYPE_DIRECTORY ? RIGHTS_DIRECTORY : RIGHTS_FILE;
}

uint64_t hf__rights_of(const struct hf_file *file)
{
	if (hf_file_has_vnode(file))
		return hf__rights_of_type(file->filetype);
	if (hf_file_listener(file))
		return HF_RIGHTS_STREAM | HF_RIGHT_SOCK_ACCEPT;
	return file->filetype == HF_FILETYPE_SOCKET_STREAM ? HF_RIGHTS_SOCKET : HF_RIGHTS_STREAM;
}

static int get(hf_t t, uint32_t fd, uint64_t rights, struct hf_fd_view *view)
{
	return hf_fd_get(&t->process->fds, fd, rights, view);
}

/* Gets a vnode with the rights, or POSIX's errno if the descriptor is a stream. */
static int get_vnode(hf_t t, uint32_t fd, uint64_t rights, int stream_error, struct hf_fd_view *view)
{
	int result = get(t, fd, 0, view);
	if (result < 0)
		return result;
	if (!hf_file_has_vnode(view->file))
		result = stream_error;
	else if (rights & ~view->rights)
		result = -HF_ENOTCAPABLE;
	if (result < 0)
		hf_fd_put(view);
	return result;
}

/* The vnode that get_vnode returned. */
static struct hf_vnode *vnode_of(const struct hf_fd_view *view)
{
	return hf_vnode_file(view->file)->vnode;
}

/* ---- reading and writing ---- */

int hf__get_iovs(hf_t t, uint32_t iovs, uint32_t count, struct hf_uio *uio)
{
	if (count > HF_IOV_MAX)
		return -HF_EINVAL;
	struct wasi_iovec batch[16];
	uint64_t total = 0;
	/* The vector is checked as a whole first, so that no part's address can wrap. */
	int result = hf_user_check(&t->mem, iovs, count * sizeof batch[0]);
	if (result < 0)
		return result;
	for (uint32_t done = 0; done < count;) {
		uint32_t part = count - done < 16 ? count - done : 16;
		result = hf_copy_in(&t->mem, batch, iovs + done * 8, part * sizeof batch[0]);
		if (result < 0)
			return result;
		for (uint32_t i = 0; i < part; i++, done++) {
			result = hf_user_check(&t->mem, batch[i].buf, batch[i].size);
			if (result < 0)
				return result;
			t->iov[done] = (struct hf_iov){.base = batch[i].buf, .size = batch[i].size};
			total += batch[i].size;
		}
	}
	/* The returned count has 32 bits. */
	if (total > UINT32_MAX)
		return -HF_EINVAL;
	*uio = (struct hf_uio){.mem = &t->mem, .iov = t->iov, .iov_left = count, .resid = total};
	return 0;
}

enum direction { IN, OUT };

/* The interval, in nanoseconds, at which a thread checks whether others have returned some of the output that they reserved. */
#define OUTPUT_LOOK_NS UINT64_C(10000000)

/* Reserves at most this many bytes of the process's output limit. 0 and *granted, which is 0 once the limit has been written; -HF_EAGAIN or -HF_EINTR
 * while other threads have reserved the rest, but not written it. */
static int grant_output(hf_t t, bool nonblock, uint64_t wanted, uint64_t *granted)
{
	struct hf_process *process = t->process->payer;
	for (;;) {
		*granted = hf_budget_take_some(&process->output, wanted);
		if (*granted > 0 || atomic_load(&process->written) >= process->limits.output)
			return 0;
		if (nonblock)
			return -HF_EAGAIN;
		int result = hf_thread_sleep(t, hf_plat_monotonic() + OUTPUT_LOOK_NS);
		if (result != -HF_ETIMEDOUT)
			return result;
	}
}

/* Writes as much as the process's limit allows; a larger write ends the process after its last allowed byte. */
static int write_counted(hf_t t, struct hf_file *file, struct hf_uio *uio)
{
	struct hf_process *process = t->process->payer;
	uint64_t wanted = uio->resid, granted;
	if (wanted == 0)
		return file->ops->write(file, t, uio);
	int result = grant_output(t, hf_file_is_nonblock(file), wanted, &granted);
	if (result < 0)
		return result;
	uio->resid = granted;
	if (granted > 0)
		result = file->ops->write(file, t, uio);
	hf_budget_give_back(&process->output, uio->resid);
	uint64_t moved = granted - uio->resid, written = atomic_fetch_add(&process->written, moved) + moved;
	if (result == 0 && uio->resid == 0 && granted < wanted && written >= process->limits.output) {
		hf_process_end(t->process, HF_EXIT_LIMIT, HF_CODE_OUTPUT, NULL, 0, NULL, 0);
		result = -HF_EINTR;
	}
	uio->resid += wanted - granted;
	return result;
}

int hf__write_out(hf_t t, struct hf_file *file, struct hf_uio *uio)
{
	static const char message[] = "SIGPIPE";
	uint64_t bytes;
	int result = file->counted ? write_counted(t, file, uio) : file->ops->write(file, t, uio);
	if (!file->ends_unread || (result < 0 && result != -HF_EPIPE) || uio->resid == 0)
		return result;
	/* A write that the limit cut short is a success with fewer bytes. */
	if (result == 0 && !(file->ops->poll(file, HF_READY_OUT, NULL, &bytes) & HF_READY_HANGUP))
		return 0;
	hf_process_end(t->process, HF_EXIT_KILLED, HF_CODE_BROKEN_PIPE, message, sizeof message - 1, NULL, 0);
	return -HF_EINTR;
}

static int transfer(hf_t t, struct hf_file *file, enum direction direction, const uint64_t *offset, uint32_t iovs,
                    uint32_t count, uint32_t out)
{
	struct hf_uio uio;
	int result = hf__get_iovs(t, iovs, count, &uio);
	/* Checked before anything is moved: bytes must not be lost because their count cannot be stored. */
	if (result == 0)
		result = hf_user_check(&t->mem, out, 4);
	if (result < 0)
		return result;
	uint32_t whole = (uint32_t)uio.resid;
	if (offset)
		result = (direction == IN ? file->ops->pread : file->ops->pwrite)(file, *offset, &uio);
	else
		result = direction == IN ? file->ops->read(file, t, &uio) : hf__write_out(t, file, &uio);
	if (result < 0)
		return result;
	uint32_t moved = whole - (uint32_t)uio.resid;
	return hf_copy_out(&t->mem, out, &moved, 4);
}

static int transfer_fd(hf_t t, uint32_t fd, uint64_t rights, enum direction direction, const uint64_t *offset,
                       uint32_t iovs, uint32_t count, uint32_t out)
{
	struct hf_fd_view view;
	int result = get(t, fd, rights, &view);
	if (result < 0)
		return result;
	if (!(view.file->access & (direction == IN ? HF_READ : HF_WRITE)) && view.file->filetype != HF_FILETYPE_DIRECTORY)
		result = -HF_EBADF;
	else if (offset && *offset > INT64_MAX)
		result = -HF_EINVAL;
	else
		result = transfer(t, view.file, direction, offset, iovs, count, out);
	hf_fd_put(&view);
	return result;
}

int hf__sys_fd_read(hf_t t, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out)
{
	return transfer_fd(t, fd, HF_RIGHT_FD_READ, IN, NULL, iovs, count, out);
}

int hf__sys_fd_write(hf_t t, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t out)
{
	return transfer_fd(t, fd, HF_RIGHT_FD_WRITE, OUT, NULL, iovs, count, out);
}

int hf__sys_fd_pread(hf_t t, uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out)
{
	return transfer_fd(t, fd, HF_RIGHT_FD_READ | HF_RIGHT_FD_SEEK, IN, &offset, iovs, count, out);
}

int hf__sys_fd_pwrite(hf_t t, uint32_t fd, uint32_t iovs, uint32_t count, uint64_t offset, uint32_t out)
{
	return transfer_fd(t, fd, HF_RIGHT_FD_WRITE | HF_RIGHT_FD_SEEK, OUT, &offset, iovs, count, out);
}

/* ---- position ---- */

static int seek(hf_t t, uint32_t fd, uint64_t rights, int64_t offset, enum hf_whence whence, uint32_t out)
{
	struct hf_fd_view view;
	uint64_t position;
	int result = get(t, fd, rights, &view);
	if (result < 0)
		return result;
	result = hf_user_check(&t->mem, out, 8);
	if (result == 0)
		result = view.file->ops->seek(view.file, offset, whence, &position);
	if (result == 0)
		result = hf_copy_out(&t->mem, out, &position, 8);
	hf_fd_put(&view);
	return result;
}

int hf__sys_fd_seek(hf_t t, enum hf_wasi_abi abi, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t out)
{
	/* wasi_unstable: CUR 0, END 1, SET 2. */
	static const enum hf_whence unstable[] = {HF_WHENCE_CUR, HF_WHENCE_END, HF_WHENCE_SET};
	if (whence > HF_WHENCE_END)
		return -HF_EINVAL;
	enum hf_whence how = abi == HF_WASI_UNSTABLE ? unstable[whence] : (enum hf_whence)whence;
	/* Reading the position requires only the right to tell. */
	uint64_t rights = how == HF_WHENCE_CUR && offset == 0 ? HF_RIGHT_FD_TELL : HF_RIGHT_FD_SEEK;
	return seek(t, fd, rights, (int64_t)offset, how, out);
}

int hf__sys_fd_tell(hf_t t, uint32_t fd, uint32_t out)
{
	return seek(t, fd, HF_RIGHT_FD_TELL, 0, HF_WHENCE_CUR, out);
}

/* ---- attributes of descriptors ---- */

int hf__sys_fd_fdstat_get(hf_t t, uint32_t fd, uint32_t out)
{
	struct hf_fd_view view;
	int result = get(t, fd, 0, &view);
	if (result < 0)
		return result;
	struct wasi_fdstat stat = {
		.filetype = view.file->filetype,
		.flags = atomic_load(&view.file->flags),
		.rights = view.rights,
		.inheriting = view.inheriting,
	};
	hf_fd_put(&view);
	return hf_copy_out(&t->mem, out, &stat, sizeof stat);
}

/* Flags that only path_open can set: "similar to fcntl(fd, F_SETFL, flags) in POSIX", which leaves the others as they are on Linux and in
 * Wasmtime. */
#define FLAGS_FOR_GOOD (HF_FDFLAG_DSYNC | HF_FDFLAG_RSYNC | HF_FDFLAG_SYNC)

/* Only APPEND and NONBLOCK can be changed. Setting another flag that is off is -HF_EINVAL, rather than ignored (Wasmtime); a flag that is on may be
 * given, as in wasi-libc's fcntl(F_SETFL) with F_GETFL's result, or omitted, as in fcntl(F_SETFL, O_NONBLOCK). */
static int set_flags(struct hf_file *file, uint32_t flags)
{
	uint32_t kept = atomic_load(&file->flags) & FLAGS_FOR_GOOD;
	if (flags & FLAGS_FOR_GOOD & ~kept)
		return -HF_EINVAL;
	atomic_store(&file->flags, (uint16_t)(flags | kept));
	return 0;
}

int hf__sys_fd_fdstat_set_flags(hf_t t, uint32_t fd, uint32_t flags)
{
	struct hf_fd_view view;
	if (flags & ~(uint32_t)HF_FDFLAGS_ALL)
		return -HF_EINVAL;
	int result = get(t, fd, HF_RIGHT_FD_FDSTAT_SET_FLAGS, &view);
	if (result < 0)
		return result;
	result = set_flags(view.file, flags);
	hf_fd_put(&view);
	return result;
}

int hf__sys_fd_fdstat_set_rights(hf_t t, uint32_t fd, uint64_t rights, uint64_t inheriting)
{
	return hf_fd_set_rights(&t->process->fds, fd, rights, inheriting);
}

int hf__put_filestat(hf_t t, enum hf_wasi_abi abi, uint32_t out, const struct hf_attr *attr)
{
	if (abi == HF_WASI_PREVIEW1) {
		struct wasi_filestat stat = {
			.dev = attr->dev,
			.ino = attr->ino,
			.filetype = attr->filetype,
			.nlink = attr->nlink,
			.size = attr->size,
			.atim = attr->atim,
			.mtim = attr->mtim,
			.ctim = attr->ctim,
		};
		return hf_copy_out(&t->mem, out, &stat, sizeof stat);
	}
	struct wasi_unstable_filestat stat = {
		.dev = attr->dev,
		.ino = attr->ino,
		.filetype = attr->filetype,
		.nlink = (uint32_t)attr->nlink,
		.size = attr->size,
		.atim = attr->atim,
		.mtim = attr->mtim,
		.ctim = attr->ctim,
	};
	return hf_copy_out(&t->mem, out, &stat, sizeof stat);
}

int hf__sys_fd_filestat_get(hf_t t, enum hf_wasi_abi abi, uint32_t fd, uint32_t out)
{
	struct hf_fd_view view;
	struct hf_attr attr;
	int result = get(t, fd, HF_RIGHT_FD_FILESTAT_GET, &view);
	if (result < 0)
		return result;
	result = view.file->ops->getattr(view.file, &attr);
	if (result == 0)
		result = hf__put_filestat(t, abi, out, &attr);
	hf_fd_put(&view);
	return result;
}

int hf__times(uint32_t flags, uint64_t *atim, uint64_t *mtim, const uint64_t **atim_out, const uint64_t **mtim_out)
{
	bool both_atim = (flags & HF_FST_ATIM) && (flags & HF_FST_ATIM_NOW);
	bool both_mtim = (flags & HF_FST_MTIM) && (flags & HF_FST_MTIM_NOW);
	if ((flags & ~(uint32_t)HF_FST_ALL) || both_atim || both_mtim)
		return -HF_EINVAL;
	if (flags & HF_FST_ATIM_NOW)
		*atim = hf_plat_realtime();
	if (flags & HF_FST_MTIM_NOW)
		*mtim = flags & HF_FST_ATIM_NOW ? *atim : hf_plat_realtime();
	*atim_out = flags & (HF_FST_ATIM | HF_FST_ATIM_NOW) ? atim : NULL;
	*mtim_out = flags & (HF_FST_MTIM | HF_FST_MTIM_NOW) ? mtim : NULL;
	return 0;
}

/* ---- changing files ---- */

int hf__sys_fd_filestat_set_times(hf_t t, uint32_t fd, uint64_t atim, uint64_t mtim, uint32_t flags)
{
	struct hf_fd_view view;
	const uint64_t *new_atim, *new_mtim;
	int result = hf__times(flags, &atim, &mtim, &new_atim, &new_mtim);
	if (result == 0)
		result = get_vnode(t, fd, HF_RIGHT_FD_FILESTAT_SET_TIMES, -HF_EINVAL, &view);
	if (result < 0)
		return result;
	result = hf__file_set_times(hf_vnode_file(view.file), new_atim, new_mtim);
	hf_fd_put(&view);
	return result;
}

int hf__sys_fd_filestat_set_size(hf_t t, uint32_t fd, uint64_t size)
{
	struct hf_fd_view view;
	int result = get_vnode(t, fd, 0, -HF_EINVAL, &view);
	if (result < 0)
		return result;
	result = hf__file_set_size(&view, size);
	hf_fd_put(&view);
	return result;
}

int hf__sys_fd_allocate(hf_t t, uint32_t fd, uint64_t offset, uint64_t size)
{
	struct hf_fd_view view;
	int result = get_vnode(t, fd, 0, -HF_ESPIPE, &view);
	if (result < 0)
		return result;
	struct hf_vnode *vnode = vnode_of(&view);
	if (!(view.file->access & HF_WRITE))
		result = -HF_EBADF;
	else if (view.file->filetype != HF_FILETYPE_REGULAR_FILE)
		result = -HF_ENODEV;
	else if (!(view.rights & HF_RIGHT_FD_ALLOCATE))
		result = -HF_ENOTCAPABLE;
	else if (size == 0 || offset > INT64_MAX)
		result = -HF_EINVAL;
	else if (size > INT64_MAX - offset)
		result = -HF_EFBIG;
	else
		result = vnode->ops->allocate(vnode, offset, size);
	hf_fd_put(&view);
	return result;
}

int hf__sys_fd_advise(hf_t t, uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice)
{
	(void)size;
	struct hf_fd_view view;
	if (advice > 5 || offset > INT64_MAX || size > INT64_MAX)
		return -HF_EINVAL;
	int result = get_vnode(t, fd, HF_RIGHT_FD_ADVISE, -HF_ESPIPE, &view);
	if (result < 0)
		return result;
	/* Everything is in memory, so there is nothing to read ahead or to drop. */
	result = view.file->filetype == HF_FILETYPE_DIRECTORY ? -HF_EBADF : 0;
	hf_fd_put(&view);
	return result;
}

static int sync_file(hf_t t, uint32_t fd, uint64_t right)
{
	struct hf_fd_view view;
	int result = get_vnode(t, fd, right, -HF_EINVAL, &view);
	if (result < 0)
		return result;
	result = hf__vnode_sync(vnode_of(&view));
	hf_fd_put(&view);
	return result;
}

int hf__sys_fd_datasync(hf_t t, uint32_t fd)
{
	return sync_file(t, fd, HF_RIGHT_FD_DATASYNC);
}

int hf__sys_fd_sync(hf_t t, uint32_t fd)
{
	return sync_file(t, fd, HF_RIGHT_FD_SYNC);
}

int hf__sys_fd_close(hf_t t, uint32_t fd)
{
	return hf_fd_close(&t->process->fds, fd);
}

int hf__sys_fd_renumber(hf_t t, uint32_t from, uint32_t to)
{
	return hf_fd_renumber(&t->process->fds, from, to);
}

/* ---- preopens ---- */

static bool is_socket(hf_t t, uint32_t fd)
{
	struct hf_fd_view view;
	if (get(t, fd, 0, &view) < 0)
		return false;
	bool socket = view.file->filetype == HF_FILETYPE_SOCKET_STREAM;
	hf_fd_put(&view);
	return socket;
}

int hf__sys_fd_prestat_get(hf_t t, uint32_t fd, uint32_t out)
{
	int size = hf_fd_preopen_name(&t->process->fds, fd, NULL, 0);
	/* libc enumerates preopens from descriptor 3 on, and stops at the first descriptor that is not one. So a socket must be a preopen, or the
	 * directories after it are not found (Wasmtime's issue 3936); libc and Go skip its kind. */
	if (size < 0)
		return -HF_EBADF;
	struct wasi_prestat prestat = {.tag = is_socket(t, fd) ? WASI_PREOPEN_OTHER : 0, .name_size = (uint32_t)size};
	return hf_copy_out(&t->mem, out, &prestat, sizeof prestat);
}

int hf__sys_fd_prestat_dir_name(hf_t t, uint32_t fd, uint32_t path, uint32_t size)
{
	int needed = hf_fd_preopen_name(&t->process->fds, fd, t->path[0], HF_PATH_MAX);
	if (needed >= 0 && is_socket(t, fd))
		return -HF_ENOTDIR;
	if (needed < 0)
		return needed == -HF_EINVAL ? -HF_ENOTDIR : needed;
	if ((uint32_t)needed > size)
		return -HF_ENAMETOOLONG;
	return hf_copy_out(&t->mem, path, t->path[0], (size_t)needed);
}

/* ---- directories ---- */

/* The number of entries that are listed before the directory's lock is released for a moment. */
#define ENTRIES_A_LOOK 512

/* Entries are gathered in the thread's space for a path, because a copy to the guest takes about as long as all else for an entry. */
struct fd_listing {
	hf_t t;
	uint32_t at, left; /* of the guest's buffer, for what is gathered next */
	uint32_t gathered;
	uint32_t entries; /* entries in this batch */
	uint64_t next;    /* the cookie for the next batch */
};

static void put_gathered(struct fd_listing *listing)
{
	/* The whole buffer was checked, and memory never shrinks. */
	int result = hf_copy_out(&listing->t->mem, listing->at, listing->t->path[0], listing->gathered);
	HF_ASSERT(result == 0);
	listing->at += listing->gathered;
	listing->gathered = 0;
}

/* An entry that does not fit is truncated: from a full buffer the guest knows that there are more. */
static bool put_entry(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name,
                      uint32_t name_size)
{
	struct fd_listing *listing = context;
	if (listing->left == 0 || listing->entries == ENTRIES_A_LOOK)
		return false;
	listing->entries++;
	listing->next = next;
	const struct wasi_dirent entry = {.next = next, .ino = ino, .name_size = name_size, .filetype = filetype};
	uint32_t size = sizeof entry + name_size;
	if (listing->gathered + size > HF_PATH_MAX)
		put_gathered(listing);
	char *to = listing->t->path[0] + listing->gathered;
	memcpy(to, &entry, sizeof entry);
	memcpy(to + sizeof entry, name, name_size);
	if (size > listing->left)
		size = listing->left;
	listing->gathered += size;
	listing->left -= size;
	return true;
}

/* Lists in batches, until the buffer is full or a batch is short. */
static int list(struct hf_vnode *dir, struct fd_listing *listing)
{
	int result;
	do {
		listing->entries = 0;
		hf_turn_between_pieces();
		result = dir->ops->readdir(dir, listing->next, put_entry, listing);
	} while (result == 0 && listing->entries == ENTRIES_A_LOOK && listing->left > 0 && !hf_told_to_stop());
	put_gathered(listing);
	return result;
}

int hf__sys_fd_readdir(hf_t t, uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t out)
{
	struct hf_fd_view view;
	int result = hf_user_check(&t->mem, buffer, size);
	if (result == 0)
		result = hf_user_check(&t->mem, out, 4);
	if (result == 0)
		result = get_vnode(t, fd, 0, -HF_ENOTDIR, &view);
	if (result < 0)
		return result;
	struct hf_vnode *vnode = vnode_of(&view);
	struct fd_listing listing = {.t = t, .at = buffer, .left = size, .next = cookie};
	if (!vnode->ops->readdir)
		result = -HF_ENOTDIR;
	else if (!(view.rights & HF_RIGHT_FD_READDIR))
		result = -HF_ENOTCAPABLE;
	else
		result = list(vnode, &listing);
	hf_fd_put(&view);
	uint32_t used = size - listing.left;
	return result < 0 ? result : hf_copy_out(&t->mem, out, &used, 4);
}
