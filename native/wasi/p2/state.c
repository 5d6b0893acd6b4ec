/* state.c - a process's state, its memory, and its objects. */
#include "wasi/p2/object.h"

#include "platform/alloc.h"
#include "wasi/p2/destroy.h"
#include "wasi/p2/door.h"
#include "wasi/p2/wasm.h"

/* ---- memory ---- */

/* A block of at most SMALL bytes has room for SMALL, and is kept for the next one: most objects are small, and come and go with each call. */
#define SMALL 64

struct block {
	_Alignas(16) struct hf_link link; /* in hf_p2.blocks, or hf_p2.spare */
	struct hf_p2 *p2;
	bool small;
};

static struct block *new_block(struct hf_p2 *p2, size_t size, bool zeroed)
{
	size_t whole = sizeof(struct block) + size;
	struct block *block = size > SIZE_MAX - sizeof *block ? NULL : zeroed ? hf_alloc_zeroed(whole) : hf_alloc(whole);
	if (!block)
		return NULL;
	block->p2 = p2;
	block->small = false;
	hf_list_append(&p2->blocks, &block->link);
	return block;
}

static struct block *new_small_block(struct hf_p2 *p2)
{
	struct block *block;
	if (p2->spares == 0) {
		block = new_block(p2, SMALL, true);
		if (block)
			block->small = true;
		return block;
	}
	p2->spares--;
	block = HF_CONTAINER(p2->spare.next, struct block, link);
	hf_list_remove(&block->link);
	hf_list_append(&p2->blocks, &block->link);
	uint64_t *words = (void *)(block + 1);
	for (uint32_t i = 0; i < SMALL / sizeof *words; i++)
		words[i] = 0;
	return block;
}

void *hf__p2_alloc(struct hf_p2 *p2, size_t size)
{
	struct block *block = size <= SMALL ? new_small_block(p2) : new_block(p2, size, true);
	return block ? block + 1 : NULL;
}

void hf__p2_give_back(void *memory)
{
	if (!memory)
		return;
	struct block *block = (struct block *)memory - 1;
	struct hf_p2 *p2 = block->p2;
	hf_list_remove(&block->link);
	if (block->small && p2->spares < HF__P2_SPARES) {
		p2->spares++;
		hf_list_append(&p2->spare, &block->link);
	} else {
		hf_free(block);
	}
}

void *hf__p2_buffer(struct hf_p2 *p2, size_t size)
{
	if (size <= HF_P2_BUFFER_SMALL)
		return p2->thread->path;
	struct block *block = new_block(p2, size, false);
	return block ? block + 1 : NULL;
}

void hf__p2_give_buffer_back(struct hf_p2 *p2, void *buffer)
{
	if (buffer != p2->thread->path)
		hf__p2_give_back(buffer);
}

/* ---- the state ---- */

struct hf_p2 *hf_p2_create(uint32_t http)
{
	char *block = hf_alloc_zeroed(HF__P2_STACK + sizeof(struct hf_p2));
	if (!block)
		return NULL;
	struct hf_p2 *p2 = (struct hf_p2 *)(void *)(block + HF__P2_STACK);
	hf_list_init(&p2->blocks);
	hf_list_init(&p2->spare);
	p2->http = http;
	return p2;
}

static void free_all(struct hf_link *blocks)
{
	HF_LIST_EACH(link, blocks)
	hf_free(HF_CONTAINER(link, struct block, link));
}

void hf_p2_free(struct hf_p2 *p2)
{
	if (!p2)
		return;
	free_all(&p2->blocks);
	free_all(&p2->spare);
	hf_free((char *)p2 - HF__P2_STACK);
}

void hf_p2_begin(struct hf_p2 *p2, struct hf_thread *thread)
{
	p2->thread = thread;
}

struct hf_p2_instance *hf_p2_instance(struct hf_p2 *p2)
{
	hf__p2_enter(p2, HF_P2_CALL_setup);
	struct hf_p2_instance *instance = hf__p2_alloc(p2, sizeof *instance);
	if (instance) {
		instance->p2 = p2;
		instance->may_leave = true;
		instance->used = 1;
	}
	hf__p2_leave(p2);
	return instance;
}

void hf_p2_may_leave(struct hf_p2_instance *instance, bool may_leave)
{
	instance->may_leave = may_leave;
}

struct hf_p2_binding *hf_p2_bind(struct hf_p2_instance *instance, void (*copy_in)(void *, uint32_t, uint32_t),
                                 void (*copy_out)(uint32_t, const void *, uint32_t), uint32_t (*pages)(void),
                                 hf_p2_realloc realloc)
{
	hf__p2_enter(instance->p2, HF_P2_CALL_setup);
	struct hf_p2_binding *binding = hf__p2_alloc(instance->p2, sizeof *binding);
	if (binding) {
		binding->instance = instance;
		binding->p2 = instance->p2;
		binding->realloc = realloc;
		hf_user_bind(&binding->mem, copy_in, copy_out, pages);
	}
	hf__p2_leave(instance->p2);
	return binding;
}

uint32_t hf_p2_new_type(struct hf_p2 *p2)
{
	return HF_P2_TYPE_OF_GUEST + p2->types++;
}

/* ---- objects ---- */

void *hf__p2_object(struct hf_p2 *p2, size_t size, enum hf_p2_type type, struct hf_p2_object *parent)
{
	struct hf_p2_object *object = hf__p2_alloc(p2, size);
	if (!object)
		return NULL;
	object->p2 = p2;
	object->type = type;
	object->refs = 1;
	object->parent = parent;
	if (parent) {
		parent->refs++;
		parent->children++;
	}
	return object;
}

static void destroy(struct hf_p2_object *object)
{
	switch (object->type) {
#define X(name, interface, resource, how) \
	case HF_P2_##name:                    \
		hf__p2_destroy_##how(object);     \
		break;
#include "wasi/p2/objects.def"
#undef X
	default:
		break;
	}
}

/* Releases a chain of parents in a loop, so that a long chain needs no more stack. */
void hf__p2_unref(struct hf_p2_object *object)
{
	while (object && --object->refs == 0) {
		struct hf_p2_object *parent = object->parent;
		destroy(object);
		hf__p2_give_back(object);
		if (parent)
			parent->children--;
		object = parent;
	}
}
