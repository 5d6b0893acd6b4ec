/* names.c - an insertion-ordered hash table: slots in the order of their cookies, and an index over them. */
#include "fs/names.h"

#include "platform/alloc.h"

#include <string.h>

#define ROOM_MIN 4
#define ROOM_MAX (UINT32_C(1) << 30)

struct hf_name_slot {
	uint64_t cookie;
	struct hf_name *name; /* NULL: removed */
	/* A copy of the name's hash. In a removed slot: how many slots from here on are known to be removed, at least 1. Removed slots are never reused,
	 * so this count stays valid, and no reader walks over the same gap twice. */
	uint32_t hash_or_gap;
};

void hf__names_init(struct hf_names *names, const struct hf_siphash_key *key)
{
	*names = (struct hf_names){.key = key, .next_cookie = HF_NAMES_FIRST_COOKIE};
}

static uint32_t hash_of(const struct hf_names *names, const char *text, size_t size)
{
	return (uint32_t)hf__siphash13(names->key, text, size);
}

static uint32_t index_mask(const struct hf_names *names)
{
	return 2 * names->room - 1;
}

struct hf_name *hf__names_find(const struct hf_names *names, const char *text, size_t size)
{
	if (names->live == 0)
		return NULL;
	uint32_t hash = hash_of(names, text, size), mask = index_mask(names);
	/* Terminates, because at most half of the index is in use. */
	for (uint32_t i = hash & mask; names->index[i] != 0; i = (i + 1) & mask) {
		const struct hf_name_slot *slot = &names->slots[names->index[i] - 1];
		if (slot->name && slot->hash_or_gap == hash && slot->name->size == size &&
		    memcmp(slot->name->text, text, size) == 0)
			return slot->name;
	}
	return NULL;
}

static struct hf_name_slot *slot_of(struct hf_names *names, const struct hf_name *name)
{
	uint32_t i = name->hash & index_mask(names);
	while (names->slots[names->index[i] - 1].name != name)
		i = (i + 1) & index_mask(names);
	return &names->slots[names->index[i] - 1];
}

/* Puts a name into the next slot, which must be free. */
static void append(struct hf_names *names, struct hf_name *name, uint64_t cookie)
{
	uint32_t mask = index_mask(names), i = name->hash & mask;
	while (names->index[i] != 0)
		i = (i + 1) & mask;
	names->slots[names->used] = (struct hf_name_slot){.cookie = cookie, .name = name, .hash_or_gap = name->hash};
	names->index[i] = ++names->used;
}

/* Moves the names into a table of another size without gaps. False, and nothing changed, without memory. */
static bool rebuild(struct hf_names *names, uint32_t room)
{
	uint64_t slot_bytes = (uint64_t)room * sizeof(struct hf_name_slot),
			 index_bytes = (uint64_t)room * 2 * sizeof(uint32_t);
	if (room > ROOM_MAX || slot_bytes + index_bytes > SIZE_MAX / 2)
		return false;
	char *block = hf_file_alloc((size_t)(slot_bytes + index_bytes));
	if (!block)
		return false;
	struct hf_names old = *names;
	names->slots = (struct hf_name_slot *)(void *)block;
	names->index = (uint32_t *)(void *)(block + slot_bytes);
	names->room = room;
	names->used = 0;
	memset(names->index, 0, (size_t)index_bytes);
	for (uint32_t i = 0; i < old.used; i++) {
		if (old.slots[i].name)
			append(names, old.slots[i].name, old.slots[i].cookie);
	}
	hf_free(old.slots);
	return true;
}

/* At least a quarter of the table is free after a rebuild, so its cost is shared by that many additions. */
static uint32_t comfortable_room(uint32_t live)
{
	uint32_t room = ROOM_MIN;
	while (room - room / 4 < live)
		room *= 2;
	return room;
}

int hf__names_add(struct hf_names *names, const char *text, size_t size, struct hf_vnode *vnode)
{
	HF_ASSERT(size > 0 && size <= HF_NAME_MAX);
	struct hf_name *name = hf_file_alloc(sizeof *name + size);
	if (!name)
		return -HF_ENOSPC;
	if (names->used == names->room && !rebuild(names, comfortable_room(names->live + 1))) {
		hf_free(name);
		return -HF_ENOSPC;
	}
	name->vnode = vnode;
	name->hash = hash_of(names, text, size);
	name->size = (uint8_t)size;
	memcpy(name->text, text, size);
	append(names, name, names->next_cookie++);
	names->live++;
	return 0;
}

/* Called after a removal: shrinks a table that has become too large. Without memory for a smaller table the larger one stays. */
static void shrink(struct hf_names *names)
{
	if (names->live == 0 && names->room > ROOM_MIN) {
		hf__names_free(names);
	} else if (names->live == 0) {
		names->used = 0;
		memset(names->index, 0, 2 * sizeof(uint32_t) * names->room);
	} else if (names->room > ROOM_MIN && names->live < names->room / 8) {
		(void)rebuild(names, comfortable_room(names->live));
	}
}

void hf__names_remove(struct hf_names *names, struct hf_name *name)
{
	struct hf_name_slot *slot = slot_of(names, name);
	slot->name = NULL;
	slot->hash_or_gap = 1;
	names->live--;
	hf_free(name);
	shrink(names);
}

uint32_t hf__names_seek(const struct hf_names *names, uint64_t cookie)
{
	uint32_t low = 0, high = names->used;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (names->slots[middle].cookie < cookie)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct hf_name *hf__names_next(struct hf_names *names, uint32_t *position, uint64_t *cookie)
{
	uint32_t start = *position, at = start;
	while (at < names->used && !names->slots[at].name)
		at += names->slots[at].hash_or_gap;
	if (at > start)
		names->slots[start].hash_or_gap = at - start;
	*position = at < names->used ? at + 1 : at;
	if (at == names->used)
		return NULL;
	*cookie = names->slots[at].cookie;
	return names->slots[at].name;
}

void hf__names_free(struct hf_names *names)
{
	HF_ASSERT(names->live == 0);
	hf_free(names->slots);
	names->slots = NULL;
	names->index = NULL;
	names->room = names->used = 0;
}
