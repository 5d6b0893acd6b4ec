/* path.c - the walk from a directory along a path.
 *
 * It keeps a stack of the directories that it has passed, from the base to the current one, so ".." is one step back, and never leads above the base.
 * A second stack holds the text still to be walked: the path itself, and on top of it the targets of links, each with its own position. Both stacks
 * are bounded, and are on the heap when they grow large. */
#include "fs/path.h"

#include "platform/alloc.h"

#include <string.h>

#define DIRS_INLINE 16
#define DIRS_MAX HF_PATH_MAX /* going deeper takes a path longer than HF_PATH_MAX, or very many links */

struct text {
	const char *at; /* the part still to be walked */
	size_t left;
	char *owned; /* a link's target; NULL for the path itself */
};

struct component {
	const char *name;
	size_t size;
	bool last;  /* only slashes follow it */
	bool slash; /* and at least one does */
};

struct path_walk {
	unsigned flags;
	int links;

	struct hf_vnode **dirs; /* one reference to each; dirs[0] is the base */
	uint32_t depth, room;
	struct hf_vnode *dirs_inline[DIRS_INLINE];

	struct text texts[HF_SYMLOOP_MAX + 1]; /* the innermost last */
	uint32_t text_count;
};

/* Returns the length of the UTF-8 sequence at the start of the text (Unicode 15, table 3-7), 0 if it is invalid. */
static size_t utf8_sequence(const uint8_t *text, size_t size)
{
	uint8_t first = text[0], low = 0x80, high = 0xbf;
	size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
	if (length > size)
		return 0;
	if (first == 0xe0)
		low = 0xa0; /* overlong */
	else if (first == 0xed)
		high = 0x9f; /* surrogates */
	else if (first == 0xf0)
		low = 0x90; /* overlong */
	else if (first == 0xf4)
		high = 0x8f; /* beyond U+10FFFF */
	if (length > 1 && (text[1] < low || text[1] > high))
		return 0;
	for (size_t i = 2; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

/* Are these 8 bytes ASCII without a NUL? */
static bool is_plain(const uint8_t *text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word;
	memcpy(&word, text, sizeof word);
	/* The subtraction borrows into a byte's top bit where the byte is 0 (and perhaps in bytes above that one; the slow path then checks). */
	return ((word | (word - ones)) & ones << 7) == 0;
}

int hf_path_check_text(const char *text, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)text;
	for (size_t i = 0, n; i < size; i += n) {
		if (size - i >= 8 && is_plain(bytes + i)) {
			n = 8;
			continue;
		}
		if (bytes[i] == 0)
			return -HF_EINVAL;
		n = utf8_sequence(bytes + i, size - i);
		if (n == 0)
			return -HF_EILSEQ;
	}
	return 0;
}

static bool grow_dirs(struct path_walk *walk)
{
	struct hf_vnode **dirs = hf_alloc(2 * walk->room * sizeof(struct hf_vnode *));
	if (!dirs)
		return false;
	memcpy(dirs, walk->dirs, walk->depth * sizeof *dirs);
	if (walk->dirs != walk->dirs_inline)
		hf_free(walk->dirs);
	walk->dirs = dirs;
	walk->room *= 2;
	return true;
}

/* Enters a directory and takes over the caller's reference, also on failure. */
static int enter(struct path_walk *walk, struct hf_vnode *dir)
{
	int err = 0;
	if (walk->depth == DIRS_MAX)
		err = -HF_ENAMETOOLONG;
	else if (walk->depth == walk->room && !grow_dirs(walk))
		err = -HF_ENOMEM;
	if (err)
		hf_vnode_unref(dir);
	else
		walk->dirs[walk->depth++] = dir;
	return err;
}

static struct hf_vnode *here(const struct path_walk *walk)
{
	return walk->dirs[walk->depth - 1];
}

static int go_back(struct path_walk *walk)
{
	if (walk->depth > 1)
		hf_vnode_unref(walk->dirs[--walk->depth]);
	else if (!(walk->flags & HF_PATH_ROOTED))
		return -HF_EPERM;
	return 0;
}

static void go_to_base(struct path_walk *walk)
{
	while (walk->depth > 1)
		hf_vnode_unref(walk->dirs[--walk->depth]);
}

/* Pushes text that will be walked before the rest. */
static int push_text(struct path_walk *walk, const char *text, size_t size, char *owned)
{
	if (text[0] == '/') {
		if (!(walk->flags & HF_PATH_ROOTED))
			return -HF_EPERM;
		go_to_base(walk);
	}
	walk->texts[walk->text_count++] = (struct text){.at = text, .left = size, .owned = owned};
	return 0;
}

/* Skips slashes and finished texts. */
static void skip_slashes(struct text *text)
{
	while (text->left > 0 && *text->at == '/') {
		text->at++;
		text->left--;
	}
}

/* Sets `last` and `slash` from the rest of the text. */
static void look_ahead(const struct path_walk *walk, struct component *component)
{
	component->last = true;
	component->slash = false;
	for (uint32_t i = walk->text_count; i > 0; i--) {
		struct text rest = walk->texts[i - 1];
		if (rest.left > 0)
			component->slash = true;
		skip_slashes(&rest);
		if (rest.left > 0) {
			component->last = false;
			return;
		}
	}
}

/* Gets the next component; false at the end. It points into the text on top, which stays valid until the next call. */
static bool next_component(struct path_walk *walk, struct component *out)
{
	struct text *text;
	for (;;) {
		if (walk->text_count == 0)
			return false;
		text = &walk->texts[walk->text_count - 1];
		skip_slashes(text);
		if (text->left > 0)
			break;
		hf_free(text->owned);
		walk->text_count--;
	}
	const char *slash = memchr(text->at, '/', text->left);
	out->name = text->at;
	out->size = slash ? (size_t)(slash - text->at) : text->left;
	text->at += out->size;
	text->left -= out->size;
	look_ahead(walk, out);
	return true;
}

/* Puts the link's target before the rest of the path. */
static int follow(struct path_walk *walk, struct hf_vnode *link)
{
	if (++walk->links > HF_SYMLOOP_MAX)
		return -HF_ELOOP;
	char *target = hf_alloc(HF_PATH_MAX);
	if (!target)
		return -HF_ENOMEM;
	int size = hf_vnode_readlink(link, target, HF_PATH_MAX);
	int err = size > 0 ? push_text(walk, target, (size_t)size, target) : size == 0 ? -HF_ENOENT : size;
	if (err)
		hf_free(target);
	return err;
}

static bool is_dots(const struct component *component, size_t count)
{
	return component->size == count && memcmp(component->name, "..", count) == 0;
}

/* Fills `out` when the walk has ended with a name. Takes over the reference to the vnode, which is NULL if the name does not exist. */
static int end_with_name(struct path_walk *walk, const struct component *component, struct hf_vnode *vnode,
                         struct hf_path *out)
{
	out->vnode = vnode;
	out->last = HF_PATH_NAME;
	out->must_be_dir = component->slash;
	if (walk->flags & HF_PATH_PARENT) {
		out->parent = hf_vnode_ref(here(walk));
		memcpy(out->name, component->name, component->size);
		out->name[component->size] = 0;
		out->name_size = component->size;
	} else if (component->slash && vnode->filetype != HF_FILETYPE_DIRECTORY) {
		hf_vnode_unref(vnode);
		return -HF_ENOTDIR;
	}
	return 0;
}

static bool is_followed(const struct path_walk *walk, const struct component *component)
{
	bool follow_last = walk->flags & HF_PATH_FOLLOW, parent = walk->flags & HF_PATH_PARENT;
	return !component->last || (parent ? follow_last && !component->slash : follow_last || component->slash);
}

/* Walks one name. Returns 1 if it was the last one and `out` is filled, 0 to continue, or an error. */
static int step(struct path_walk *walk, const struct component *component, struct hf_path *out)
{
	struct hf_vnode *dir = here(walk), *vnode = NULL;
	if (component->size > HF_NAME_MAX)
		return -HF_ENAMETOOLONG;
	int err = dir->ops->lookup ? dir->ops->lookup(dir, component->name, component->size, &vnode) : -HF_ENOTDIR;
	if (err == -HF_ENOENT && component->last && (walk->flags & HF_PATH_PARENT))
		vnode = NULL;
	else if (err)
		return err;
	if (vnode && vnode->filetype == HF_FILETYPE_SYMBOLIC_LINK && is_followed(walk, component)) {
		err = follow(walk, vnode);
		hf_vnode_unref(vnode);
		return err;
	}
	if (component->last) {
		err = end_with_name(walk, component, vnode, out);
		return err ? err : 1;
	}
	if (vnode->filetype != HF_FILETYPE_DIRECTORY) {
		hf_vnode_unref(vnode);
		return -HF_ENOTDIR;
	}
	return enter(walk, vnode);
}

static int walk_all(struct path_walk *walk, struct hf_path *out)
{
	struct component component;
	enum hf_path_last last = HF_PATH_BASE;
	while (next_component(walk, &component)) {
		int err = hf_told_to_stop() ? -HF_EINTR : 0; /* with links there may be 80,000 names */
		if (err)
			return err;
		if (is_dots(&component, 1)) {
			last = HF_PATH_DOT;
		} else if (is_dots(&component, 2)) {
			last = HF_PATH_DOTDOT;
			err = go_back(walk);
		} else {
			err = step(walk, &component, out);
			last = HF_PATH_BASE; /* for a link to "/" */
		}
		if (err)
			return err;
	}
	out->vnode = hf_vnode_ref(here(walk));
	out->last = last;
	out->must_be_dir = true;
	return 0;
}

static void finish(struct path_walk *walk)
{
	while (walk->depth > 0)
		hf_vnode_unref(walk->dirs[--walk->depth]);
	if (walk->dirs != walk->dirs_inline)
		hf_free(walk->dirs);
	while (walk->text_count > 0)
		hf_free(walk->texts[--walk->text_count].owned);
}

int hf_path_walk(struct hf_vnode *base, const char *path, size_t size, unsigned flags, struct hf_path *out)
{
	out->vnode = out->parent = NULL;
	out->name_size = 0;
	out->name[0] = 0;
	if (size == 0)
		return -HF_ENOENT;
	if (size > HF_PATH_MAX)
		return -HF_ENAMETOOLONG;
	int err = hf_path_check_text(path, size);
	if (err)
		return err;
	if (base->filetype != HF_FILETYPE_DIRECTORY)
		return -HF_ENOTDIR;

	struct path_walk walk;
	walk.flags = flags;
	walk.links = 0;
	walk.dirs = walk.dirs_inline;
	walk.dirs[0] = hf_vnode_ref(base);
	walk.depth = 1;
	walk.room = DIRS_INLINE;
	walk.text_count = 0;
	err = push_text(&walk, path, size, NULL);
	if (err == 0)
		err = walk_all(&walk, out);
	finish(&walk);
	return err < 0 ? err : 0;
}

void hf_path_release(struct hf_path *path)
{
	hf_vnode_unref(path->vnode);
	hf_vnode_unref(path->parent);
	path->vnode = path->parent = NULL;
}
