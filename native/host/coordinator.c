/* coordinator.c - the native coordinator: one thread that runs the kernel's work, and the file system that all guests
 * share. */
#include "host/internal.h"

#include "fs/tree.h"
#include "platform/alloc.h"
#include "platform/native.h"

static struct hf_memfs *fs;
static struct hf_vnode *root;
static pthread_t os_thread;
static hf_word doorbell; /* 0: nothing to do */
static _Atomic bool stopping;

static void ring(void *context)
{
	(void)context;
	atomic_store(&doorbell, 1);
	hf_plat_wake(&doorbell, 1);
}

static void *coordinate(void *argument)
{
	(void)argument;
	hf_lock_come_first();
	while (!atomic_load(&stopping)) {
		(void)hf_plat_wait(&doorbell, 0, HF_FOREVER);
		/* Cleared before the work is drained, because later work rings again. */
		atomic_store(&doorbell, 0);
		while (hf_work_drain() > 0)
			;
	}
	return NULL;
}

static void drop_tree(void)
{
	hf_tree_release(fs, root);
	root = NULL;
	fs = NULL;
}

int hf_host_start(uint64_t memory)
{
	hf_alloc_set_limit(memory > 0 ? memory : HF_HOST_MEMORY);
	int result = hf_tree_create(memory > 0 ? memory : HF_HOST_MEMORY, &fs, &root);
	if (result < 0)
		return result;
	atomic_store(&stopping, false);
	hf__guest_thread_init();
	hf_native_set_ring(ring, NULL);
	if (pthread_create(&os_thread, NULL, coordinate, NULL) == 0)
		return 0;
	drop_tree();
	return -HF_EAGAIN;
}

void hf_host_stop(void)
{
	atomic_store(&stopping, true);
	ring(NULL);
	pthread_join(os_thread, NULL);
	hf_native_set_ring(NULL, NULL);
	drop_tree();
}

struct hf_vnode *hf_host_root(void)
{
	return root;
}
