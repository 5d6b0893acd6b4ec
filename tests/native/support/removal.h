/* removal.h - hf.fs.rm of a whole tree, as the coordinator's TypeScript goes about it: a few steps at a time. */
#ifndef HF_TEST_REMOVAL_H
#define HF_TEST_REMOVAL_H

#include <stdint.h>
#include <string.h>

struct hf_removal;
int hf_c_fs_remove_begin(const char *path, uint32_t size, struct hf_removal **out);
int hf_c_fs_remove_some(struct hf_removal *removal, uint32_t steps);

static inline int remove_tree(const char *path)
{
	struct hf_removal *removal;
	int result = hf_c_fs_remove_begin(path, (uint32_t)strlen(path), &removal);
	if (result == 0) {
		do
			result = hf_c_fs_remove_some(removal, 7);
		while (result == 1);
	}
	return result;
}

#endif
