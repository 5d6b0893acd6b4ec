/* A process, its streams and its preopens are created whole or not at all: whichever allocation fails, the errno reports it and
 * nothing is left. */
#include "platform/alloc.h"
#include "support/file_io.h"
#include "support/files.h"
#include "support/pipes.h"

static struct fs fs;

static void ignore(struct hf_work *work)
{
	(void)work;
}

static int add_pipe(struct hf_process *process)
{
	struct hf_pipe *pipe;
	struct hf_file *file;
	int result = hf_pipe_create(0, &pipe);
	if (result < 0)
		return result;
	result = hf_file_open_pipe(pipe, HF_READ, HF_FILETYPE_UNKNOWN, &file);
	hf_pipe_drop_writer(pipe);
	return result < 0 ? result : hf_fd_insert(&process->fds, file, HF_RIGHTS_ALL, 0);
}

static int add_preopen(struct hf_process *process)
{
	struct hf_file *file;
	int result = hf_file_open(hf_vnode_ref(fs.root), HF_READ, 0, &file);
	return result < 0 ? result : hf_fd_insert_preopen(&process->fds, file, "/home", 5, HF_RIGHTS_ALL, HF_RIGHTS_ALL);
}

/* 20 descriptors, so that the table grows. */
static int build(void)
{
	static char args[] = "a\0b", env[] = "C=d";
	const struct hf_strings arg_list = {2, sizeof args, args}, env_list = {1, sizeof env, env};
	struct hf_process *process;
	int result = hf_process_create(1, &arg_list, &env_list, &hf_default_limits, ignore, &process);
	if (result < 0)
		return result;
	for (int i = 0; i < 20 && result >= 0; i++)
		result = i % 2 ? add_pipe(process) : add_preopen(process);
	CHECK(result < 0 || result == 19);
	hf_process_unref(process);
	return result < 0 ? result : 0;
}

int main(void)
{
	int result = -1;
	fs = fs_begin();
	uint32_t allowed = 0;
	for (; result != 0; allowed++) {
		size_t blocks = hf_alloc_blocks(), bytes = hf_alloc_bytes();
		hf_alloc_fail_after(allowed);
		result = build();
		hf_alloc_fail_after(UINT32_MAX);
		CHECK(result == 0 || result == -HF_ENOMEM);
		CHECK_EQ(hf_alloc_blocks(), blocks);
		CHECK_EQ(hf_alloc_bytes(), bytes);
	}
	CHECK(allowed > 50);
	fs_end(&fs);
	return done();
}
