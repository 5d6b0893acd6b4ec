/* agreement.c - runs the system calls and Linux side by side. */
#include "support/agreement.h"

#include "support/linux_files.h"
#include "support/program.h"
#include "wasi/abi.h"

#include <stdio.h>
#include <string.h>

/* ---- where things lie in the guest's memory ---- */

#define OUT 512
#define IOV 768
#define PATH_A 1024
#define PATH_B 4096
#define DATA 8192
#define DATA_ROOM 16384

static struct program *program;
static uint32_t handles[HANDLES]; /* a guest's descriptor, or 0 */

/* A file has all rights, except to read or to write if it was not opened for that. */
static uint64_t rights_of(unsigned flags)
{
	bool writes = flags & RQ_WRITE, reads = flags & RQ_READ || !writes;
	return HF_RIGHTS_ALL & ~(writes ? 0 : HF_RIGHT_FD_WRITE) & ~(reads ? 0 : HF_RIGHT_FD_READ);
}

static uint32_t oflags_of(unsigned flags)
{
	return (flags & RQ_CREATE ? HF_OFLAG_CREAT : 0) | (flags & RQ_EXCL ? HF_OFLAG_EXCL : 0) |
	       (flags & RQ_TRUNC ? HF_OFLAG_TRUNC : 0) | (flags & RQ_DIRECTORY ? HF_OFLAG_DIRECTORY : 0);
}

/* A descriptor that does not exist stands for a handle that does not exist. */
static uint32_t base(unsigned base)
{
	return base == 0 ? 3 : handles[base - 1] ? handles[base - 1] : 99;
}

/* ---- each operation, by the doors; a door's number is negated ---- */

static int64_t open_fd(const struct request *rq, uint32_t oflags, bool follow, uint64_t rights, uint32_t *fd)
{
	uint32_t size = poke_text(program, PATH_A, rq->a);
	uint32_t err = hf_p1_path_open(base(rq->base_a), follow ? HF_LOOKUP_SYMLINK_FOLLOW : 0, PATH_A, size, oflags,
	                               rights, HF_RIGHTS_ALL, 0, OUT);
	*fd = err ? 0 : peek_u32(program, OUT);
	return -(int64_t)err;
}

static int64_t close_handle(unsigned handle)
{
	uint32_t fd = handles[handle];
	handles[handle] = 0;
	return fd ? -(int64_t)hf_p1_fd_close(fd) : -HF_EBADF;
}

static int64_t open_handle(const struct request *rq)
{
	uint32_t fd;
	int64_t result = open_fd(rq, oflags_of(rq->flags), rq->flags & RQ_FOLLOW, rights_of(rq->flags), &fd);
	if (result < 0)
		return result;
	(void)close_handle(rq->handle);
	handles[rq->handle] = fd;
	return 0;
}

static int64_t read_attr(uint32_t err, struct reply *rp)
{
	struct wasi_filestat stat;
	memcpy(&stat, program->guest->memory + OUT, sizeof stat);
	rp->attr = (struct hf_attr){.filetype = stat.filetype, .nlink = stat.nlink, .size = stat.size};
	return -(int64_t)err;
}

static int64_t append(uint32_t fd)
{
	uint32_t err = hf_p1_fd_fdstat_set_flags(fd, HF_FDFLAG_APPEND);
	if (err == 0)
		err = hf_p1_fd_write(fd, IOV, 1, OUT);
	uint32_t again = hf_p1_fd_fdstat_set_flags(fd, 0);
	return -(int64_t)(err ? err : again);
}

static int64_t use_handle(uint32_t fd, const struct request *rq, struct reply *rp)
{
	char data[DATA_MAX];
	int64_t result;
	if (fd == 0)
		return -HF_EBADF;
	fill_data(rq, data);
	poke(program, DATA, data, rq->op == OP_READ ? 0 : rq->size);
	poke_iov(program, IOV, DATA, rq->size);
	switch (rq->op) {
	case OP_READ:
		result = -(int64_t)hf_p1_fd_pread(fd, IOV, 1, rq->offset, OUT);
		memcpy(rp->data, program->guest->memory + DATA, rq->size);
		break;
	case OP_WRITE:
		result = -(int64_t)hf_p1_fd_pwrite(fd, IOV, 1, rq->offset, OUT);
		break;
	case OP_APPEND:
		result = append(fd);
		break;
	case OP_FTRUNCATE:
		return -(int64_t)hf_p1_fd_filestat_set_size(fd, rq->offset);
	case OP_ALLOCATE:
		return -(int64_t)hf_p1_fd_allocate(fd, rq->offset, rq->size);
	default:
		return read_attr(hf_p1_fd_filestat_get(fd, OUT), rp);
	}
	return result ? result : peek_u32(program, OUT);
}

