/* files.c - copies directories between the OS and the host's file system.
 *
 * Each directory is opened relative to its parent, and its entries relative to its descriptor, so a link that replaces a directory meanwhile is not
 * followed. Only regular files, directories and symbolic links are opened or created; other entries are reported on stderr. Paths are only for
 * messages.
 */
#include "host/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/path.h"

#define BATCH 65536

/* An OS file with several names, and the first of its names here. Entries are in a tree (tsearch(3)) with the root `known`. */
struct linked {
	dev_t dev;
	ino_t ino;
	struct hf_vnode *vnode;
};

static int to_errno(const char *path)
{
	int number = errno;
	fprintf(stderr, "holdfast: %s: %s\n", path, strerror(number));
	switch (number) {
	case ENOENT:
		return -HF_ENOENT;
	case ENOTDIR:
		return -HF_ENOTDIR;
	case EEXIST:
		return -HF_EEXIST;
	case EACCES:
		return -HF_EACCES;
	case ENOSPC:
		return -HF_ENOSPC;
	default:
		return -HF_EIO;
	}
}

/* Returns the path of an entry; the caller frees it. */
static char *join(const char *directory, const char *name)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	char *path = malloc(size);
	if (path)
		snprintf(path, size, "%s/%s", directory, name);
	return path;
}

/* ---- copying in ---- */

