/* handles.c - tables of handles (CanonicalABI.md, "Table State" and "Resource State"). */
#include <string.h>

#include "wasi/p2/door.h"

#define FIRST_CAPACITY 16

/* ---- a table ---- */

static struct hf_p2_handle *find(struct hf_p2_instance *instance, uint32_t handle)
{
	if (handle == 0 || handle >= instance->used || instance->handles[handle].type == HF_P2_FREE)
		return NULL;
	return &instance->handles[handle];
}

/* Returns the entry of a handle of this type; NULL after a trap. */
static struct hf_p2_handle *get(struct hf_p2_instance *instance, uint32_t type, uint32_t handle)
{
	struct hf_p2_handle *entry = find(instance, handle);
	if (!entry)
		(void)hf__p2_trap_at(instance->p2, "there is no handle #", handle);
	else if (entry->type != type)
		(void)hf__p2_trap_at(instance->p2, "handle # is of another resource type", handle);
	else
		return entry;
	return NULL;
}

static bool grow(struct hf_p2_instance *instance)
{
	uint32_t capacity = instance->capacity ? instance->capacity * 2 : FIRST_CAPACITY;
	struct hf_p2_handle *handles = hf__p2_alloc(instance->p2, capacity * sizeof *handles);
	if (!handles)
		return false;
	if (instance->handles)
		memcpy(handles, instance->handles, instance->capacity * sizeof *handles);
	hf__p2_give_back(instance->handles);
	instance->handles = handles;
	instance->capacity = capacity;
	return true;
}

/* Returns the new handle, or 0 after a trap. */
static uint32_t insert(struct hf_p2_instance *instance, uint32_t type, uintptr_t rep, uint32_t scope)
{
	uint32_t handle = instance->free;
	if (instance->p2->handles >= HF_P2_HANDLES_MAX) {
		(void)hf__p2_trap_at(instance->p2, "the component has more than # handles", HF_P2_HANDLES_MAX);
		return 0;
	}
	if (handle) {
		instance->free = (uint32_t)instance->handles[handle].rep;
	} else if (instance->used < instance->capacity || grow(instance)) {
		handle = instance->used++;
	} else {
		(void)hf__p2_no_memory(instance->p2);
		return 0;
	}
	instance->p2->handles++;
	instance->borrows += scope != 0;
	instance->handles[handle] = (struct hf_p2_handle){.rep = rep, .type = type, .scope = scope};
	return handle;
}

static void take_out(struct hf_p2_instance *instance, uint32_t handle)
{
	struct hf_p2_handle *entry = &instance->handles[handle];
	instance->p2->handles--;
	instance->borrows -= entry->scope != 0;
	*entry = (struct hf_p2_handle){.rep = instance->free};
	instance->free = handle;
}

/* ---- for the bodies of WASI's functions ---- */

static struct hf_p2_object *object_of(const struct hf_p2_handle *entry)
{
	return (struct hf_p2_object *)entry->rep;
}

void *hf__p2_borrow_slowly(hf_b b, enum hf_p2_type type, uint32_t handle)
{
	struct hf_p2_handle *entry = get(b->instance, type, handle);
	return entry ? object_of(entry) : NULL;
}

/* Returns the entry of a handle that owns and is not lent; NULL after a trap. */
static struct hf_p2_handle *get_own(struct hf_p2_instance *instance, uint32_t type, uint32_t handle)
{
	struct hf_p2_handle *entry = get(instance, type, handle);
	if (entry && entry->lends > 0)
		(void)hf__p2_trap_at(instance->p2, "handle # is lent", handle);
	else if (entry && entry->scope)
		(void)hf__p2_trap_at(instance->p2, "handle # is borrowed, and cannot be given away", handle);
	else
		return entry;
	return NULL;
}

void *hf__p2_take(hf_b b, enum hf_p2_type type, uint32_t handle)
{
	struct hf_p2_handle *entry = get_own(b->instance, type, handle);
	if (!entry)
		return NULL;
	struct hf_p2_object *object = object_of(entry);
	take_out(b->instance, handle);
	return object;
}

uint32_t hf__p2_give(hf_b b, struct hf_p2_object *object)
{
	if (!object) {
		(void)hf__p2_no_memory(b->p2);
		return 0;
	}
	uint32_t handle = insert(b->instance, object->type, (uintptr_t)object, 0);
	if (!handle)
		hf__p2_unref(object);
	return handle;
}

/* ---- dropping ---- */

