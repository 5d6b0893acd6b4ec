/* removal.h - hf.fs.rm of a whole tree, as the coordinator's TypeScript does it: a few steps at a time. */
#ifndef HF_TEST_REMOVAL_H
#define HF_TEST_REMOVAL_H

#include <holdfast/exports.h>
#include <string.h>

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
