/* A stream over a file whose operations sleep: its pollable is ready without asking the file's service, and reads, writes and stat wait for the answer. */
#include "kernel/vnode_file.h"
#include "support/p2_fs.h"
#include "support/sleepy.h"
#include "wasi/sys.h"

enum { COMPONENT, SERVICE, THREADS };

static struct hf_vnode *vnode;

static uint32_t handle(struct p2_program *component)
{
	CHECK_EQ(fs_result(component, 4), FS_OK);
	return peek_u32(component->program, P2_OUT + 4);
}

static void guest(struct p2_program *component)
{
	hf_b b = component->b;
	struct hf_file *opened;
	uint32_t file;
	CHECK_OK(hf_file_open(vnode, HF_READ | HF_WRITE, 0, &opened));
	int fd = hf_fd_insert(&component->program->process->fds, opened, hf__rights_of(opened), 0);
	CHECK(fd >= 0);
	CHECK_OK(hf__p2_give_descriptor(b, (uint32_t)fd, false, HF_P2_FS_READ | HF_P2_FS_WRITE, &file));
	hf_p2_read_via_stream(b, file, 5, P2_OUT);
	uint32_t in = handle(component);
	hf_p2_write_via_stream(b, file, 0, P2_OUT);
	uint32_t out = handle(component);
	/* The service has not been asked for anything yet: it would have failed. */
	uint32_t readable = hf_p2_input_stream_subscribe(b, in), writable = hf_p2_output_stream_subscribe(b, out);
	CHECK_EQ(hf_p2_pollable_ready(b, readable), 1);
	CHECK_EQ(hf_p2_pollable_ready(b, writable), 1);
	hf_p2_pollable_block(b, readable);
	CHECK_EQ(sleepy_service.count, 0);
	FS_IS(4, hf_p2_descriptor_read(b, file, 2, 7, P2_OUT), FS_OK);
	fs_list_is(component, 4, "\7\10");
	FS_IS(8, hf_p2_descriptor_write(b, file, AT("xyz"), 0, P2_OUT), FS_OK);
	CHECK_EQ(peek_u64(component->program, P2_OUT + 8), 3);
	FS_IS(8, hf_p2_descriptor_stat(b, file, P2_OUT), FS_OK);
	CHECK_EQ(peek_u64(component->program, P2_OUT + 24), 99);
}

static void serve(void)
{
	struct hf_thread *self = thread_begin();
	sleepy_answer(sleepy_next(self, SLEEPY_READ), 2);
	sleepy_answer(sleepy_next(self, SLEEPY_WRITE), 3);
	sleepy_answer(sleepy_next(self, SLEEPY_GETATTR), 99);
	/* The component drops nothing: the end of its process closes the file. */
	sleepy_answer(sleepy_next(self, SLEEPY_CLOSE), 0);
	thread_end(self);
}

static void in_scene(void *context, unsigned number)
{
	(void)context;
	if (number == SERVICE)
		serve();
	else
		p2_must_return(p2_begin(), guest);
}

int main(void)
{
	hf_request_queue_init(&sleepy_service, 4);
	vnode = sleepy_begin();
	in_threads(THREADS, in_scene, NULL);
	return done();
}
