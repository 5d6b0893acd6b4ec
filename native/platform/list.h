/* list.h - an intrusive doubly linked list with a sentinel. The owner of the list says which lock protects it. */
#ifndef HF_PLATFORM_LIST_H
#define HF_PLATFORM_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct hf_link {
	struct hf_link *prev, *next;
};

#define HF_CONTAINER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#define HF_LIST_EACH(item, list)                                                         \
	for (struct hf_link *item = (list)->next, *item##_next = item->next; item != (list); \
	     item = item##_next, item##_next = item->next)

static inline void hf_list_init(struct hf_link *list)
{
	list->prev = list->next = list;
}

static inline bool hf_list_empty(const struct hf_link *list)
{
	return list->next == list;
}

static inline void hf_list_append(struct hf_link *list, struct hf_link *item)
{
	item->prev = list->prev;
	item->next = list;
	list->prev->next = item;
	list->prev = item;
}

/* Unlinks the item and makes it point at itself, so that unlinking it again does nothing. */
static inline void hf_list_remove(struct hf_link *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	item->prev = item->next = item;
}

#endif
