/* read-directory: lists all names except "." and "..", each once, even while names are added and removed, and in two listings at once. */
#include "support/p2_fs.h"

#include <stdio.h>

enum { MANY = 300 };

static uint32_t root;

static uint32_t list(struct p2_program *component, uint32_t dir)
{
	FS_IS(4, hf_p2_read_directory(component->b, dir, P2_OUT), FS_OK);
	return peek_u32(component->program, P2_OUT + 4);
}

/* Returns whether there was another entry, and stores its name and type. */
static bool next(struct p2_program *component, uint32_t listing, char name[HF_NAME_MAX + 1], uint8_t *type)
{
	component->next = P2_HEAP;
	FS_IS(4, hf_p2_read_directory_entry(component->b, listing, P2_OUT), FS_OK);
	if (!peek_u8(component->program, P2_OUT + 4))
		return false;
	*type = peek_u8(component->program, P2_OUT + 8);
	uint32_t size;
	const char *text = fs_list(component, 12, &size);
	CHECK(size <= HF_NAME_MAX);
	memcpy(name, text, size);
	name[size] = 0;
	return true;
}

static void is_next(struct p2_program *component, uint32_t listing, const char *expected, uint8_t expected_type)
{
	char name[HF_NAME_MAX + 1];
	uint8_t type;
	CHECK(next(component, listing, name, &type));
	CHECK(strcmp(name, expected) == 0);
	CHECK_EQ(type, expected_type);
}

static void is_over(struct p2_program *component, uint32_t listing)
{
	char name[HF_NAME_MAX + 1];
	uint8_t type;
	CHECK(!next(component, listing, name, &type));
	CHECK(!next(component, listing, name, &type));
}

static void of_each_kind(struct p2_program *component)
{
	uint32_t listing = list(component, root), other = list(component, root);
	is_next(component, listing, "d", 3);
	is_next(component, listing, ".hidden", 6);
	is_next(component, other, "d", 3);
	is_next(component, listing, "link", 5);
	is_over(component, listing);
	is_next(component, other, ".hidden", 6);
	is_next(component, other, "link", 5);
	is_over(component, other);
	is_over(component, list(component, fs_open(component, root, "d", DIRECTORY, 0)));
	FS_IS(4, hf_p2_read_directory(component->b, fs_open(component, root, ".hidden", 0, 0), P2_OUT), FS_NOT_DIRECTORY);
}

/* While the directory is listed, every second name is removed and others are added: each name that stays is listed once. */
static void while_names_change(struct p2_program *component)
{
	char name[HF_NAME_MAX + 1], path[32];
	uint8_t type;
	unsigned seen[MANY] = {0};
	uint32_t dir = fs_open(component, root, "d", DIRECTORY, HF_P2_FS_MUTATE), listing;
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(path, sizeof path, "name-%u", i);
		fs_drop(component, fs_open(component, dir, path, CREATE, 0));
	}
	listing = list(component, dir);
	for (unsigned i = 0; next(component, listing, name, &type); i++) {
		unsigned number;
		if (sscanf(name, "name-%u", &number) == 1)
			seen[number]++;
		if (i % 2)
			continue;
		snprintf(path, sizeof path, "name-%u", MANY - 2 - i / 2 * 2);
		hf_p2_unlink_file_at(component->b, dir, AT(path), P2_OUT);
		snprintf(path, sizeof path, "new-%u", i);
		if (i < 20)
			fs_drop(component, fs_open(component, dir, path, CREATE, 0));
	}
	for (unsigned i = 0; i < MANY; i++) {
		CHECK(seen[i] <= 1);
		snprintf(path, sizeof path, "d/name-%u", i);
		if (f_exists(component->program->fs.root, path))
			CHECK_EQ(seen[i], 1);
	}
}

/* A directory that was removed has no entries any more. */
static void of_a_removed_directory(struct p2_program *component)
{
	STATUS(hf_p2_create_directory_at(component->b, root, AT("gone"), P2_OUT), FS_OK);
	uint32_t listing = list(component, fs_open(component, root, "gone", DIRECTORY, 0));
	STATUS(hf_p2_remove_directory_at(component->b, root, AT("gone"), P2_OUT), FS_OK);
	FS_IS(4, hf_p2_read_directory_entry(component->b, listing, P2_OUT), FS_NO_ENTRY);
}

/* Names of the maximum length: three fit into a batch. */
static void of_long_names(struct p2_program *component)
{
	char name[HF_NAME_MAX + 1] = {0}, got[HF_NAME_MAX + 1];
	uint8_t type;
	STATUS(hf_p2_create_directory_at(component->b, root, AT("long"), P2_OUT), FS_OK);
	uint32_t dir = fs_open(component, root, "long", DIRECTORY, 0), listing;
	memset(name, 'n', HF_NAME_MAX);
	for (char last = 'a'; last <= 'z'; last++) {
		name[HF_NAME_MAX - 1] = last;
		fs_drop(component, fs_open(component, dir, name, CREATE, 0));
	}
	listing = list(component, dir);
	for (char last = 'a'; last <= 'z'; last++) {
		name[HF_NAME_MAX - 1] = last;
		CHECK(next(component, listing, got, &type));
		CHECK(strcmp(got, name) == 0);
	}
	is_over(component, listing);
}

static void guest(struct p2_program *component)
{
	root = fs_preopen(component, "/");
	of_each_kind(component);
	while_names_change(component);
	of_a_removed_directory(component);
	of_long_names(component);
}

int main(void)
{
	struct p2_program *component = p2_begin();
	struct hf_vnode *top = component->program->fs.root;
	CHECK_OK(f_mkdir(top, "d"));
	CHECK_OK(f_put(top, ".hidden", ""));
	CHECK_OK(f_symlink(top, "..", "link"));
	p2_must_return(component, guest);
	return done();
}
