/* memory.c - the kernel's access to the memory of the guest that the calling thread runs. */
#include "host/internal.h"

#include <string.h>

/* A guest with threads may have data races in its memory, also through system calls; these are not the kernel's faults, so ThreadSanitizer must not
 * report them. It does check the kernel's side of the copy. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HF_TSAN 1
#endif
#endif
#if defined(HF_TSAN)
void __tsan_read_range(void *address, unsigned long size);
void __tsan_write_range(void *address, unsigned long size);
__attribute__((no_sanitize("thread"))) static void move(void *to, const void *from, size_t size)
{
	/* volatile, because otherwise the compiler generates a memcpy, which ThreadSanitizer checks. */
	volatile char *target = to;
	const volatile char *source = from;
	for (size_t i = 0; i < size; i++)
		target[i] = source[i];
}
#else
#define __tsan_read_range(address, size) ((void)0)
#define __tsan_write_range(address, size) ((void)0)
static void move(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
}
#endif

static uint32_t pages(void)
{
	struct hf_guest_thread *self = hf__guest_thread_self();
	struct hf_guest *guest = self->guest;
	uint64_t count = guest->module->memory_pages(self->instance, guest->memory);
	if (count > 0)
		self->memory_base = guest->module->memory_base(self->instance, guest->memory);
	return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

/* Only called with ranges that were checked against the memory's size, so the base is known. */
static void copy_in(void *to, uint32_t from, uint32_t size)
{
	__tsan_write_range(to, size);
	move(to, hf__guest_thread_self()->memory_base + from, size);
}

static void copy_out(uint32_t to, const void *from, uint32_t size)
{
	__tsan_read_range((void *)(uintptr_t)from, size);
	move(hf__guest_thread_self()->memory_base + to, from, size);
}

void hf__guest_memory_bind(struct hf_guest_thread *thread)
{
	hf_user_bind(&thread->kernel.mem, copy_in, copy_out, pages);
}
