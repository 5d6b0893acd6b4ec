#include "support/sleepy.h"

#include <string.h>

#include "kernel/sleeping_file.h"
#include "platform/alloc.h"

struct hf_request_queue sleepy_service;

struct sleepy {
	struct hf_vnode vnode;
	struct parcel *closing; /* made with the vnode, so that closing cannot fail */
};

/* Returns the number of bytes, or -HF_EINTR. */
static int ask(enum sleepy_call call)
{
	struct parcel *parcel = parcel_begin(call, true);
	CHECK(hf_self); /* the coordinator never comes here */
	int result = hf_request_queue_ask(&sleepy_service, &parcel->request, hf_self, HF_FOREVER);
	if (result < 0)
		return result;
	result = (int)parcel->results;
	parcel_end(parcel);
	return result;
}

static int sleepy_read(struct hf_vnode *vnode, uint64_t offset, struct hf_uio *uio)
{
	(void)vnode;
	int count = ask(SLEEPY_READ);
	for (int i = 0; i < count; i++) {
		uint8_t byte = (uint8_t)(offset + (unsigned)i);
		(void)hf_uio_to_user(uio, &byte, 1);
	}
	return count < 0 ? count : 0;
}

static int sleepy_write(struct hf_vnode *vnode, uint64_t offset, bool append, struct hf_uio *uio, uint64_t *end)
{
	(void)vnode, (void)append;
	int count = ask(SLEEPY_WRITE);
	for (int i = 0; i < count; i++) {
		uint8_t byte;
		(void)hf_uio_from_user(uio, &byte, 1);
	}
	*end = offset + (count < 0 ? 0 : (unsigned)count);
	return count < 0 ? count : 0;
}

static int sleepy_getattr(struct hf_vnode *vnode, struct hf_attr *out)
{
	memset(out, 0, sizeof *out);
	out->filetype = vnode->filetype;
	int result = ask(SLEEPY_GETATTR);
	out->size = result < 0 ? 0 : (uint64_t)result;
	return result < 0 ? result : 0;
}

static int sleepy_set_times(struct hf_vnode *vnode, const uint64_t *atim, const uint64_t *mtim)
{
	(void)vnode, (void)atim, (void)mtim;
	return 0;
}

static void sleepy_destroy(struct hf_vnode *vnode)
{
	struct sleepy *sleepy = HF_CONTAINER(vnode, struct sleepy, vnode);
	CHECK_OK(hf_request_queue_add(&sleepy_service, &sleepy->closing->request, NULL, NULL));
	hf_free(sleepy);
}

static const struct hf_vnode_ops ops = {
	.read = sleepy_read,
	.write = sleepy_write,
	.getattr = sleepy_getattr,
	.set_times = sleepy_set_times,
	.destroy = sleepy_destroy,
	.open = hf_sleeping_file_open,
};

struct hf_vnode *sleepy_begin(void)
{
	struct sleepy *sleepy = hf_alloc_zeroed(sizeof *sleepy);
	CHECK(sleepy);
	atomic_init(&sleepy->vnode.refs, 1);
	sleepy->vnode.ops = &ops;
	sleepy->vnode.filetype = HF_FILETYPE_REGULAR_FILE;
	sleepy->closing = parcel_begin(SLEEPY_CLOSE, true);
	return &sleepy->vnode;
}

struct parcel *sleepy_next(struct hf_thread *thread, enum sleepy_call call)
{
	struct hf_queued_request *request;
	CHECK_OK(hf_request_queue_next(&sleepy_service, thread, HF_FOREVER, &request));
	CHECK_EQ(parcel_of(request)->asks, call);
	return parcel_of(request);
}

void sleepy_answer(struct parcel *parcel, uint32_t bytes)
{
	parcel->results = bytes;
	hf_request_queue_answer(&parcel->request, 0);
}
