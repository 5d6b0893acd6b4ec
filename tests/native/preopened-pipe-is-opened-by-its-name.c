/* An end of a pipe that is preopened is found by its name, and opened as "." below it: each open creates its own description of the same end,
 * which is closed with the last of them. Nothing else exists below it, and it cannot be opened for an operation that the end does not support. */
#include "platform/alloc.h"
#include "support/program.h"
#include "wasi/sys.h"

#include <string.h>

enum { OUT = 64, PATH = 128, IOVS = 256, BYTES = 512, IN = 4, OUTPUT = 5 };

static struct program *program;
static struct hf_pipe *pipe;

static void preopen(enum hf_access end, const char *name, int32_t expected)
{
	struct hf_file *file;
	hf_pipe_hold_end(pipe, end);
	CHECK_OK(hf_file_open_pipe(pipe, end, HF_FILETYPE_UNKNOWN, &file));
	uint64_t rights = hf__rights_of(file) & ~(end == HF_READ ? HF_RIGHT_FD_WRITE : HF_RIGHT_FD_READ);
	CHECK_EQ(hf_fd_insert_preopen(&program->process->fds, file, name, (uint32_t)strlen(name), rights, rights),
	         expected);
}

static uint32_t open_at(uint32_t fd, const char *path, uint32_t oflags, uint64_t rights, uint32_t fdflags)
{
	uint32_t size = poke_text(program, PATH, path);
	return hf_p1_path_open(fd, 0, PATH, size, oflags, rights, 0, fdflags, OUT);
}

static void what_can_be_opened(void)
{
	CHECK_ERR(open_at(IN, "x", 0, HF_RIGHT_FD_READ, 0), HF_ENOTDIR);
	CHECK_ERR(open_at(IN, "..", 0, HF_RIGHT_FD_READ, 0), HF_ENOTDIR);
	CHECK_ERR(open_at(IN, "", 0, HF_RIGHT_FD_READ, 0), HF_ENOTDIR);
	CHECK_ERR(open_at(IN, ".", HF_OFLAG_DIRECTORY, HF_RIGHT_FD_READ, 0), HF_ENOTDIR);
	CHECK_ERR(open_at(IN, ".", HF_OFLAG_CREAT | HF_OFLAG_EXCL, HF_RIGHT_FD_READ, 0), HF_EEXIST);
	CHECK_ERR(open_at(IN, ".", 0, HF_RIGHT_FD_WRITE, 0), HF_EACCES);
	CHECK_ERR(open_at(OUTPUT, ".", 0, HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE, 0), HF_EACCES);
	CHECK_ERR(open_at(0, ".", 0, HF_RIGHT_FD_READ, 0), HF_ENOTDIR); /* a stream, but no preopen */
	CHECK_ERR(hf_p1_path_open(IN, 0, UINT32_MAX, 8, 0, HF_RIGHT_FD_READ, 0, 0, OUT), HF_EFAULT);
	CHECK_ERR(hf_p1_path_open(IN, 0, PATH, HF_PATH_MAX + 1, 0, HF_RIGHT_FD_READ, 0, 0, OUT), HF_ENAMETOOLONG);
	CHECK_EQ(hf_fd_count(&program->process->fds), 6);
}

int main(void)
{
	program = program_begin();
	CHECK_OK(hf_pipe_create_channel(4, 100, &pipe));
	preopen(HF_READ, "/dev/in", IN);
	preopen(HF_WRITE, "/dev/out", OUTPUT);
	hf_pipe_drop_reader(pipe);
	hf_pipe_drop_writer(pipe);
	CHECK_ERR(hf_p1_fd_prestat_get(IN, OUT), 0);
	CHECK_EQ(peek_u32(program, OUT), 0); /* for libc it is a directory */
	CHECK_EQ(peek_u32(program, OUT + 4), 7);
	CHECK_ERR(hf_p1_fd_prestat_dir_name(IN, BYTES, 7), 0);
	CHECK(memcmp(program->guest->memory + BYTES, "/dev/in", 7) == 0);
	what_can_be_opened();

	/* As open("/dev/out", O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK) calls it. */
	CHECK_ERR(open_at(OUTPUT, ".", HF_OFLAG_CREAT | HF_OFLAG_TRUNC, HF_RIGHT_FD_WRITE, HF_FDFLAG_NONBLOCK), 0);
	CHECK_EQ(peek_u32(program, OUT), 6);
	CHECK_ERR(open_at(IN, ".", 0, HF_RIGHTS_ALL & ~HF_RIGHT_FD_WRITE, 0), 0);
	CHECK_EQ(peek_u32(program, OUT), 7);
	poke_iov(program, IOVS, BYTES, 100);
	poke_iov(program, IOVS + 8, BYTES, 101);
	CHECK_ERR(hf_p1_fd_write(6, IOVS, 1, OUT), 0);
	CHECK_ERR(hf_p1_fd_write(6, IOVS, 1, OUT), HF_EAGAIN);
	CHECK_ERR(hf_p1_fd_write(6, IOVS + 8, 1, OUT), HF_EMSGSIZE);
	CHECK_ERR(hf_p1_fd_fdstat_get(OUTPUT, OUT), 0);
	CHECK_EQ(peek_u32(program, OUT) >> 16, 0); /* the preopen still blocks */
	CHECK_ERR(hf_p1_fd_read(7, IOVS, 1, OUT), 0);
	CHECK_EQ(peek_u32(program, OUT), 100);

	CHECK_ERR(hf_p1_fd_close(OUTPUT), 0);
	CHECK_ERR(hf_p1_fd_fdstat_set_flags(7, HF_FDFLAG_NONBLOCK), 0);
	CHECK_ERR(hf_p1_fd_read(7, IOVS, 1, OUT), HF_EAGAIN);
	CHECK_ERR(hf_p1_fd_close(6), 0);
	CHECK_ERR(hf_p1_fd_read(7, IOVS, 1, OUT), 0);
	CHECK_EQ(peek_u32(program, OUT), 0);

	hf_alloc_fail_after(0);
	CHECK_ERR(open_at(IN, ".", 0, HF_RIGHT_FD_READ, 0), HF_ENOMEM);
	hf_alloc_fail_after(UINT32_MAX);
	program_end(program);
	return done();
}
