/* uio.c - range checks of guests' memory, and transfers over pieces of it. */
#include "platform/uio.h"

#include <holdfast/errno.h>
#include <holdfast/layouts.h>

#include <string.h>

/* The source for copying holes. Never written, so it stays in .bss and adds nothing to the module's size. */
static char zeros[4096];

void hf_user_bind(struct hf_usermem *mem, void (*copy_in)(void *, uint32_t, uint32_t),
                  void (*copy_out)(uint32_t, const void *, uint32_t), uint32_t (*pages)(void))
{
	mem->copy_in = copy_in;
	mem->copy_out = copy_out;
	mem->pages = pages;
	hf_counter_set(&mem->known_size, 0);
}

uint64_t hf_user_size(struct hf_usermem *mem)
{
	uint64_t size = (uint64_t)mem->pages() * HF_WASM_PAGE;
	hf_counter_set(&mem->known_size, size);
	return size;
}

int hf_user_check(struct hf_usermem *mem, uint32_t address, uint64_t size)
{
	/* Neither sum can wrap: an address has 32 bits, and a size of more than 32 bits is refused. */
	if (size > UINT32_MAX)
		return -HF_EFAULT;
	if (address + size <= hf_counter_own(&mem->known_size))
		return 0;
	return address + size <= hf_user_size(mem) ? 0 : -HF_EFAULT;
}

int hf_copy_in(struct hf_usermem *mem, void *to, uint32_t from, size_t size)
{
	int err = hf_user_check(mem, from, size);
	if (err == 0 && size > 0)
		mem->copy_in(to, from, (uint32_t)size);
	return err;
}

int hf_copy_out(struct hf_usermem *mem, uint32_t to, const void *from, size_t size)
{
	int err = hf_user_check(mem, to, size);
	if (err == 0 && size > 0)
		mem->copy_out(to, from, (uint32_t)size);
	return err;
}

void hf_uio_kernel(struct hf_uio *uio, struct hf_iov *iov, void *buffer, uint32_t size)
{
	*iov = (struct hf_iov){.base = (uintptr_t)buffer, .size = size};
	*uio = (struct hf_uio){.iov = iov, .iov_left = 1, .resid = size};
}

/* Returns how many bytes can be moved at once, at most `size`; skips finished pieces. 0 when the transfer is complete. */
static uint32_t piece(struct hf_uio *uio, size_t size)
{
	while (uio->iov_left > 0 && uio->done_in_iov == uio->iov->size) {
		uio->iov++;
		uio->iov_left--;
		uio->done_in_iov = 0;
	}
	if (uio->iov_left == 0)
		return 0;
	uint64_t most = uio->iov->size - uio->done_in_iov;
	if (most > uio->resid)
		most = uio->resid;
	return (uint32_t)(most < size ? most : size);
}

static void advance(struct hf_uio *uio, uint32_t size)
{
	uio->done_in_iov += size;
	uio->resid -= size;
}

size_t hf_uio_to_user(struct hf_uio *uio, const void *buffer, size_t size)
{
	size_t done = 0;
	for (uint32_t n; done < size && (n = piece(uio, size - done)) > 0; done += n) {
		uintptr_t to = uio->iov->base + uio->done_in_iov;
		const char *from = (const char *)buffer + done;
		if (uio->mem)
			uio->mem->copy_out((uint32_t)to, from, n);
		else
			memcpy((void *)to, from, n);
		advance(uio, n);
	}
	return done;
}

size_t hf_uio_from_user(struct hf_uio *uio, void *buffer, size_t size)
{
	size_t done = 0;
	for (uint32_t n; done < size && (n = piece(uio, size - done)) > 0; done += n) {
		uintptr_t from = uio->iov->base + uio->done_in_iov;
		char *to = (char *)buffer + done;
		if (uio->mem)
			uio->mem->copy_in(to, (uint32_t)from, n);
		else
			memcpy(to, (const void *)from, n);
		advance(uio, n);
	}
	return done;
}

static void zero_guest(struct hf_usermem *mem, uint32_t to, uint32_t size)
{
	while (size > 0) {
		uint32_t n = size < sizeof zeros ? size : (uint32_t)sizeof zeros;
		mem->copy_out(to, zeros, n);
		to += n;
		size -= n;
	}
}

size_t hf_uio_zero_user(struct hf_uio *uio, size_t size)
{
	size_t done = 0;
	for (uint32_t n; done < size && (n = piece(uio, size - done)) > 0; done += n) {
		uintptr_t to = uio->iov->base + uio->done_in_iov;
		if (uio->mem)
			zero_guest(uio->mem, (uint32_t)to, n);
		else
			memset((void *)to, 0, n);
		advance(uio, n);
	}
	return done;
}
