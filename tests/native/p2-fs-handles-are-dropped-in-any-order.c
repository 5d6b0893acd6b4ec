/* A descriptor, its streams and its listings can be dropped in any order: the remaining ones still work, and the process's descriptor is closed with
 * the last. Handles that are never dropped are closed when the process ends, even if it ends in the component's realloc. */
#include "support/p2_fs.h"

static uint32_t root;

static uint32_t open_count(struct p2_program *component)
{
	return hf_fd_count(&component->program->process->fds);
}

static uint32_t handle_of(struct p2_program *component)
{
	CHECK_EQ(fs_result(component, 4), FS_OK);
	return peek_u32(component->program, P2_OUT + 4);
}

static void descriptor_first(struct p2_program *component)
{
	uint32_t before = open_count(component), dir = fs_open(component, root, "d", DIRECTORY, 0);
	hf_p2_read_directory(component->b, dir, P2_OUT);
	uint32_t listing = handle_of(component);
	fs_drop(component, dir);
	CHECK_EQ(open_count(component), before + 1);
	FS_IS(4, hf_p2_read_directory_entry(component->b, listing, P2_OUT), FS_OK);
	fs_list_is(component, 12, "f");
	hf_p2_drop(component->b, HF_P2_DIRECTORY_ENTRY_STREAM, listing);
	CHECK_EQ(open_count(component), before);
}

/* Three children and their descriptor, in each of the 24 orders. */
static void each_order(struct p2_program *component)
{
	for (unsigned order = 0; order < 24; order++) {
		uint32_t before = open_count(component);
		uint32_t file = fs_open(component, root, "d/f", 0, HF_P2_FS_READ | HF_P2_FS_WRITE);
		uint32_t handles[4] = {file},
				 types[4] = {HF_P2_DESCRIPTOR, HF_P2_INPUT_STREAM, HF_P2_OUTPUT_STREAM, HF_P2_OUTPUT_STREAM};
		hf_p2_read_via_stream(component->b, file, 0, P2_OUT);
		handles[1] = handle_of(component);
		hf_p2_write_via_stream(component->b, file, 0, P2_OUT);
		handles[2] = handle_of(component);
		hf_p2_append_via_stream(component->b, file, P2_OUT);
		handles[3] = handle_of(component);
		unsigned code = order;
		for (unsigned left = 4; left > 0; left--) {
			unsigned which = code % left;
			code /= left;
			CHECK_EQ(open_count(component), before + 1);
			hf_p2_drop(component->b, types[which], handles[which]);
			handles[which] = handles[left - 1];
			types[which] = types[left - 1];
		}
		CHECK_EQ(open_count(component), before);
	}
}

static void guest(struct p2_program *component)
{
	root = fs_preopen(component, "/");
	descriptor_first(component);
	each_order(component);
	CHECK_EQ(component->p2->handles, 1);
	/* These are left open. */
	uint32_t file = fs_open(component, root, "d/f", 0, 0);
	hf_p2_read_via_stream(component->b, file, 0, P2_OUT);
}

/* The process is ended while the component's realloc runs. */
static uint32_t killing(struct p2_program *component, uint32_t alignment, uint32_t size)
{
	(void)alignment, (void)size;
	hf_process_end(component->program->process, HF_EXIT_TRAP, HF_CODE_TRAP, "killed", 6, NULL, 0);
	return P2_HEAP;
}

static void killed_while_reading(struct p2_program *component)
{
	/* Set as if another thread could close descriptors, so that a look-up holds a reference. */
	component->program->process->fds.shared = true;
	root = fs_preopen(component, "/");
	uint32_t file = fs_open(component, root, "d/f", 0, 0);
	component->realloc = killing;
	hf_p2_descriptor_read(component->b, file, 10, 0, P2_OUT);
}

static void killed_while_reading_a_link(struct p2_program *component)
{
	component->program->process->fds.shared = true;
	root = fs_preopen(component, "/");
	component->realloc = killing;
	hf_p2_readlink_at(component->b, root, AT("link"), P2_OUT);
}

static void killed_while_listing(struct p2_program *component)
{
	component->program->process->fds.shared = true;
	hf_p2_read_directory(component->b, fs_preopen(component, "/"), P2_OUT);
	uint32_t listing = handle_of(component);
	component->realloc = killing;
	hf_p2_read_directory_entry(component->b, listing, P2_OUT);
}

static struct p2_program *begin(void)
{
	struct p2_program *component = p2_begin();
	CHECK_OK(f_mkdir(component->program->fs.root, "d"));
	CHECK_OK(f_put(component->program->fs.root, "d/f", "text"));
	CHECK_OK(f_symlink(component->program->fs.root, "d/f", "link"));
	return component;
}

int main(void)
{
	p2_must_return(begin(), guest);
	p2_must_trap(begin(), killed_while_reading, "killed");
	p2_must_trap(begin(), killed_while_reading_a_link, "killed");
	p2_must_trap(begin(), killed_while_listing, "killed");
	return done();
}
