/* Invalid arguments end the component with a trap, as the canonical ABI says: strings of 4 GiB, strings that are not UTF-8, pointers that lead out
 * of memory, unknown cases, handles of other types. */
#include "support/p2_fs.h"

#define TYPES "wasi:filesystem/types "
#define METHOD TYPES "[method]descriptor."

static void path_of_4_gib(struct p2_program *component)
{
	hf_p2_create_directory_at(component->b, fs_preopen(component, "/"), 1, UINT32_MAX, P2_OUT);
}

static void path_beyond_the_end(struct p2_program *component)
{
	hf_p2_stat_at(component->b, fs_preopen(component, "/"), 0, GUEST_SIZE - 1, 2, P2_OUT);
}

static void target_of_4_gib(struct p2_program *component)
{
	hf_p2_symlink_at(component->b, fs_preopen(component, "/"), 8, UINT32_MAX - 8, AT("new"), P2_OUT);
}

static void new_path_of_4_gib(struct p2_program *component)
{
	uint32_t root = fs_preopen(component, "/");
	hf_p2_rename_at(component->b, root, AT("f"), root, UINT32_MAX, UINT32_MAX, P2_OUT);
}

static void path_that_is_no_text(struct p2_program *component)
{
	hf_p2_open_at(component->b, fs_preopen(component, "/"), 0, AT("a\xc3"), 0, 0, P2_OUT);
}

/* It also traps if the call would fail for another reason. */
static void path_that_is_no_text_below_a_file(struct p2_program *component)
{
	uint32_t file = fs_open(component, fs_preopen(component, "/"), "f", CREATE, 0);
	hf_p2_unlink_file_at(component->b, file, AT("\xff"), P2_OUT);
}

static void bytes_of_4_gib(struct p2_program *component)
{
	uint32_t file = fs_open(component, fs_preopen(component, "/"), "f", CREATE, HF_P2_FS_WRITE);
	hf_p2_descriptor_write(component->b, file, 1, UINT32_MAX, 0, P2_OUT);
}

static void unknown_advice(struct p2_program *component)
{
	hf_p2_descriptor_advise(component->b, fs_preopen(component, "/"), 0, 0, 6, P2_OUT);
}

static void unknown_time(struct p2_program *component)
{
	hf_p2_descriptor_set_times(component->b, fs_preopen(component, "/"), NO_CHANGE, 3, 0, 0, P2_OUT);
}

static void result_beyond_the_end(struct p2_program *component)
{
	hf_p2_descriptor_stat(component->b, fs_preopen(component, "/"), GUEST_SIZE - 96);
}

static void result_that_is_not_aligned(struct p2_program *component)
{
	hf_p2_descriptor_stat(component->b, fs_preopen(component, "/"), P2_OUT + 4);
}

static void dropped_descriptor(struct p2_program *component)
{
	uint32_t root = fs_preopen(component, "/");
	fs_drop(component, root);
	hf_p2_descriptor_sync(component->b, root, P2_OUT);
}

static void second_directory_of_another_type(struct p2_program *component)
{
	uint32_t root = fs_preopen(component, "/"), pollable = hf_p2_subscribe_duration(component->b, 0);
	hf_p2_link_at(component->b, root, 0, AT("a"), pollable, TO("b"), P2_OUT);
}

static void listing_taken_for_a_descriptor(struct p2_program *component)
{
	hf_p2_read_directory(component->b, fs_preopen(component, "/"), P2_OUT);
	hf_p2_descriptor_sync(component->b, peek_u32(component->program, P2_OUT + 4), P2_OUT);
}

static void descriptor_taken_for_an_error(struct p2_program *component)
{
	hf_p2_filesystem_error_code(component->b, fs_preopen(component, "/"), P2_OUT);
}

static uint32_t odd(struct p2_program *component, uint32_t alignment, uint32_t size)
{
	(void)component, (void)size;
	return P2_HEAP + (alignment > 1);
}

static void preopens_at_an_odd_address(struct p2_program *component)
{
	component->realloc = odd;
	hf_p2_get_directories(component->b, P2_OUT);
}

static uint32_t at_the_end(struct p2_program *component, uint32_t alignment, uint32_t size)
{
	(void)component, (void)alignment, (void)size;
	return GUEST_SIZE - 2;
}

static void text_of_a_link_beyond_the_end(struct p2_program *component)
{
	uint32_t root = fs_preopen(component, "/");
	STATUS(hf_p2_symlink_at(component->b, root, TO("abc"), AT("link"), P2_OUT), FS_OK);
	component->realloc = at_the_end;
	hf_p2_readlink_at(component->b, root, AT("link"), P2_OUT);
}

/* A realloc that opens files. */
static uint32_t calling_back(struct p2_program *component, uint32_t alignment, uint32_t size)
{
	(void)alignment, (void)size;
	hf_p2_get_directories(component->b, P2_OUT);
	return P2_HEAP;
}

static void realloc_that_calls_back(struct p2_program *component)
{
	component->realloc = calling_back;
	hf_p2_get_directories(component->b, P2_OUT);
}

static void too_many_descriptors(struct p2_program *component)
{
	uint32_t root = fs_preopen(component, "/");
	for (;;) {
		FS_IS(4, hf_p2_read_directory(component->b, root, P2_OUT), FS_OK);
	}
}

int main(void)
{
	p2_traps(path_of_4_gib, METHOD "create-directory-at: the pointer 1 is outside the component's memory");
	p2_traps(path_beyond_the_end, METHOD "stat-at: the pointer 131071 is outside the component's memory");
	p2_traps(target_of_4_gib, METHOD "symlink-at: the pointer 8 is outside the component's memory");
	p2_traps(new_path_of_4_gib, METHOD "rename-at: the pointer 4294967295 is outside the component's memory");
	p2_traps(path_that_is_no_text, METHOD "open-at: a string is not UTF-8");
	p2_traps(path_that_is_no_text_below_a_file, METHOD "unlink-file-at: a string is not UTF-8");
	p2_traps(bytes_of_4_gib, METHOD "write: the pointer 1 is outside the component's memory");
	p2_traps(unknown_advice, METHOD "advise: an advice has no case 6");
	p2_traps(unknown_time, METHOD "set-times: a new-timestamp has no case 3");
	p2_traps(result_beyond_the_end, METHOD "stat: the pointer 130976 is outside the component's memory");
	p2_traps(result_that_is_not_aligned, METHOD "stat: the pointer 516 is not aligned");
	p2_traps(dropped_descriptor, METHOD "sync: there is no handle 1");
	p2_traps(second_directory_of_another_type, METHOD "link-at: handle 2 is of another resource type");
	p2_traps(listing_taken_for_a_descriptor, METHOD "sync: handle 2 is of another resource type");
	p2_traps(descriptor_taken_for_an_error, TYPES "filesystem-error-code: handle 1 is of another resource type");
	p2_traps(preopens_at_an_odd_address,
	         "wasi:filesystem/preopens get-directories: the component's realloc returned 65537, "
	         "which is not aligned");
	p2_traps(text_of_a_link_beyond_the_end,
	         METHOD "readlink-at: the component's realloc returned 131070, which is outside its memory");
	p2_traps(realloc_that_calls_back,
	         "wasi:filesystem/preopens get-directories: an import was called while the component "
	         "must not call any (in its realloc or post-return function)");
	p2_traps(too_many_descriptors, METHOD "read-directory: the component has more than 16384 handles");
	return done();
}
