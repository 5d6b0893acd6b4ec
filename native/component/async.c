/* async.c - the error for components that need WASI 0.3. It names the interfaces of 0.3 that the component imports or exports. Most come after
 * the first use of an unsupported feature, so the whole component is searched for them. */
#include <string.h>

#include "component/internal.h"

/* The most names that the message lists. */
#define LISTED 8

struct list {
	char text[240];
	uint32_t size, count;
	bool more; /* there are more names than the message lists */
};

static bool is_async_interface(struct hf__name name)
{
	const char *version = name.size ? memchr(name.text, '@', name.size) : NULL;
	return version && name.size - (size_t)(version - name.text) >= 4 && memcmp(version, "@0.3", 4) == 0;
}

static void add_name(struct list *list, struct hf__name name)
{
	if (!is_async_interface(name))
		return;
	if (list->count == LISTED || list->size + 2 + name.size >= sizeof list->text) {
		list->more = true;
		return;
	}
	memcpy(list->text + list->size, ", ", 2);
	list->size += list->count > 0 ? 2 : 0;
	memcpy(list->text + list->size, name.text, name.size);
	list->size += name.size;
	list->count++;
}

static void skip_extern_type(struct hf__reader *r)
{
	uint8_t code = hf__byte(r);
	if (code == 0)
		(void)hf__byte(r);
	if (code != 3 || hf__byte(r) == 0)
		(void)hf__u32(r);
}

static void read_names(struct hf__context *cx, struct hf__reader r, uint8_t id, struct list *list)
{
	for (uint32_t left = hf__count(&r); left > 0 && !hf__failed(&r); left--) {
		struct hf__name name = hf__read_extern_name(cx, &r);
		if (!hf__failed(&r))
			add_name(list, name);
		if (id == 10) {
			skip_extern_type(&r);
			continue;
		}
		if (hf__byte(&r) == 0)
			(void)hf__byte(&r);
		(void)hf__u32(&r);
		if (hf__byte(&r) == 1)
			skip_extern_type(&r);
	}
}

/* The rest of the component may be invalid: a failure ends the search and is ignored. */
static void look(struct hf__context *cx, struct list *list)
{
	struct hf__context quiet = {.bytes = cx->bytes, .size = cx->size, .looks = true};
	struct hf__reader r = hf__range(&quiet, cx->bytes + 8, cx->bytes + cx->size);
	while (r.at != r.end) {
		uint8_t id = hf__byte(&r);
		struct hf__reader section = hf__part(&r, hf__u32(&r));
		if (id == 10 || id == 11)
			read_names(&quiet, section, id, list);
	}
}

void hf__refuse_async(struct hf__context *cx, struct hf__reader *r, const uint8_t *where, const char *what)
{
	struct list list = {.size = 0};
	if (hf__failed(r))
		return;
	if (!cx->looks)
		look(cx, &list);
	if (list.count > 0) {
		list.text[list.size] = '\0';
		hf__refuse(cx, r, where, HF_COMPONENT_UNSUPPORTED,
		           "it needs WASI 0.3, which is not supported: %s%s (it uses %s)", list.text, list.more ? ", …" : "",
		           what);
	} else {
		hf__refuse(cx, r, where, HF_COMPONENT_UNSUPPORTED, "it needs %s (as in WASI 0.3), which is not supported",
		           what);
	}
}