static int64_t truncate_path(const struct request *rq)
{
	uint32_t fd;
	int64_t result = open_fd(rq, 0, true, rights_of(RQ_WRITE), &fd);
	if (result < 0)
		return result;
	result = -(int64_t)hf_p1_fd_filestat_set_size(fd, rq->offset);
	CHECK_EQ(hf_p1_fd_close(fd), 0);
	return result;
}

/* Adds the complete entries in the guest's memory. Returns their size, and the cookie of the last one. */
static uint32_t take_entries(uint32_t size, struct reply *rp, uint64_t *cookie)
{
	struct wasi_dirent entry;
	uint32_t at = 0;
	for (;;) {
		if (size - at < sizeof entry)
			return at;
		memcpy(&entry, program->guest->memory + DATA + at, sizeof entry);
		if (size - at - sizeof entry < entry.name_size)
			return at;
		reply_add_entry(rp, entry.filetype, program->guest->memory + DATA + at + sizeof entry, entry.name_size);
		at += (uint32_t)sizeof entry + entry.name_size;
		*cookie = entry.next;
	}
}

static int64_t list(const struct request *rq, struct reply *rp)
{
	uint32_t fd, size = DATA_ROOM;
	uint64_t cookie = 0;
	int64_t result = open_fd(rq, HF_OFLAG_DIRECTORY, true, rights_of(0), &fd);
	while (result == 0 && size == DATA_ROOM) {
		result = -(int64_t)hf_p1_fd_readdir(fd, DATA, DATA_ROOM, cookie, OUT);
		size = peek_u32(program, OUT);
		if (result == 0)
			CHECK(take_entries(size, rp, &cookie) > 0 || size == 0);
	}
	if (fd)
		CHECK_EQ(hf_p1_fd_close(fd), 0);
	reply_sort_entries(rp);
	return result < 0 ? result : rp->entries;
}

static int64_t read_link(uint32_t fd, uint32_t size, struct reply *rp)
{
	uint32_t err = hf_p1_path_readlink(fd, PATH_A, size, DATA, sizeof rp->data, OUT);
	memcpy(rp->data, program->guest->memory + DATA, sizeof rp->data);
	return err ? -(int64_t)err : peek_u32(program, OUT);
}

static int64_t do_by_doors(const struct request *rq, struct reply *rp)
{
	uint32_t follow = rq->flags & RQ_FOLLOW ? HF_LOOKUP_SYMLINK_FOLLOW : 0;
	uint32_t size = poke_text(program, PATH_A, rq->a), other = poke_text(program, PATH_B, rq->b);
	uint32_t fd = base(rq->base_a), other_fd = base(rq->base_b);
	switch (rq->op) {
	case OP_OPEN:
		return open_handle(rq);
	case OP_CLOSE:
		return close_handle(rq->handle);
	case OP_MKDIR:
		return -(int64_t)hf_p1_path_create_directory(fd, PATH_A, size);
	case OP_RMDIR:
		return -(int64_t)hf_p1_path_remove_directory(fd, PATH_A, size);
	case OP_UNLINK:
		return -(int64_t)hf_p1_path_unlink_file(fd, PATH_A, size);
	case OP_RENAME:
		return -(int64_t)hf_p1_path_rename(fd, PATH_A, size, other_fd, PATH_B, other);
	case OP_LINK:
		return -(int64_t)hf_p1_path_link(fd, follow, PATH_A, size, other_fd, PATH_B, other);
	case OP_SYMLINK:
		return -(int64_t)hf_p1_path_symlink(PATH_B, other, fd, PATH_A, size);
	case OP_READLINK:
		return read_link(fd, size, rp);
	case OP_STAT:
		return read_attr(hf_p1_path_filestat_get(fd, follow, PATH_A, size, OUT), rp);
	case OP_TRUNCATE:
		return truncate_path(rq);
	case OP_LIST:
		return list(rq, rp);
	default:
		return use_handle(handles[rq->handle], rq, rp);
	}
}

