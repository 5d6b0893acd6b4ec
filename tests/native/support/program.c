#include "support/program.h"

#include "platform/native.h"
#include "wasi/sys.h"

#include <stdlib.h>
#include <string.h>

static void count_end(struct hf_work *work)
{
	struct hf_process *process = HF_CONTAINER(work, struct hf_process, ended);
	((struct program *)process->owner)->told++;
}

static void add_stream(struct program *program, unsigned fd)
{
	struct hf_pipe *pipe;
	struct hf_file *file;
	enum hf_access access = fd == 0 ? HF_READ : HF_WRITE;
	CHECK_OK(hf_pipe_create(HF_PIPE_SIZE, &pipe));
	program->streams[fd] = pipe;
	CHECK_OK(hf_file_open_pipe(pipe, access, HF_FILETYPE_UNKNOWN, &file));
	uint64_t rights = HF_RIGHTS_STREAM & ~(fd == 0 ? HF_RIGHT_FD_WRITE : HF_RIGHT_FD_READ);
	CHECK_EQ(hf_fd_insert(&program->process->fds, file, rights, 0), fd);
}

struct program *program_begin(void)
{
	static char args[] = "prog\0one\0two words", env[] = "A=1\0B=";
	const struct hf_strings arg_list = {3, sizeof args, args}, env_list = {2, sizeof env, env};
	struct program *program = calloc(1, sizeof *program);
	struct hf_file *root;
	CHECK(program);
	program->guest = guest_begin();
	program->fs = fs_begin();
	CHECK_OK(hf_process_create(7, &arg_list, &env_list, &hf_default_limits, count_end, &program->process));
	program->process->owner = program;
	for (unsigned fd = 0; fd < 3; fd++)
		add_stream(program, fd);
	CHECK_OK(hf_file_open(hf_vnode_ref(program->fs.root), HF_READ, 0, &root));
	CHECK_EQ(hf_fd_insert_preopen(&program->process->fds, root, "/", 1, hf__rights_of(root), HF_RIGHTS_ALL), 3);
	program->thread = calloc(1, sizeof *program->thread);
	CHECK(program->thread);
	CHECK_OK(hf_process_add_thread(program->process, program->thread, 1));
	program->thread->mem = program->guest->mem;
	hf_thread_become(program->thread);
	return program;
}

static void leave(struct program *program)
{
	hf_door_return(program->thread);
	hf_process_end(program->process, HF_EXIT_EXIT, 0, NULL, 0, NULL, 0);
	hf_process_thread_gone(program->thread);
	hf_thread_become(NULL);
	free(program->thread);
	program->thread = NULL;
}

bool program_run(struct program *program, void (*guest)(void *), void *context)
{
	bool unwound = hf_native_enter(guest, context);
	leave(program);
	return unwound;
}

void program_close(struct program *program, unsigned fd)
{
	struct hf_pipe *pipe = program->streams[fd];
	program->streams[fd] = NULL;
	if (pipe && fd == 0)
		hf_pipe_drop_writer(pipe);
	else if (pipe)
		hf_pipe_drop_reader(pipe);
}

void program_end(struct program *program)
{
	if (program->thread)
		leave(program);
	(void)hf_work_drain();
	for (unsigned fd = 0; fd < 3; fd++)
		program_close(program, fd);
	hf_process_unref(program->process);
	fs_end(&program->fs);
	guest_end(program->guest);
	free(program);
}

uint32_t program_feed(struct program *program, const void *bytes, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, (void *)(uintptr_t)bytes, size);
	int result = hf_pipe_try_put(program->streams[0], &uio, NULL);
	CHECK(result == 0 || result == -HF_EAGAIN || result == -HF_EPIPE);
	return size - (uint32_t)uio.resid;
}

uint32_t program_take(struct program *program, unsigned fd, void *bytes, uint32_t size)
{
	struct hf_iov iov;
	struct hf_uio uio;
	hf_uio_kernel(&uio, &iov, bytes, size);
	int result = hf_pipe_try_read(program->streams[fd], &uio, NULL);
	CHECK(result == 0 || result == -HF_EAGAIN);
	return size - (uint32_t)uio.resid;
}

void poke(struct program *program, uint32_t address, const void *bytes, uint32_t size)
{
	CHECK((uint64_t)address + size <= GUEST_SIZE);
	memcpy(program->guest->memory + address, bytes, size);
}

void poke_u32(struct program *program, uint32_t address, uint32_t value)
{
	poke(program, address, &value, 4);
}

uint32_t poke_text(struct program *program, uint32_t address, const char *text)
{
	poke(program, address, text, (uint32_t)strlen(text));
	return (uint32_t)strlen(text);
}

void poke_iov(struct program *program, uint32_t address, uint32_t buffer, uint32_t size)
{
	poke_u32(program, address, buffer);
	poke_u32(program, address + 4, size);
}

uint32_t peek_u32(struct program *program, uint32_t address)
{
	uint32_t value;
	CHECK((uint64_t)address + 4 <= GUEST_SIZE);
	memcpy(&value, program->guest->memory + address, 4);
	return value;
}

uint64_t peek_u64(struct program *program, uint32_t address)
{
	uint64_t value;
	CHECK((uint64_t)address + 8 <= GUEST_SIZE);
	memcpy(&value, program->guest->memory + address, 8);
	return value;
}

uint32_t open_path(struct program *program, const char *path, uint32_t oflags, uint64_t rights, uint32_t fdflags)
{
	uint32_t size = poke_text(program, 1024, path);
	CHECK_ERR(hf_p1_path_open(3, 0, 1024, size, oflags, rights, HF_RIGHTS_ALL, fdflags, 1020), 0);
	return peek_u32(program, 1020);
}
