/* names.h - the names in one directory: looked up by hash, listed in the order in which they were added.
 *
 * The listing's cookies number the names as they are added and are never reused, so that a reader that continues from a
 * cookie after names were added and removed sees every remaining name exactly once. Finding, adding, removing and
 * continuing from a cookie take (amortized) constant or logarithmic time, also in a directory from which most names
 * were removed, and also when an attacker chooses the names.
 *
 * The caller holds a lock. The vnodes' reference counts are not touched. */
#ifndef HF_FS_NAMES_H
#define HF_FS_NAMES_H

#include "fs/siphash.h"
#include "fs/vnode.h"

/* Cookies below this belong to "." and "..", which are not stored here. */
#define HF_NAMES_FIRST_COOKIE 2

struct hf_name {
	struct hf_vnode *vnode; /* the caller may exchange it */
	uint32_t hash;
	uint8_t size;
	char text[];
};

struct hf_names {
	const struct hf_siphash_key *key; /* immutable after init; owned by the file system */
	struct hf_name_slot *slots; /* in order of their cookies; slots of removed names stay until the next rebuild */
	uint32_t *index;            /* open addressing: 1 + a slot's position, or 0; part of the slots' block */
	uint32_t room;              /* number of slots, 0 or a power of two; the index has twice as many */
	uint32_t used;              /* slots in use, removed ones included */
	uint32_t live;              /* names */
	uint64_t next_cookie;
};

void hf__names_init(struct hf_names *names, const struct hf_siphash_key *key);
/* Returns NULL if the name does not exist. */
struct hf_name *hf__names_find(const struct hf_names *names, const char *text, size_t size);
/* The name must not exist yet. 0, or -HF_ENOSPC with nothing changed. */
HF_MUST_CHECK int hf__names_add(struct hf_names *names, const char *text, size_t size, struct hf_vnode *vnode);
/* Frees the name. Never fails. */
void hf__names_remove(struct hf_names *names, struct hf_name *name);
/* Returns the position of the first name whose cookie is at least `cookie`; valid until the next change. */
uint32_t hf__names_seek(const struct hf_names *names, uint64_t cookie);
/* Returns the first name from *position on, with its cookie, or NULL, and advances *position past it. */
struct hf_name *hf__names_next(struct hf_names *names, uint32_t *position, uint64_t *cookie);
/* Frees the table, which must be empty. */
void hf__names_free(struct hf_names *names);

#endif
