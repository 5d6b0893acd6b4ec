#define _GNU_SOURCE
#include "support/linux_files.h"

#include "support/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HANDLES_MAX 16

/* Messages lie in memory that both processes see; a byte through the channel says that there is one. */
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

static int handles[HANDLES_MAX]; /* in the child; 1 + a descriptor, or 0 */

/* Linux's error numbers have the same names; only those that files give are told apart. */
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

static int64_t open_handle(const struct request *rq)
{
	int flags = O_RDWR | (rq->flags & RQ_CREATE ? O_CREAT : 0) |
	            (rq->flags & RQ_EXCL && rq->flags & RQ_CREATE ? O_EXCL : 0) | (rq->flags & RQ_TRUNC ? O_TRUNC : 0) |
	            (rq->flags & RQ_NOFOLLOW ? O_NOFOLLOW : 0);
	int fd = open(rq->a, flags, 0600);
	if (fd < 0)
		return result_of(fd);
	if (handles[rq->handle])
		close(handles[rq->handle] - 1);
	handles[rq->handle] = fd + 1;
	return 0;
}

static int64_t list(const struct request *rq, struct reply *rp)
{
	DIR *dir = opendir(rq->a);
	if (!dir)
		return result_of(-1);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		struct stat st;
		CHECK_EQ(fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW), 0);
		reply_add_entry(rp, filetype_of(st.st_mode), entry->d_name, (uint32_t)strlen(entry->d_name));
	}
	closedir(dir);
	reply_sort_entries(rp);
	return rp->entries;
}

static int64_t append(int fd, const char *data, size_t size)
{
	struct stat st;
	CHECK_EQ(fstat(fd, &st), 0);
	return pwrite(fd, data, size, st.st_size);
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
		return result_of(append(fd, data, rq->size));
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

static int64_t do_it(const struct request *rq, struct reply *rp)
{
	bool follow = rq->flags & RQ_FOLLOW;
	struct stat st;
	switch (rq->op) {
	case OP_OPEN:
		return open_handle(rq);
	case OP_MKDIR:
		return result_of(mkdir(rq->a, 0700));
	case OP_RMDIR:
		return result_of(rmdir(rq->a));
	case OP_UNLINK:
		return result_of(unlink(rq->a));
	case OP_RENAME:
		return result_of(rename(rq->a, rq->b));
	case OP_LINK:
		return result_of(linkat(AT_FDCWD, rq->a, AT_FDCWD, rq->b, follow ? AT_SYMLINK_FOLLOW : 0));
	case OP_SYMLINK:
		return result_of(symlink(rq->b, rq->a));
	case OP_READLINK:
		return result_of(readlink(rq->a, rp->data, sizeof rp->data));
	case OP_STAT:
		return tell_stat(fstatat(AT_FDCWD, rq->a, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW), &st, rp);
	case OP_TRUNCATE:
		return result_of(truncate(rq->a, (off_t)rq->offset));
	case OP_LIST:
		return list(rq, rp);
	default:
		return handles[rq->handle] ? use_handle(handles[rq->handle] - 1, rq, rp) : -HF_EBADF;
	}
}

/* Ends the program when the other side has gone. */
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