static uint64_t drop(struct hf_p2_instance *instance, uint32_t type, uint32_t handle)
{
	struct hf_p2_handle *entry = get(instance, type, handle);
	if (!entry)
		return 0;
	struct hf_p2_object *object = type < HF_P2_TYPE_OF_GUEST && !entry->scope ? object_of(entry) : NULL;
	uint64_t result = entry->scope ? 0 : HF_P2_DESTROY | (uint32_t)entry->rep;
	if (entry->lends > 0) {
		(void)hf__p2_trap_at(instance->p2, "handle # is lent", handle);
		return 0;
	}
	if (object && object->children > 0) {
		(void)hf__p2_trap_at(instance->p2, "the resource of handle # still has children: drop them first", handle);
		return 0;
	}
	take_out(instance, handle);
	if (!object)
		return result;
	hf__p2_unref(object);
	return 0;
}

static void sys_drop(hf_b b, uint32_t type, uint32_t handle)
{
	(void)drop(b->instance, type, handle);
}

P2_VOID_DOOR(drop, (uint32_t type, uint32_t handle), type, handle)

/* ---- for the executor ---- */

static bool may_leave(struct hf_p2_instance *instance)
{
	return instance->may_leave || hf__p2_trap(instance->p2, HF_P2_MAY_NOT_LEAVE) == 0;
}

uint32_t hf_p2_resource_new(struct hf_p2_instance *instance, uint32_t type, uint32_t rep)
{
	hf__p2_enter(instance->p2, HF_P2_CALL_resource_new);
	uint32_t handle = may_leave(instance) ? insert(instance, type, rep, 0) : 0;
	hf__p2_leave(instance->p2);
	return handle;
}

uint32_t hf_p2_resource_rep(struct hf_p2_instance *instance, uint32_t type, uint32_t handle)
{
	hf__p2_enter(instance->p2, HF_P2_CALL_resource_rep);
	struct hf_p2_handle *entry = get(instance, type, handle);
	uint32_t rep = entry ? (uint32_t)entry->rep : 0;
	hf__p2_leave(instance->p2);
	return rep;
}

uint64_t hf_p2_resource_drop(struct hf_p2_instance *instance, uint32_t type, uint32_t handle)
{
	hf__p2_enter(instance->p2, HF_P2_CALL_resource_drop);
	uint64_t result = may_leave(instance) ? drop(instance, type, handle) : 0;
	hf__p2_leave(instance->p2);
	return result;
}

uintptr_t hf_p2_lift_own(struct hf_p2_instance *instance, uint32_t type, uint32_t handle)
{
	hf__p2_enter(instance->p2, HF_P2_CALL_lift);
	struct hf_p2_handle *entry = get_own(instance, type, handle);
	uintptr_t rep = 0;
	if (entry) {
		rep = entry->rep;
		take_out(instance, handle);
	}
	hf__p2_leave(instance->p2);
	return rep;
}

uintptr_t hf_p2_lift_borrow(struct hf_p2_instance *instance, uint32_t type, uint32_t handle)
{
	hf__p2_enter(instance->p2, HF_P2_CALL_lift);
	struct hf_p2_handle *entry = get(instance, type, handle);
	uintptr_t rep = 0;
	if (entry) {
		rep = entry->rep;
		entry->lends++;
	}
	hf__p2_leave(instance->p2);
	return rep;
}

void hf_p2_end_lend(struct hf_p2_instance *instance, uint32_t handle)
{
	hf__p2_enter(instance->p2, HF_P2_CALL_lift);
	struct hf_p2_handle *entry = find(instance, handle);
	HF_ASSERT(entry && entry->lends > 0); /* a lent handle cannot be dropped */
	entry->lends--;
	hf__p2_leave(instance->p2);
}

static uint32_t lower(struct hf_p2_instance *instance, uint32_t type, uintptr_t rep, uint32_t scope)
{
	hf__p2_enter(instance->p2, HF_P2_CALL_lower);
	uint32_t handle = insert(instance, type, rep, scope);
	hf__p2_leave(instance->p2);
	return handle;
}

uint32_t hf_p2_lower_own(struct hf_p2_instance *instance, uint32_t type, uintptr_t rep)
{
	return lower(instance, type, rep, 0);
}

uint32_t hf_p2_lower_borrow(struct hf_p2_instance *instance, uint32_t type, uintptr_t rep, uint32_t scope)
{
	HF_ASSERT(scope != 0);
	return lower(instance, type, rep, scope);
}

/* Only reads the table if there are borrowed handles at all: usually there are none when a call ends. */
uint32_t hf_p2_borrows(struct hf_p2_instance *instance, uint32_t scope)
{
	uint32_t count = 0;
	for (uint32_t i = 1; i < instance->used && count < instance->borrows; i++)
		count += instance->handles[i].type != HF_P2_FREE && instance->handles[i].scope == scope;
	return count;
}

void hf_p2_release(struct hf_p2 *p2, uintptr_t rep)
{
	hf__p2_enter(p2, HF_P2_CALL_drop);
	hf__p2_unref((struct hf_p2_object *)rep);
	hf__p2_leave(p2);
}
