#define _GNU_SOURCE
#include "support/linux_files.h"

#include "support/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Messages are in memory that both processes share; a byte sent through the channel announces one. */
struct messages {
	struct request rq;
	struct reply rp;
};

struct linux_files {
	struct messages *messages;
	pid_t child;
	int channel;
	char directory[64];
};

/* Used in the child. */
static int handles[HANDLES]; /* 1 + a descriptor, or 0 */
static int root;

/* Linux's error numbers have the same names; only those of file operations are distinguished. */
static int translate(int number)
{
	switch (number) {
#define SAME(name) \
	case name:     \
		return HF_##name
		SAME(EACCES);
		SAME(EBADF);
		SAME(EBUSY);
		SAME(EEXIST);
		SAME(EFBIG);
		SAME(EINVAL);
		SAME(EISDIR);
		SAME(ELOOP);
		SAME(EMLINK);
		SAME(ENAMETOOLONG);
		SAME(ENODEV);
		SAME(ENOENT);
		SAME(ENOSPC);
		SAME(ENOTDIR);
		SAME(ENOTEMPTY);
		SAME(EPERM);
		SAME(EXDEV);
#undef SAME
	default:
		fprintf(stderr, "Linux gives %s\n", strerror(number));
		return HF_ENOTRECOVERABLE;
	}
}

static int64_t result_of(int64_t result)
{
	return result < 0 ? -translate(errno) : result;
}

static uint8_t filetype_of(mode_t mode)
{
	return S_ISDIR(mode)   ? HF_FILETYPE_DIRECTORY
	       : S_ISREG(mode) ? HF_FILETYPE_REGULAR_FILE
	       : S_ISLNK(mode) ? HF_FILETYPE_SYMBOLIC_LINK
	                       : HF_FILETYPE_UNKNOWN;
}

static int64_t tell_stat(int result, const struct stat *st, struct reply *rp)
{
	if (result == 0)
		rp->attr = (struct hf_attr){
			.filetype = filetype_of(st->st_mode), .nlink = st->st_nlink, .size = (uint64_t)st->st_size};
	return result_of(result);
}

/* ---- paths that lead out ---- */

/* Returns -1 and sets errno on failure: EXDEV for a path that leads out of the directory. */
static int open_beneath(int dir, const char *path, uint64_t flags)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
	how.mode = flags & O_CREAT ? 0600 : 0;
	long fd;
	/* Another process renames on this machine: then ".." could be anywhere. */
	do {
		fd = syscall(SYS_openat2, dir, path, &how, sizeof how);
	} while (fd < 0 && errno == EAGAIN);
	return (int)fd;
}

/* Walks a path to its end. Returns 0 or an error: -HF_EPERM if the path leads out. */
static int64_t walk(int dir, const char *path, bool follow)
{
	int fd = open_beneath(dir, path, O_PATH | (follow ? 0 : O_NOFOLLOW));
	if (fd < 0)
		return errno == EXDEV ? -HF_EPERM : result_of(-1);
	close(fd);
	return 0;
}

/* Walks a path up to the directory that holds its last name; to the end if the last component is not a name. */
static int64_t walk_to_parent(int dir, const char *path)
{
	char parent[PATH_SIZE + 1];
	size_t end = strlen(path), begin;
	while (end > 0 && path[end - 1] == '/')
		end--;
	for (begin = end; begin > 0 && path[begin - 1] != '/';)
		begin--;
	bool dots = (end - begin == 1 && path[begin] == '.') || (end - begin == 2 && memcmp(path + begin, "..", 2) == 0);
	if (*path == 0 || end == 0 || dots)
		return walk(dir, path, false);
	memcpy(parent, path, begin);
	strcpy(parent + begin, ".");
	return walk(dir, parent, false);
}

/* Returns the directory to start from, or an error, which WASI reports before errors of the path. */
static int64_t base(unsigned number, int *out)
{
	struct stat st;
	*out = number == 0 ? root : handles[number - 1] - 1;
	if (*out < 0)
		return -HF_EBADF;
	CHECK_EQ(fstat(*out, &st), 0);
	return S_ISDIR(st.st_mode) ? 0 : -HF_ENOTDIR;
}

