/* bytes.c - sparse contents: a growing head and a radix tree of chunks.
 *
 * Invariants between calls: memory beyond the size is zero, so lengthening needs no clearing. No chunk lies wholly beyond the size, except while
 * hf__bytes_fill makes room for a later size. */
#include "fs/bytes.h"

#include <holdfast/errno.h>

#include "platform/alloc.h"

#include <string.h>

#define FAN_BITS 6
#define FAN (1 << FAN_BITS)
#define HEAD_STEP 64 /* the head's size is a multiple */
#define LEVELS_MAX 8 /* 8 * 6 bits of chunk number and 16 of offset: 2^64 */

struct fork {
	void *below[FAN]; /* forks, or chunks at the lowest level; NULL: a hole */
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void hf__bytes_init(struct hf_bytes *bytes, struct hf_budget *budget)
{
	*bytes = (struct hf_bytes){.budget = budget};
}

/* The number of levels that a tree needs to reach this chunk. */
static uint32_t height_for(uint64_t chunk)
{
	uint32_t height = 1;
	while (chunk >> (FAN_BITS * height) != 0)
		height++;
	return height;
}

/* The branch to take at a level; 1 is the lowest. */
static unsigned turn(uint64_t chunk, uint32_t level)
{
	return (chunk >> (FAN_BITS * (level - 1))) & (FAN - 1);
}

static uint8_t *find_chunk(const struct hf_bytes *bytes, uint64_t chunk)
{
	if (chunk >> (FAN_BITS * bytes->height) != 0)
		return NULL;
	void *at = bytes->root;
	for (uint32_t level = bytes->height; level > 0 && at; level--)
		at = ((struct fork *)at)->below[turn(chunk, level)];
	return at;
}

/* Finds the bytes at the offset: returns how many there are up to the next boundary, and stores their address in *data (NULL for a hole). */
static uint32_t span_at(const struct hf_bytes *bytes, uint64_t offset, uint8_t **data)
{
	uint32_t within = offset % HF_CHUNK;
	if (offset < bytes->head_room) {
		*data = bytes->head + offset;
		return bytes->head_room - within;
	}
	*data = NULL;
	if (offset >= HF_CHUNK) {
		uint8_t *chunk = find_chunk(bytes, offset / HF_CHUNK);
		if (chunk)
			*data = chunk + within;
	}
	return HF_CHUNK - within;
}

void hf__bytes_read(const struct hf_bytes *bytes, uint64_t offset, uint64_t count, struct hf_uio *uio)
{
	uint64_t size = hf_counter_own(&bytes->size);
	if (offset >= size)
		return;
	uint64_t left = least(count, size - offset);
	while (left > 0) {
		uint8_t *data;
		uint32_t n = (uint32_t)least(left, span_at(bytes, offset, &data));
		if (data)
			(void)hf_uio_to_user(uio, data, n);
		else
			(void)hf_uio_zero_user(uio, n);
		offset += n;
		left -= n;
	}
}

/* Clears `data` except the bytes [from, to), which the caller overwrites. */
static void clear_around(uint8_t *data, uint32_t start, uint32_t end, uint32_t from, uint32_t to)
{
	if (from > start)
		memset(data + start, 0, from - start);
	if (to < start)
		to = start;
	if (to < end)
		memset(data + to, 0, end - to);
}

/* Grows the head to at least `need` bytes; the caller fills bytes [from, to) of it. */
static bool grow_head(struct hf_bytes *bytes, uint32_t need, uint32_t from, uint32_t to)
{
	/* First exactly the size needed (most files are written at once), then doubled. */
	uint32_t room = (need + HEAD_STEP - 1) / HEAD_STEP * HEAD_STEP;
	if (room < 2 * bytes->head_room)
		room = (uint32_t)least(2 * bytes->head_room, HF_CHUNK);
	uint32_t more = room - bytes->head_room;
	if (!hf_bytes_take(bytes->budget, more))
		return false;
	uint8_t *head = hf_file_realloc(bytes->head, room);
	if (!head) {
		hf_bytes_give_back(bytes->budget, more);
		return false;
	}
	clear_around(head, bytes->head_room, room, from, to);
	bytes->head = head;
	bytes->head_room = room;
	return true;
}

/* Forks for a new chunk, allocated before anything is changed, so that nothing has to be undone. */
struct spares {
	struct fork *forks[2 * LEVELS_MAX];
	uint32_t count;
};

static bool make_spares(struct spares *spares, uint32_t count)
{
	for (spares->count = 0; spares->count < count; spares->count++) {
		struct fork *fork = hf_file_alloc_zeroed(sizeof *fork);
		if (!fork)
			return false;
		spares->forks[spares->count] = fork;
	}
	return true;
}

static void free_spares(struct spares *spares)
{
	while (spares->count > 0)
		hf_free(spares->forks[--spares->count]);
}

/* The number of forks missing on the path to a missing chunk, in a tree that will be `height` high. */
static uint32_t missing_forks(const struct hf_bytes *bytes, uint64_t chunk, uint32_t height)
{
	if (!bytes->root)
		return height;
	uint32_t missing = height - bytes->height;
	/* If the old tree does not cover the chunk, only the topmost of the new forks is on the path to it. */
	if (chunk >> (FAN_BITS * bytes->height) != 0)
		return missing + height - 1;
	const struct fork *at = bytes->root;
	for (uint32_t level = bytes->height; level > 1; level--) {
		at = at->below[turn(chunk, level)];
		if (!at)
			return missing + level - 1;
	}
	return missing;
}

/* Inserts a chunk into the tree with forks from `spares`; unused forks stay there. */
static void hang(struct hf_bytes *bytes, uint64_t chunk, void *data, uint32_t height, struct spares *spares)
{
	for (; bytes->root && bytes->height < height; bytes->height++) {
		struct fork *fork = spares->forks[--spares->count];
		fork->below[0] = bytes->root;
		bytes->root = fork;
	}
	bytes->height = height;
	void **at = &bytes->root;
	for (uint32_t level = height; level > 0; level--) {
		if (!*at)
			*at = spares->forks[--spares->count];
		at = &((struct fork *)*at)->below[turn(chunk, level)];
	}
	*at = data;
}

/* Allocates a chunk where there was a hole; the caller fills bytes [from, to) of it, and the rest is zero. NULL without memory or budget. */
static uint8_t *make_chunk(struct hf_bytes *bytes, uint64_t chunk, uint32_t from, uint32_t to)
{
	uint32_t height = height_for(chunk);
	if (height < bytes->height)
		height = bytes->height;
	struct spares spares = {.count = 0};
	uint8_t *data = NULL;
	if (!hf_bytes_take(bytes->budget, HF_CHUNK))
		return NULL;
	if (make_spares(&spares, missing_forks(bytes, chunk, height)))
		data = hf_file_alloc(HF_CHUNK);
	if (data) {
		clear_around(data, 0, HF_CHUNK, from, to);
		hang(bytes, chunk, data, height, &spares);
	} else {
		hf_bytes_give_back(bytes->budget, HF_CHUNK);
	}
	free_spares(&spares);
	return data;
}

/* Returns memory for `count` bytes at the offset, which must not cross a chunk boundary; the caller fills it. NULL without memory or budget. */
static uint8_t *memory_at(struct hf_bytes *bytes, uint64_t offset, uint32_t count)
{
	uint32_t from = offset % HF_CHUNK, to = from + count;
	if (offset < HF_CHUNK)
		return to <= bytes->head_room || grow_head(bytes, to, from, to) ? bytes->head + from : NULL;
	uint8_t *data = find_chunk(bytes, offset / HF_CHUNK);
	if (!data)
		data = make_chunk(bytes, offset / HF_CHUNK, from, to);
	return data ? data + from : NULL;
}

int hf__bytes_write(struct hf_bytes *bytes, uint64_t offset, uint64_t count, struct hf_uio *uio)
{
	uint64_t done = 0;
	while (done < count) {
		uint32_t n = (uint32_t)least(count - done, HF_CHUNK - offset % HF_CHUNK);
		uint8_t *data = memory_at(bytes, offset, n);
		if (!data)
			break;
		size_t moved = hf_uio_from_user(uio, data, n);
		HF_ASSERT(moved == n);
		offset += n;
		done += n;
		hf__bytes_lengthen(bytes, offset);
	}
	return done == 0 && count > 0 ? -HF_ENOSPC : 0;
}

static bool is_empty(const struct fork *fork)
{
	for (int i = 0; i < FAN; i++) {
		if (fork->below[i])
			return false;
	}
	return true;
}

/* Frees the chunks from number `from` on (counted within this subtree), and the forks that become empty. Recurses at most LEVELS_MAX deep. */
static void drop_chunks(struct hf_bytes *bytes, void **at, uint32_t level, uint64_t from)
{
	if (!*at)
		return;
	if (level == 0) {
		hf_bytes_give_back(bytes->budget, HF_CHUNK);
	} else {
		uint32_t bits = FAN_BITS * (level - 1);
		for (uint64_t i = from >> bits; i < FAN; i++) {
			struct fork *fork = *at;
			uint64_t first = i << bits;
			drop_chunks(bytes, &fork->below[i], level - 1, from > first ? from - first : 0);
		}
	}
	if (from == 0 || is_empty(*at)) {
		hf_free(*at);
		*at = NULL;
	}
}

/* Frees the chunks wholly beyond `size`. */
static void drop_beyond(struct hf_bytes *bytes, uint64_t size)
{
	uint64_t chunks = size / HF_CHUNK + (size % HF_CHUNK != 0);
	if (!bytes->root || chunks >> (FAN_BITS * bytes->height) != 0)
		return;
	drop_chunks(bytes, &bytes->root, bytes->height, chunks <= 1 ? 0 : chunks);
	if (!bytes->root)
		bytes->height = 0;
}

/* Shrinks the head to what `size` needs, if there is memory to move it. */
static void shrink_head(struct hf_bytes *bytes, uint64_t size)
{
	uint32_t room = (uint32_t)least((size + HEAD_STEP - 1) / HEAD_STEP * HEAD_STEP, bytes->head_room);
	if (room == bytes->head_room)
		return;
	uint8_t *head = NULL;
	if (room == 0)
		hf_free(bytes->head);
	else if (!(head = hf_file_realloc(bytes->head, room)))
		return;
	hf_bytes_give_back(bytes->budget, bytes->head_room - room);
	bytes->head = head;
	bytes->head_room = room;
}

/* Moves the chunks from number `from` on to *rest, with forks from `spares`: one for each level on the path to the cut. Stores the forks on the path
 * in `way_down`, the lowest last, and returns how many there are. */
static uint32_t split(struct hf_bytes *bytes, uint64_t from, void **rest, struct spares *spares, void ***way_down)
{
	void **at = &bytes->root;
	uint32_t steps = 0;
	for (uint32_t level = bytes->height; level > 0 && *at; level--) {
		struct fork *fork = *at, *other = spares->forks[--spares->count];
		way_down[steps++] = at;
		unsigned way = turn(from, level);
		bool between = (from & ((UINT64_C(1) << (FAN_BITS * (level - 1))) - 1)) == 0;
		for (unsigned i = between ? way : way + 1; i < FAN; i++) {
			other->below[i] = fork->below[i];
			fork->below[i] = NULL;
		}
		*rest = other;
		if (between)
			break;
		rest = &other->below[way];
		at = &fork->below[way];
	}
	return steps;
}

/* Frees the forks that became empty: forks do not count against a limit, and a file that is repeatedly lengthened and cut would accumulate them. */
static void prune(struct hf_bytes *bytes, void ***way_down, uint32_t steps)
{
	while (steps > 0 && is_empty(*way_down[--steps])) {
		hf_free(*way_down[steps]);
		*way_down[steps] = NULL;
	}
	if (!bytes->root)
		bytes->height = 0;
}

/* Removes the chunks wholly beyond `size`: moves them to *rest, or frees them at once if there is no memory for the forks that this takes. */
static void cut_beyond(struct hf_bytes *bytes, uint64_t size, struct hf_bytes *rest)
{
	uint64_t chunks = size / HF_CHUNK + (size % HF_CHUNK != 0);
	struct spares spares = {.count = 0};
	if (!bytes->root || chunks >> (FAN_BITS * bytes->height) != 0)
		return;
	if (chunks <= 1) {
		rest->root = bytes->root;
		rest->height = bytes->height;
		bytes->root = NULL;
		bytes->height = 0;
		return;
	}
	if (make_spares(&spares, bytes->height)) {
		void **way_down[LEVELS_MAX];
		rest->height = bytes->height;
		prune(bytes, way_down, split(bytes, chunks, &rest->root, &spares, way_down));
	} else {
		drop_beyond(bytes, size);
	}
	free_spares(&spares);
}

void hf__bytes_truncate(struct hf_bytes *bytes, uint64_t size, struct hf_bytes *rest)
{
	hf__bytes_init(rest, bytes->budget);
	/* Needed even if the size stays the same: there may be memory beyond it (hf__bytes_fill). */
	uint64_t before = hf_counter_own(&bytes->size);
	if (size <= before) {
		cut_beyond(bytes, size, rest);
		if (size < HF_CHUNK)
			shrink_head(bytes, size);
		uint8_t *data;
		uint32_t n = span_at(bytes, size, &data);
		if (data)
			memset(data, 0, (size_t)least(n, before - size));
	}
	hf_counter_set(&bytes->size, size);
}

/* Ensures that the chunk at the offset has memory, up to its byte `need`. */
static bool fill_hole(struct hf_bytes *bytes, uint64_t offset, uint32_t need)
{
	if (offset < HF_CHUNK)
		return need <= bytes->head_room || grow_head(bytes, need, 0, 0);
	uint64_t chunk = offset / HF_CHUNK;
	return find_chunk(bytes, chunk) || make_chunk(bytes, chunk, 0, 0);
}

int hf__bytes_fill(struct hf_bytes *bytes, uint64_t offset, uint64_t count)
{
	uint64_t end = offset + count;
	while (offset < end) {
		uint32_t n = (uint32_t)least(end - offset, HF_CHUNK - offset % HF_CHUNK);
		if (!fill_hole(bytes, offset, offset % HF_CHUNK + n))
			return -HF_ENOSPC;
		offset += n;
	}
	return 0;
}

void hf__bytes_lengthen(struct hf_bytes *bytes, uint64_t size)
{
	if (size > hf_counter_own(&bytes->size))
		hf_counter_set(&bytes->size, size);
}

static void put(struct hf_bytes *bytes, const struct hf_bytes *contents, uint64_t size)
{
	bytes->head = contents->head;
	bytes->head_room = contents->head_room;
	bytes->height = contents->height;
	bytes->root = contents->root;
	hf_counter_set(&bytes->size, size);
}

void hf__bytes_exchange(struct hf_bytes *bytes, struct hf_bytes *other)
{
	struct hf_bytes before = *bytes;
	put(bytes, other, hf_counter_own(&other->size));
	put(other, &before, hf_counter_own(&before.size));
}

void hf__bytes_free(struct hf_bytes *bytes)
{
	hf_counter_set(&bytes->size, 0);
	drop_beyond(bytes, 0);
	shrink_head(bytes, 0);
}