static uint64_t nanoseconds(struct timespec time)
{
	/* WASI has no times before 1970. */
	return time.tv_sec < 0 ? 0 : (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int write_all(struct hf_vnode *vnode, char *bytes, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	uint64_t end;
	hf_uio_kernel(&uio, &iov, bytes, size);
	int result = 0;
	while (uio.resid > 0 && result == 0)
		result = vnode->ops->write(vnode, 0, true, &uio, &end);
	return result;
}

/* An entry of an OS directory. */
struct spot {
	int at; /* the directory's descriptor */
	const char *name;
	const char *path; /* for messages */
};

static int left_out(const char *path)
{
	fprintf(stderr, "holdfast: %s: not a file, directory or link: skipped\n", path);
	return 0;
}

/* If an entry has just become a pipe, it is opened without waiting for the other end, and skipped. */
static int copy_contents(const struct spot *from, struct hf_vnode *vnode)
{
	static _Thread_local char batch[BATCH];
	struct stat stat;
	int fd = openat(from->at, from->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), result = 0;
	if (fd < 0 || fstat(fd, &stat) < 0)
		result = to_errno(from->path);
	else if (!S_ISREG(stat.st_mode))
		result = left_out(from->path);
	else
		for (ssize_t size; result == 0 && (size = read(fd, batch, BATCH)) != 0;)
			result = size < 0 ? to_errno(from->path) : write_all(vnode, batch, (uint32_t)size);
	if (fd >= 0)
		(void)close(fd);
	return result;
}

static int copy_directory(const struct spot *from, struct hf_vnode *to, void **known);

static int compare(const void *one, const void *other)
{
	const struct linked *a = one, *b = other;
	if (a->dev != b->dev)
		return a->dev < b->dev ? -1 : 1;
	return a->ino < b->ino ? -1 : a->ino > b->ino;
}

static int remember(void **known, const struct stat *stat, struct hf_vnode *vnode)
{
	struct linked *linked = malloc(sizeof *linked);
	if (!linked)
		return -HF_ENOMEM;
	*linked = (struct linked){stat->st_dev, stat->st_ino, vnode};
	if (!tsearch(linked, known, compare)) {
		free(linked);
		return -HF_ENOMEM;
	}
	(void)hf_vnode_ref(vnode);
	return 0;
}

static void forget(void *item)
{
	struct linked *linked = item;
	hf_vnode_unref(linked->vnode);
	free(linked);
}

static struct hf_vnode *other_name(void *const *known, const struct stat *stat)
{
	const struct linked wanted = {.dev = stat->st_dev, .ino = stat->st_ino};
	struct linked *const *found = stat->st_nlink > 1 ? tfind(&wanted, known, compare) : NULL;
	return found ? (*found)->vnode : NULL;
}

static int copy_node(const struct spot *from, const struct stat *stat, struct hf_vnode *to, void **known)
{
	bool directory = S_ISDIR(stat->st_mode);
	uint64_t atim = nanoseconds(stat->st_atim), mtim = nanoseconds(stat->st_mtim);
	struct hf_vnode *vnode;
	int result = to->ops->create(to, from->name, strlen(from->name),
	                             directory ? HF_FILETYPE_DIRECTORY : HF_FILETYPE_REGULAR_FILE, &vnode);
	if (result < 0)
		return result;
	result = directory ? copy_directory(from, vnode, known) : copy_contents(from, vnode);
	if (result == 0)
		result = vnode->ops->set_times(vnode, &atim, &mtim);
	if (result == 0 && !directory && stat->st_nlink > 1)
		result = remember(known, stat, vnode);
	if (faccessat(from->at, from->name, W_OK, AT_EACCESS) < 0)
		atomic_store_explicit(&vnode->read_only, true, memory_order_relaxed);
	hf_vnode_unref(vnode);
	return result;
}

static int copy_link(const struct spot *from, struct hf_vnode *to)
{
	char target[HF_PATH_MAX];
	ssize_t size = readlinkat(from->at, from->name, target, sizeof target);
	return size < 0 ? to_errno(from->path) : to->ops->symlink(to, from->name, strlen(from->name), target, (size_t)size);
}

static int copy_entry(const struct spot *from, struct hf_vnode *to, void **known)
{
	struct stat stat;
	if (fstatat(from->at, from->name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return to_errno(from->path);
	struct hf_vnode *other = other_name(known, &stat);
	if (other)
		return to->ops->link(to, from->name, strlen(from->name), other);
	if (S_ISLNK(stat.st_mode))
		return copy_link(from, to);
	return S_ISDIR(stat.st_mode) || S_ISREG(stat.st_mode) ? copy_node(from, &stat, to, known) : left_out(from->path);
}

/* Takes over the descriptor. */
static int copy_entries(int fd, const char *path, struct hf_vnode *to, void **known)
{
	DIR *directory = fdopendir(fd);
	int result = 0;
	if (!directory) {
		result = to_errno(path);
		(void)close(fd);
		return result;
	}
	for (struct dirent *entry; result == 0 && (entry = readdir(directory));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		char *below = join(path, entry->d_name);
		const struct spot from = {fd, entry->d_name, below};
		result = below ? copy_entry(&from, to, known) : -HF_ENOMEM;
		if (result < 0)
			fprintf(stderr, "holdfast: %s/%s: cannot be copied: %s\n", path, entry->d_name, hf_errno_text(-result));
		free(below);
	}
	(void)closedir(directory);
	return result;
}

static int copy_directory(const struct spot *from, struct hf_vnode *to, void **known)
{
	int fd = openat(from->at, from->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? to_errno(from->path) : copy_entries(fd, from->path, to, known);
}

/* Gets the directory at the path, and creates it and its parents if missing. The caller owns the reference. */
static int make_directories(const char *path, struct hf_vnode **out)
{
	struct hf_vnode *at = hf_vnode_ref(hf_host_root());
	int result = 0;
	while (result == 0 && *(path += strspn(path, "/"))) {
		struct hf_vnode *next;
		size_t size = strcspn(path, "/");
		result = at->ops->lookup ? at->ops->lookup(at, path, size, &next) : -HF_ENOTDIR;
		if (result == -HF_ENOENT)
			result = at->ops->create(at, path, size, HF_FILETYPE_DIRECTORY, &next);
		if (result == 0) {
			hf_vnode_unref(at);
			at = next;
		}
		path += size;
	}
	if (result == 0)
		*out = at;
	else
		hf_vnode_unref(at);
	return result;
}

int hf_host_copy_in(const char *directory, const char *path)
{
	void *known = NULL;
	struct hf_vnode *to;
	int result = make_directories(path, &to);
	if (result < 0)
		return result;
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool read_only = fd >= 0 && faccessat(fd, ".", W_OK, AT_EACCESS) < 0;
	result = fd < 0 ? to_errno(directory) : copy_entries(fd, directory, to, &known);
	if (read_only)
		atomic_store_explicit(&to->read_only, true, memory_order_relaxed);
	tdestroy(known, forget);
	hf_vnode_unref(to);
	return result;
}

/* ---- copying out ---- */

/* A directory's entries, copied before any is processed, because the file system's lock is held while they are listed. */
struct host_listing {
	char *names; /* each with its NUL */
	size_t size, room;
	bool failed;
};

static bool take_entry(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name, uint32_t size)
{
	struct host_listing *listing = context;
	(void)next, (void)ino, (void)filetype;
	if (listing->size + size + 1 > listing->room) {
		size_t room = 2 * listing->room + size + 4096;
		char *names = realloc(listing->names, room);
		if (!names) {
			listing->failed = true;
			return false;
		}
		listing->names = names;
		listing->room = room;
	}
	char *at = listing->names + listing->size;
	memcpy(at, name, size);
	at[size] = '\0';
	listing->size += size + 1;
	return true;
}

static int save_bytes(struct hf_vnode *vnode, int fd, const char *path)
{
	static _Thread_local char batch[BATCH];
	int result = 0;
	for (uint64_t offset = 0; result == 0;) {
		struct hf_iov iov;
		struct hf_uio uio;
		hf_uio_kernel(&uio, &iov, batch, BATCH);
		result = vnode->ops->read(vnode, offset, &uio);
		size_t size = BATCH - (size_t)uio.resid;
		if (result < 0 || size == 0)
			break;
		for (size_t done = 0; result == 0 && done < size;) {
			ssize_t written = write(fd, batch + done, size - done);
			if (written < 0 && errno != EINTR)
				result = to_errno(path);
			else if (written > 0)
				done += (size_t)written;
		}
		offset += size;
	}
	return result;
}

/* Never overwrites a file, not even one that takes the name meanwhile, or has the same name in other letter case. Removes a partial file. */
static int save_contents(struct hf_vnode *vnode, const struct spot *to)
{
	int fd = openat(to->at, to->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return to_errno(to->path);
	int result = save_bytes(vnode, fd, to->path);
	if (close(fd) < 0 && result == 0)
		result = to_errno(to->path);
	if (result < 0)
		(void)unlinkat(to->at, to->name, 0);
	return result;
}

static int save_link(struct hf_vnode *vnode, const struct spot *to)
{
	char target[HF_PATH_MAX + 1];
	int size = vnode->ops->readlink(vnode, target, HF_PATH_MAX);
	if (size < 0)
		return size;
	target[size] = '\0';
	return symlinkat(target, to->at, to->name) < 0 ? to_errno(to->path) : 0;
}

static int save_directory(struct hf_vnode *vnode, const struct spot *to);

static int save(struct hf_vnode *vnode, const struct spot *to)
{
	switch (vnode->filetype) {
	case HF_FILETYPE_DIRECTORY:
		return save_directory(vnode, to);
	case HF_FILETYPE_REGULAR_FILE:
		return save_contents(vnode, to);
	case HF_FILETYPE_SYMBOLIC_LINK:
		return save_link(vnode, to);
	default:
		return left_out(to->path);
	}
}

static int save_entry(struct hf_vnode *directory, int fd, const char *path, const char *name)
{
	struct hf_vnode *vnode;
	int result = directory->ops->lookup(directory, name, strlen(name), &vnode);
	if (result < 0)
		return result == -HF_ENOENT ? 0 : result; /* a guest has removed it meanwhile */
	char *below = join(path, name);
	const struct spot to = {fd, name, below};
	result = below ? save(vnode, &to) : -HF_ENOMEM;
	free(below);
	hf_vnode_unref(vnode);
	return result;
}

static int save_entries(struct hf_vnode *vnode, int fd, const char *path)
{
	struct host_listing listing = {0};
	int result = vnode->ops->readdir(vnode, 0, take_entry, &listing);
	if (listing.failed)
		result = -HF_ENOMEM;
	for (size_t at = 0; result == 0 && at < listing.size; at += strlen(listing.names + at) + 1) {
		const char *name = listing.names + at;
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			result = save_entry(vnode, fd, path, name);
	}
	free(listing.names);
	return result;
}

static int save_directory(struct hf_vnode *vnode, const struct spot *to)
{
	if (mkdirat(to->at, to->name, 0777) < 0)
		return to_errno(to->path);
	int fd = openat(to->at, to->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return to_errno(to->path);
	int result = save_entries(vnode, fd, to->path);
	(void)close(fd);
	return result;
}

int hf_host_copy_out(const char *path, const char *directory)
{
	struct hf_path at;
	int result = hf_path_walk(hf_host_root(), path, strlen(path), HF_PATH_FOLLOW | HF_PATH_ROOTED, &at);
	if (result < 0)
		return result;
	const struct spot to = {AT_FDCWD, directory, directory};
	result = at.vnode->filetype == HF_FILETYPE_DIRECTORY ? save(at.vnode, &to) : -HF_ENOTDIR;
	hf_path_release(&at);
	return result;
}
