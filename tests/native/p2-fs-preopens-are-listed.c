/* get-directories: each call gives new handles for all preopened directories, in order, and dropping them closes nothing. */
#include "support/p2_fs.h"
#include "wasi/sys.h"

static void guest(struct p2_program *component)
{
	component->reallocs = 0;
	hf_p2_get_directories(component->b, P2_OUT);
	CHECK_EQ(component->reallocs, 3); /* the list, and two names */
	CHECK_EQ(component->last_size, 5);
	CHECK_EQ(component->last_alignment, 1);
	uint32_t at = peek_u32(component->program, P2_OUT);
	CHECK_EQ(peek_u32(component->program, P2_OUT + 4), 2);
	CHECK_EQ(at & 3, 0);
	uint32_t root = peek_u32(component->program, at), fixed = peek_u32(component->program, at + 12);
	CHECK_BYTES(component->program->guest->memory + peek_u32(component->program, at + 16), "fixed", 5);
	CHECK_EQ(fs_flags(component, root), HF_P2_FS_READ | HF_P2_FS_MUTATE);
	CHECK_EQ(fs_flags(component, fixed), HF_P2_FS_READ);
	/* A second call returns other handles, for the same directories. */
	uint32_t again = fs_preopen(component, "/");
	CHECK(again != root && again != fixed);
	CHECK_EQ(hf_p2_is_same_object(component->b, root, again), 1);
	CHECK_EQ(hf_p2_is_same_object(component->b, root, fixed), 0);
	fs_drop(component, root);
	fs_drop(component, again);
	CHECK_EQ(hf_fd_count(&component->program->process->fds), 5);
	CHECK_EQ(fs_try_open(component, fs_preopen(component, "/"), "f", 0, 0), FS_OK);
}

int main(void)
{
	struct p2_program *component = p2_begin();
	struct hf_vnode *root = component->program->fs.root;
	CHECK_OK(f_put(root, "f", ""));
	CHECK_OK(f_mkdir(root, "d"));
	CHECK_OK(hf_preopen(component->program->process, root, "/d", 2, "fixed", 5, true));
	p2_must_return(component, guest);
	return done();
}
