/* remove.c - removes a directory tree (hf.fs.rm). Coordinator thread only; nothing blocks, and each call takes a limited number of steps, so that the
 * event loop can run in between.
 *
 * It works with directories and names instead of paths, because a guest can nest directories deeper than a path can express. It holds references to the
 * directories on the way down, so it never leaves the tree, even if guests move directories meanwhile. */
#include <holdfast/exports.h>
#include <string.h>

#include "coordinator/root.h"
#include "fs/at.h"
#include "platform/alloc.h"

/* The directories from the top of the tree to the current one, with a reference to each. */
struct trail {
	struct hf_vnode **dirs;
	uint32_t depth, room;
};

struct first_entry {
	bool found;
	uint8_t filetype;
	uint32_t size;
	char name[HF_NAME_MAX];
};

/* Takes over the reference, even if it fails. */
static int go_down(struct trail *trail, struct hf_vnode *dir)
{
	if (trail->depth == trail->room) {
		uint32_t room = trail->room ? 2 * trail->room : 64;
		struct hf_vnode **dirs = hf_realloc(trail->dirs, room * sizeof(struct hf_vnode *));
		if (!dirs) {
			hf_vnode_unref(dir);
			return -HF_ENOMEM;
		}
		trail->dirs = dirs;
		trail->room = room;
	}
	trail->dirs[trail->depth++] = dir;
	return 0;
}

static void go_up(struct trail *trail)
{
	hf_vnode_unref(trail->dirs[--trail->depth]);
}

static bool take_first(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name,
                       uint32_t name_size)
{
	struct first_entry *first = context;
	(void)next, (void)ino;
	if (name_size <= 2 && memcmp(name, "..", name_size) == 0)
		return true;
	first->found = true;
	first->filetype = filetype;
	first->size = name_size;
	memcpy(first->name, name, name_size);
	return false;
}

/* Removes the entry, or goes down into it if it is a directory with entries. */
static int remove_entry(struct trail *trail, const struct first_entry *entry)
{
	struct hf_vnode *dir = trail->dirs[trail->depth - 1], *child;
	if (entry->filetype != HF_FILETYPE_DIRECTORY)
		return dir->ops->unlink(dir, entry->name, entry->size);
	int result = dir->ops->rmdir(dir, entry->name, entry->size);
	if (result != -HF_ENOTEMPTY)
		return result;
	result = dir->ops->lookup(dir, entry->name, entry->size, &child);
	if (result < 0)
		return result;
	if (child->filetype == HF_FILETYPE_DIRECTORY)
		return go_down(trail, child);
	hf_vnode_unref(child);
	return 0;
}

/* One step: removes an entry of the innermost directory or goes down into it, or goes up if the directory is empty. */
static int step_through(struct trail *trail)
{
	struct hf_vnode *dir = trail->dirs[trail->depth - 1];
	struct first_entry first = {.found = false};
	int result = dir->ops->readdir(dir, 0, take_first, &first);
	if (result == -HF_ENOENT || (result == 0 && !first.found)) {
		go_up(trail);
		return 0;
	}
	if (result == 0)
		result = remove_entry(trail, &first);
	/* A guest has just removed or replaced the entry: try again. */
	return result == -HF_ENOENT || result == -HF_EISDIR || result == -HF_ENOTDIR ? 0 : result;
}

struct hf_removal {
	struct hf_path at; /* the directory, whose own name is removed last */
	struct trail trail;
	uint64_t steps; /* how many more it may take */
};

static int find_tree(const char *path, uint32_t size, struct hf_path *at)
{
	int result = hf_path_walk(hf_root_vnode(), path, size, HF_PATH_PARENT | HF_PATH_ROOTED, at);
	if (result < 0)
		return result;
	if (!at->parent)
		result = -HF_EBUSY;
	else if (!at->vnode)
		result = -HF_ENOENT;
	else if (at->vnode->filetype != HF_FILETYPE_DIRECTORY)
		result = -HF_ENOTDIR;
	if (result < 0)
		hf_path_release(at);
	return result;
}

static void end_removal(struct hf_removal *removal)
{
	while (removal->trail.depth > 0)
		go_up(&removal->trail);
	hf_free(removal->trail.dirs);
	hf_path_release(&removal->at);
	hf_free(removal);
}

/* Starts to remove the directory at the path and everything below it. Returns 0 and sets *out, for hf_c_fs_remove_some; or returns a negated errno. */
int hf_c_fs_remove_begin(const char *path, uint32_t size, struct hf_removal **out)
{
	struct hf_removal *removal = hf_alloc_zeroed(sizeof *removal);
	if (!removal)
		return -HF_ENOMEM;
	int result = find_tree(path, size, &removal->at);
	if (result < 0) {
		hf_free(removal);
		return result;
	}
	/* Each name takes at most three steps. More are needed only if guests keep adding names, and then the removal fails. */
	removal->steps = 3 * (uint64_t)hf_memfs_usage(hf_root_fs()).nodes;
	result = go_down(&removal->trail, hf_vnode_ref(removal->at.vnode));
	if (result < 0)
		end_removal(removal);
	else
		*out = removal;
	return result;
}

/* Takes up to `steps` steps. Returns 1 if there is more to do. Otherwise the removal is over: returns 0 or a negated errno, -ENOTEMPTY if guests kept adding
 * names. Files removed before a failure stay removed. */
int hf_c_fs_remove_some(struct hf_removal *removal, uint32_t steps)
{
	int result = 0;
	while (result == 0 && removal->trail.depth > 0) {
		if (steps-- == 0)
			return 1;
		result = removal->steps-- > 0 ? step_through(&removal->trail) : -HF_ENOTEMPTY;
	}
	if (result == 0)
		result = hf_at_rmdir(&removal->at);
	end_removal(removal);
	return result;
}