/* Returns 0 if Linux must be asked; otherwise the result, if the base is invalid or a path leads out. */
static int64_t check_paths(const struct request *rq, int *dir, int *other)
{
	bool names = rq->op == OP_MKDIR || rq->op == OP_RMDIR || rq->op == OP_UNLINK || rq->op == OP_SYMLINK;
	bool two = rq->op == OP_RENAME || rq->op == OP_LINK, follow = rq->flags & RQ_FOLLOW && rq->op != OP_READLINK;
	int64_t first, second;
	if (rq->op == OP_SYMLINK && (*rq->b == 0 || *rq->b == '/'))
		return *rq->b ? -HF_EPERM : -HF_ENOENT; /* no link may lead out, and its text comes first */
	first = base(rq->base_a, dir);
	if (first < 0)
		return first;
	first = names || rq->op == OP_RENAME ? walk_to_parent(*dir, rq->a) : walk(*dir, rq->a, follow);
	if (!two || first < 0)
		return first == -HF_EPERM || two ? first : 0;
	second = base(rq->base_b, other);
	return second < 0 ? second : walk_to_parent(*other, rq->b) == -HF_EPERM ? -HF_EPERM : 0;
}

/* ---- each operation ---- */

static int64_t open_fd(const struct request *rq, int flags, int *fd)
{
	int dir;
	int64_t result = base(rq->base_a, &dir);
	if (result < 0)
		return result;
	*fd = open_beneath(dir, rq->a, (uint64_t)flags);
	return *fd >= 0 ? 0 : errno == EXDEV ? -HF_EPERM : result_of(-1);
}

static int64_t open_handle(const struct request *rq)
{
	bool exclusive = rq->flags & RQ_EXCL && rq->flags & RQ_CREATE, writes = rq->flags & RQ_WRITE;
	int flags = (writes ? rq->flags & RQ_READ ? O_RDWR : O_WRONLY : O_RDONLY) | (rq->flags & RQ_CREATE ? O_CREAT : 0) |
	            (exclusive ? O_EXCL : 0) | (rq->flags & RQ_TRUNC ? O_TRUNC : 0) |
	            (rq->flags & RQ_DIRECTORY ? O_DIRECTORY : 0) | (rq->flags & RQ_FOLLOW ? 0 : O_NOFOLLOW);
	int fd;
	int64_t result = open_fd(rq, flags, &fd);
	if (result < 0)
		return result;
	if (handles[rq->handle])
		close(handles[rq->handle] - 1);
	handles[rq->handle] = fd + 1;
	return 0;
}

static int64_t truncate_path(const struct request *rq)
{
	int fd;
	int64_t result = open_fd(rq, O_WRONLY, &fd);
	if (result < 0)
		return result;
	result = result_of(ftruncate(fd, (off_t)rq->offset));
	close(fd);
	return result;
}

static int64_t list(const struct request *rq, struct reply *rp)
{
	int fd;
	int64_t result = open_fd(rq, O_RDONLY | O_DIRECTORY, &fd);
	if (result < 0)
		return result;
	DIR *dir = fdopendir(fd);
	CHECK(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		struct stat st;
		CHECK_EQ(fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW), 0);
		reply_add_entry(rp, filetype_of(st.st_mode), entry->d_name, (uint32_t)strlen(entry->d_name));
	}
	closedir(dir);
	reply_sort_entries(rp);
	/* For a removed directory Linux returns ENOENT, which glibc reports as the end. */
	return rp->entries > 0 ? (int64_t)rp->entries : -HF_ENOENT;
}

static int64_t append(int fd, const char *data, size_t size)
{
	CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND), 0);
	int64_t result = result_of(write(fd, data, size));
	CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
	return result;
}

static int64_t use_handle(int fd, const struct request *rq, struct reply *rp)
{
	char data[DATA_MAX];
	struct stat st;
	fill_data(rq, data);
	switch (rq->op) {
	case OP_READ:
		return result_of(pread(fd, rp->data, rq->size, (off_t)rq->offset));
	case OP_WRITE:
		return result_of(pwrite(fd, data, rq->size, (off_t)rq->offset));
	case OP_APPEND:
		return append(fd, data, rq->size);
	case OP_FTRUNCATE:
		return result_of(ftruncate(fd, (off_t)rq->offset));
	case OP_ALLOCATE:
		return result_of(fallocate(fd, 0, (off_t)rq->offset, rq->size));
	case OP_CLOSE:
		handles[rq->handle] = 0;
		return result_of(close(fd));
	default:
		return tell_stat(fstat(fd, &st), &st, rp);
	}
}

