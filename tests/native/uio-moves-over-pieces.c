/* A transfer passes through its pieces in order, in the kernel's and in a guest's memory, in steps of any size. */
#include "platform/uio.h"

#include "support/guest.h"

#include <string.h>

static void check_kernel_pieces(void)
{
	char a[3], b[5], c[1];
	struct hf_iov iov[] = {{(uintptr_t)a, 3}, {0, 0}, {(uintptr_t)b, 5}, {0, 0}, {0, 0}, {(uintptr_t)c, 1}};
	struct hf_uio uio = {.iov = iov, .iov_left = 6, .resid = 9};
	CHECK_EQ(hf_uio_to_user(&uio, "01", 2), 2);
	CHECK_EQ(hf_uio_to_user(&uio, "", 0), 0);
	CHECK_EQ(uio.resid, 7);
	CHECK_EQ(hf_uio_to_user(&uio, "2345", 4), 4);
	CHECK_EQ(hf_uio_zero_user(&uio, 1), 1);
	CHECK_EQ(hf_uio_to_user(&uio, "789", 3), 2);
	CHECK_EQ(uio.resid, 0);
	CHECK_EQ(hf_uio_to_user(&uio, "x", 1), 0);
	CHECK_BYTES(a, "012", 3);
	CHECK_BYTES(b, "345\0007", 5);
	CHECK_BYTES(c, "8", 1);

	char out[9];
	uio = (struct hf_uio){.iov = iov, .iov_left = 6, .resid = 9};
	CHECK_EQ(hf_uio_from_user(&uio, out, 4), 4);
	CHECK_EQ(hf_uio_from_user(&uio, out + 4, 100), 5);
	CHECK_BYTES(out, "012345\00078", 9);
}

/* The transfer may be shorter than its pieces; then nothing beyond it is touched. */
static void check_short_transfers(void)
{
	char a[4] = "aaaa", b[4] = "bbbb";
	struct hf_iov iov[] = {{(uintptr_t)a, 4}, {(uintptr_t)b, 4}};
	struct hf_uio uio = {.iov = iov, .iov_left = 2, .resid = 5};
	CHECK_EQ(hf_uio_to_user(&uio, "01234567", 8), 5);
	CHECK_BYTES(a, "0123", 4);
	CHECK_BYTES(b, "4bbb", 4);
	CHECK_EQ(hf_uio_zero_user(&uio, 1), 0);

	struct hf_iov one;
	hf_uio_kernel(&uio, &one, a, 4);
	CHECK_EQ(uio.resid, 4);
	CHECK_EQ(hf_uio_zero_user(&uio, 2), 2);
	CHECK_BYTES(a, "\0\00023", 4);
}

static void check_guest_pieces(void)
{
	struct guest *guest = guest_begin();
	char *memory = guest->memory, out[16];
	struct hf_iov iov[] = {{100, 4}, {GUEST_SIZE - 10, 10}, {GUEST_SIZE, 0}};
	struct hf_uio uio = {.mem = &guest->mem, .iov = iov, .iov_left = 3, .resid = 14};
	CHECK_EQ(hf_uio_to_user(&uio, "0123456789", 10), 10);
	CHECK_BYTES(memory + 99, "\0000123\0", 6);
	CHECK_BYTES(memory + GUEST_SIZE - 10, "456789\0\0\0\0", 10);
	memset(memory + GUEST_SIZE - 4, 'x', 4);
	CHECK_EQ(hf_uio_zero_user(&uio, 100), 4);
	CHECK_BYTES(memory + GUEST_SIZE - 5, "9\0\0\0\0", 5);

	uio = (struct hf_uio){.mem = &guest->mem, .iov = iov, .iov_left = 3, .resid = 14};
	CHECK_EQ(hf_uio_from_user(&uio, out, sizeof out), 14);
	CHECK_BYTES(out, "0123456789\0\0\0\0", 14);

	/* A hole larger than the block of zeros. */
	struct hf_iov all = {1, GUEST_SIZE - 2};
	memset(memory, 'x', GUEST_SIZE);
	uio = (struct hf_uio){.mem = &guest->mem, .iov = &all, .iov_left = 1, .resid = all.size};
	CHECK_EQ(hf_uio_zero_user(&uio, SIZE_MAX), all.size);
	CHECK_EQ(memory[0], 'x');
	CHECK_EQ(memory[GUEST_SIZE - 1], 'x');
	for (uint32_t i = 1; i < GUEST_SIZE - 1; i++)
		CHECK_EQ(memory[i], 0);
	guest_end(guest);
}

int main(void)
{
	check_kernel_pieces();
	check_short_transfers();
	check_guest_pieces();
	return done();
}
