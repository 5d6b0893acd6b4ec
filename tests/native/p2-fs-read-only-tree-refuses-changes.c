/* Below a read-only preopen, every call that would change something fails with error-code.read-only, even through a directory that was opened there. */
#include "support/p2_fs.h"
#include "wasi/sys.h"

static void refuses(struct p2_program *component, uint32_t dir, uint32_t elsewhere)
{
	STATUS(hf_p2_create_directory_at(component->b, dir, AT("new"), P2_OUT), FS_READ_ONLY);
	STATUS(hf_p2_create_directory_at(component->b, dir, AT("f"), P2_OUT), FS_EXIST);
	STATUS(hf_p2_remove_directory_at(component->b, dir, AT("d"), P2_OUT), FS_READ_ONLY);
	STATUS(hf_p2_unlink_file_at(component->b, dir, AT("f"), P2_OUT), FS_READ_ONLY);
	STATUS(hf_p2_symlink_at(component->b, dir, TO("f"), AT("new"), P2_OUT), FS_READ_ONLY);
	STATUS(hf_p2_rename_at(component->b, dir, AT("f"), elsewhere, TO("new"), P2_OUT), FS_READ_ONLY);
	STATUS(hf_p2_rename_at(component->b, elsewhere, AT("g"), dir, TO("new"), P2_OUT), FS_READ_ONLY);
	STATUS(hf_p2_link_at(component->b, dir, 0, AT("f"), elsewhere, TO("new"), P2_OUT), FS_READ_ONLY);
	STATUS(hf_p2_link_at(component->b, elsewhere, 0, AT("g"), dir, TO("new"), P2_OUT), FS_READ_ONLY);
	STATUS(hf_p2_set_times_at(component->b, dir, 0, AT("f"), NOW, NOW, P2_OUT), FS_READ_ONLY);
	STATUS(hf_p2_set_times_at(component->b, dir, 0, AT("f"), NO_CHANGE, NO_CHANGE, P2_OUT), FS_OK);
	STATUS(hf_p2_descriptor_set_times(component->b, dir, NOW, NO_CHANGE, P2_OUT), FS_READ_ONLY);
	CHECK_EQ(fs_try_open(component, dir, "f", 0, HF_P2_FS_WRITE), FS_READ_ONLY);
	CHECK_EQ(fs_try_open(component, dir, "f", TRUNCATE, HF_P2_FS_READ), FS_READ_ONLY);
	CHECK_EQ(fs_try_open(component, dir, "f", CREATE, HF_P2_FS_READ), FS_READ_ONLY);
	CHECK_EQ(fs_try_open(component, dir, "new", CREATE, HF_P2_FS_READ), FS_READ_ONLY);
	CHECK_EQ(fs_try_open(component, dir, "d", DIRECTORY, HF_P2_FS_MUTATE), FS_READ_ONLY);
	uint32_t file = fs_open(component, dir, "f", 0, HF_P2_FS_READ);
	STATUS(hf_p2_descriptor_set_times(component->b, file, NOW, NOW, P2_OUT), FS_READ_ONLY);
	STATUS(hf_p2_descriptor_set_times(component->b, file, NO_CHANGE, NO_CHANGE, P2_OUT), FS_OK);
	STATUS(hf_p2_descriptor_set_size(component->b, file, 0, P2_OUT), FS_INVALID);
	STATUS(hf_p2_descriptor_sync(component->b, file, P2_OUT), FS_OK);
	FS_IS(4, hf_p2_descriptor_read(component->b, file, 9, 0, P2_OUT), FS_OK);
	fs_list_is(component, 4, "text");
	fs_drop(component, file);
}

static void guest(struct p2_program *component)
{
	uint32_t root = fs_preopen(component, "/"), fixed = fs_preopen(component, "fixed");
	refuses(component, fixed, root);
	refuses(component, fs_open(component, fixed, ".", DIRECTORY, HF_P2_FS_READ), root);
	/* A directory in a writable tree, opened without mutate-directory, as the preview 1 adapter opens all directories (fs.h). */
	uint32_t dir = fs_open(component, root, "t", DIRECTORY, HF_P2_FS_READ);
	STATUS(hf_p2_create_directory_at(component->b, dir, AT("new"), P2_OUT), FS_OK);
}

int main(void)
{
	struct p2_program *component = p2_begin();
	struct hf_vnode *root = component->program->fs.root;
	CHECK_OK(f_mkdir(root, "t"));
	CHECK_OK(f_mkdir(root, "t/d"));
	CHECK_OK(f_put(root, "t/f", "text"));
	CHECK_OK(f_put(root, "g", ""));
	CHECK_OK(hf_preopen(component->program->process, root, "/t", 2, "fixed", 5, true));
	p2_must_return(component, guest);
	return done();
}