static int64_t do_path(const struct request *rq, struct reply *rp)
{
	bool follow = rq->flags & RQ_FOLLOW;
	int dir, other = -1;
	struct stat st;
	int64_t result = check_paths(rq, &dir, &other);
	if (result < 0)
		return result;
	switch (rq->op) {
	case OP_MKDIR:
		return result_of(mkdirat(dir, rq->a, 0700));
	case OP_RMDIR:
		return result_of(unlinkat(dir, rq->a, AT_REMOVEDIR));
	case OP_UNLINK:
		return result_of(unlinkat(dir, rq->a, 0));
	case OP_RENAME:
		return result_of(renameat(dir, rq->a, other, rq->b));
	case OP_LINK:
		return result_of(linkat(dir, rq->a, other, rq->b, follow ? AT_SYMLINK_FOLLOW : 0));
	case OP_SYMLINK:
		return result_of(symlinkat(rq->b, dir, rq->a));
	case OP_READLINK:
		return result_of(readlinkat(dir, rq->a, rp->data, sizeof rp->data));
	default:
		return tell_stat(fstatat(dir, rq->a, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW), &st, rp);
	}
}

static int64_t do_it(const struct request *rq, struct reply *rp)
{
	switch (rq->op) {
	case OP_OPEN:
		return open_handle(rq);
	case OP_TRUNCATE:
		return truncate_path(rq);
	case OP_LIST:
		return list(rq, rp);
	case OP_MKDIR:
	case OP_RMDIR:
	case OP_UNLINK:
	case OP_RENAME:
	case OP_LINK:
	case OP_SYMLINK:
	case OP_READLINK:
	case OP_STAT:
		return do_path(rq, rp);
	default:
		return handles[rq->handle] ? use_handle(handles[rq->handle] - 1, rq, rp) : -HF_EBADF;
	}
}

/* Ends the program if the other process has ended. */
static void tell(int channel, char what)
{
	if (write(channel, &what, 1) != 1)
		_exit(1);
}

static char hear(int channel)
{
	char what;
	ssize_t n = read(channel, &what, 1);
	if (n != 1)
		_exit(n == 0 ? 0 : 1);
	return what;
}

static bool enter_root(const char *directory)
{
	if (chroot(directory) == 0)
		return chdir("/") == 0;
	return unshare(CLONE_NEWUSER) == 0 && chroot(directory) == 0 && chdir("/") == 0;
}

static _Noreturn void serve(int channel, const char *directory, struct messages *messages)
{
	char ready = enter_root(directory);
	umask(0);
	root = ready ? open_beneath(AT_FDCWD, ".", O_PATH | O_DIRECTORY) : -1;
	ready = root >= 0;
	tell(channel, ready);
	for (;;) {
		(void)hear(channel);
		memset(&messages->rp, 0, sizeof messages->rp);
		messages->rp.result = do_it(&messages->rq, &messages->rp);
		tell(channel, 1);
	}
}

struct linux_files *linux_files_begin(void)
{
	struct linux_files *files = calloc(1, sizeof *files);
	int channel[2];
	CHECK(files);
	files->messages = mmap(NULL, sizeof *files->messages, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(files->messages != MAP_FAILED);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, channel), 0);
	strcpy(files->directory, access("/dev/shm", W_OK) == 0 ? "/dev/shm/holdfast-XXXXXX" : "/tmp/holdfast-XXXXXX");
	CHECK(mkdtemp(files->directory));
	fflush(NULL);
	files->child = fork();
	CHECK(files->child >= 0);
	if (files->child == 0) {
		close(channel[0]);
		serve(channel[1], files->directory, files->messages);
	}
	close(channel[1]);
	files->channel = channel[0];
	if (!hear(files->channel)) {
		linux_files_end(files);
		return NULL;
	}
	return files;
}

void linux_files_do(struct linux_files *files, const struct request *rq, struct reply *rp)
{
	files->messages->rq = *rq;
	tell(files->channel, 1);
	(void)hear(files->channel);
	*rp = files->messages->rp;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void linux_files_end(struct linux_files *files)
{
	int status;
	close(files->channel);
	CHECK_EQ(waitpid(files->child, &status, 0), files->child);
	CHECK_EQ(nftw(files->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	CHECK_EQ(munmap(files->messages, sizeof *files->messages), 0);
	free(files);
}