/* ---- where they differ, and why ---- */

/* WASI's own rules for opening are checked first (fs_call.c, check_opening); Linux's rules for these flags depend on the version. */
static bool opens_a_directory_to_make_it(const struct request *rq)
{
	return rq->op == OP_OPEN && rq->flags & RQ_DIRECTORY && rq->flags & (RQ_CREATE | RQ_EXCL | RQ_TRUNC);
}

/* A link that is not followed gives ELOOP, whatever else is requested; Linux returns ENOTDIR with O_DIRECTORY. WASI's test suite accepts either. */
static bool is_link_for_directory(const struct request *rq, int64_t ours, int64_t theirs)
{
	return rq->op == OP_OPEN && rq->flags & RQ_DIRECTORY && !(rq->flags & RQ_FOLLOW) && ours == -HF_ELOOP &&
	       theirs == -HF_ENOTDIR;
}

/* No directory has the right to read, and WASI's hosts return EBADF for a missing right to read or write. */
static bool is_directory_read(const struct request *rq, int64_t ours, int64_t theirs)
{
	return rq->op == OP_READ && ours == -HF_EBADF && theirs == -HF_EISDIR;
}

/* Setting a directory's size fails because it is a directory; for Linux because the descriptor was not opened for writing. */
static bool is_directory_resized(const struct request *rq, int64_t ours, int64_t theirs)
{
	return rq->op == OP_FTRUNCATE && ours == -HF_EISDIR && theirs == -HF_EINVAL;
}

/* Two errors at once, and each side may report either: the length is 0, and the file is not open for writing. */
static bool is_nothing_allocated(const struct request *rq, int64_t ours, int64_t theirs)
{
	return rq->op == OP_ALLOCATE && rq->size == 0 && ours == -HF_EBADF && theirs == -HF_EINVAL;
}

static bool may_differ(const struct request *rq, int64_t ours, int64_t theirs)
{
	return is_link_for_directory(rq, ours, theirs) || is_directory_read(rq, ours, theirs) ||
	       is_directory_resized(rq, ours, theirs) || is_nothing_allocated(rq, ours, theirs);
}

/* ---- side by side ---- */

static struct linux_files *linux_side;

/* Does the same on both sides and compares. Returns the result. */
static int64_t compare(const struct request *rq)
{
	static struct reply ours, theirs;
	memset(&ours, 0, sizeof ours);
	ours.result = do_by_doors(rq, &ours);
	if (opens_a_directory_to_make_it(rq)) {
		CHECK_ERR(ours.result, -HF_EINVAL);
		return ours.result;
	}
	if (!linux_side)
		return ours.result;
	linux_files_do(linux_side, rq, &theirs);
	if (!reply_equal(rq, &ours, &theirs) && !may_differ(rq, ours.result, theirs.result)) {
		request_print(rq);
		reply_print("WASI", rq, &ours);
		reply_print("Linux", rq, &theirs);
		CHECK(!"the system calls and Linux agree");
	}
	return ours.result;
}

/* Lists and looks at everything below a directory, on both sides. */
static void compare_tree(const char *path)
{
	struct request rq = {.op = OP_LIST};
	struct reply listing = {0};
	snprintf(rq.a, sizeof rq.a, "%s", path);
	compare(&rq);
	list(&rq, &listing);
	for (uint32_t i = 0; i < listing.entries; i++) {
		const struct reply_entry *entry = &listing.entry[i];
		if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
			continue;
		struct request look = {.op = OP_STAT};
		CHECK(snprintf(look.a, sizeof look.a, "%s/%s", path, entry->name) < (int)sizeof look.a);
		CHECK_OK(compare(&look));
		if (entry->filetype == HF_FILETYPE_DIRECTORY)
			compare_tree(look.a);
	}
}

bool agreement_begin(void)
{
	linux_side = linux_files_begin();
	program = program_begin();
	return linux_side != NULL;
}

void agreement_do(const struct request *rq)
{
	(void)compare(rq);
}

void agreement_end(void)
{
	compare_tree(".");
	f_check_tree(program->fs.root);
	for (unsigned i = 0; i < HANDLES; i++)
		(void)close_handle(i);
	program_end(program);
	if (linux_side)
		linux_files_end(linux_side);
}
