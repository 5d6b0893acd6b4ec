/* memory.c - the guest's memory: parameters and results that are not flat, and the guest's realloc. */
#include "kernel/vnode_file.h"
#include "wasi/p2/door.h"

static bool has_memory(hf_b b)
{
	return b->mem.pages;
}

int hf__p2_check_slowly(hf_b b, uint32_t address, uint64_t size, uint32_t alignment)
{
	if (address & (alignment - 1))
		return hf__p2_trap_at(b->p2, "the pointer # is not aligned", address);
	if (!has_memory(b) || hf_user_check(&b->mem, address, size) < 0)
		return hf__p2_trap_at(b->p2, "the pointer # is outside the component's memory", address);
	return 0;
}

int hf__p2_get(hf_b b, void *to, uint32_t from, uint64_t size, uint32_t alignment)
{
	int result = hf__p2_check(b, from, size, alignment);
	if (result == 0 && size > 0)
		b->mem.copy_in(to, from, (uint32_t)size);
	return result;
}

int hf__p2_put(hf_b b, uint32_t to, const void *from, uint64_t size, uint32_t alignment)
{
	int result = hf__p2_check(b, to, size, alignment);
	if (result == 0)
		hf__p2_store(b, to, from, (uint32_t)size);
	return result;
}

int hf__p2_get_list(hf_b b, uint32_t address, uint32_t count, uint32_t element_size, uint32_t alignment, uint32_t most,
                    void **out)
{
	*out = NULL;
	uint64_t size = (uint64_t)count * element_size;
	int result = hf__p2_check(b, address, size, alignment);
	if (result == 0 && count > most)
		result = hf__p2_trap_at(b->p2, "the list is too long: at most # elements are allowed", most);
	if (result < 0)
		return result;
	void *copy = hf__p2_alloc(b->p2, (size_t)size);
	if (!copy)
		return hf__p2_no_memory(b->p2);
	if (size > 0)
		b->mem.copy_in(copy, address, (uint32_t)size);
	*out = copy;
	return 0;
}

/* CanonicalABI.md, "Storing": the result must be aligned and in the memory, which may have grown. */
int hf__p2_realloc(hf_b b, uint32_t alignment, uint64_t size, uint32_t *out)
{
	struct hf_thread *thread = b->p2->thread;
	uint64_t call = hf_counter_own(&thread->call);
	if (!b->realloc)
		return hf__p2_trap(b->p2, "the import was lowered without realloc");
	if (size > INT32_MAX)
		return hf__p2_trap_at(b->p2, "a result of # bytes is too large", size);
	b->instance->may_leave = false;
	hf_door_leave(thread);
	*out = b->realloc(0, 0, alignment, (uint32_t)size);
	hf_door_enter(thread);
	b->instance->may_leave = true;
	hf_counter_set(&thread->call, call);
	if (*out & (alignment - 1))
		return hf__p2_trap_at(b->p2, "the component's realloc returned #, which is not aligned", *out);
	if (!has_memory(b) || hf_user_check(&b->mem, *out, size) < 0)
		return hf__p2_trap_at(b->p2, "the component's realloc returned #, which is outside its memory", *out);
	return 0;
}

int hf__p2_put_new(hf_b b, const void *bytes, uint64_t size, uint32_t alignment, uint32_t *out)
{
	int result = hf__p2_realloc(b, alignment, size, out);
	if (result == 0)
		hf__p2_store(b, *out, bytes, (uint32_t)size);
	return result;
}

int64_t hf__p2_left_in_file(struct hf_file *file, uint64_t offset, uint32_t most)
{
	struct hf_vnode_file *of = hf_vnode_file(file);
	if (!of || !of->vnode->ops->size)
		return -HF_ENOTSUP;
	uint64_t size = of->vnode->ops->size(of->vnode);
	uint64_t left = offset < size ? size - offset : 0;
	return (int64_t)(left < most ? left : most);
}

int hf__p2_put_file(hf_b b, uint32_t fd, uint64_t offset, uint32_t count, uint32_t *out)
{
	int result = hf__p2_realloc(b, 1, count, out);
	const struct hf_iov iov = {.base = *out, .size = count};
	struct hf_uio uio = {.mem = &b->mem, .iov = &iov, .iov_left = 1, .resid = count};
	struct hf_fd_view view;
	if (result < 0)
		return result;
	/* The descriptor is closed if the process has been ended meanwhile. */
	if (hf_fd_get_any(&b->p2->thread->process->fds, fd, &view) == 0) {
		(void)view.file->ops->pread(view.file, offset, &uio);
		hf_fd_put(&view);
	}
	(void)hf_uio_zero_user(&uio, uio.resid);
	return 0;
}

int hf__p2_put_string(hf_b b, const char *text, uint32_t size, struct hf_p2_list *out)
{
	out->count = size;
	return hf__p2_put_new(b, text, size, 1, &out->at);
}
