/* If a descriptor, a stream or a listing cannot be created, because there is no memory or the process has too many descriptors, the call fails with
 * insufficient-memory, nothing stays open, and the next call works. */
#include "platform/alloc.h"
#include "support/p2_fs.h"

static uint32_t root, file;

static void open_file(struct p2_program *component)
{
	hf_p2_open_at(component->b, root, 0, AT("f"), 0, 0, P2_OUT);
}

static void read_stream(struct p2_program *component)
{
	hf_p2_read_via_stream(component->b, file, 0, P2_OUT);
}

static void append_stream(struct p2_program *component)
{
	hf_p2_append_via_stream(component->b, file, P2_OUT);
}

static void list(struct p2_program *component)
{
	hf_p2_read_directory(component->b, root, P2_OUT);
}

/* A read allocates memory only for many bytes, and only if the kernel does not know that they are there; so the file is empty. */
static void read_bytes(struct p2_program *component)
{
	hf_p2_descriptor_read(component->b, file, 65536, 0, P2_OUT);
}

/* Lets each allocation of the call fail in turn. */
static void fails(struct p2_program *component, void (*call)(struct p2_program *))
{
	uint32_t open = hf_fd_count(&component->program->process->fds), handles = component->p2->handles;
	int failed = 0;
	for (uint32_t successes = 0;; successes++) {
		hf_alloc_fail_after(successes);
		call(component);
		hf_alloc_fail_after(UINT32_MAX);
		if (fs_result(component, 4) == FS_OK)
			break;
		failed++;
		CHECK_EQ(fs_result(component, 4), FS_INSUFFICIENT_MEMORY);
		CHECK_EQ(hf_fd_count(&component->program->process->fds), open);
		CHECK_EQ(component->p2->handles, handles);
	}
	CHECK(failed > 0);
}

static void guest(struct p2_program *component)
{
	root = fs_preopen(component, "/");
	file = fs_open(component, root, "f", CREATE, HF_P2_FS_READ | HF_P2_FS_WRITE);
	fails(component, open_file);
	fails(component, read_stream);
	fails(component, append_stream);
	fails(component, list);
	fails(component, read_bytes);
	/* The limit of descriptors. */
	enum fs_code code;
	uint32_t last = 0;
	while ((code = fs_try_open(component, root, "f", 0, 0)) == FS_OK)
		last = peek_u32(component->program, P2_OUT + 4);
	CHECK_EQ(code, FS_INSUFFICIENT_MEMORY);
	CHECK_EQ(hf_fd_count(&component->program->process->fds), component->program->process->limits.fds);
	CHECK_EQ(fs_try_open(component, root, "new", CREATE, 0), FS_INSUFFICIENT_MEMORY);
	CHECK(!f_exists(component->program->fs.root, "new"));
	fs_drop(component, last);
	CHECK_EQ(fs_try_open(component, root, "new", CREATE, 0), FS_OK);
}

int main(void)
{
	p2_must_return(p2_begin(), guest);
	return done();
}
