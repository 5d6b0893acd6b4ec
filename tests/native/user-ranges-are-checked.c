/* A guest's range is accepted only if it lies entirely in the guest's memory. */
#include "platform/uio.h"

#include "support/guest.h"

static void check_ranges(struct guest *guest)
{
	struct hf_usermem *mem = &guest->mem;
	CHECK_OK(hf_user_check(mem, 0, 0));
	CHECK_OK(hf_user_check(mem, 0, GUEST_SIZE));
	CHECK_OK(hf_user_check(mem, GUEST_SIZE - 1, 1));
	CHECK_OK(hf_user_check(mem, GUEST_SIZE, 0));
	CHECK_ERR(hf_user_check(mem, 0, GUEST_SIZE + 1), -HF_EFAULT);
	CHECK_ERR(hf_user_check(mem, GUEST_SIZE - 1, 2), -HF_EFAULT);
	CHECK_ERR(hf_user_check(mem, GUEST_SIZE, 1), -HF_EFAULT);
	CHECK_ERR(hf_user_check(mem, GUEST_SIZE + 1, 0), -HF_EFAULT);
	/* Sums that would wrap at 32 or at 64 bits. */
	CHECK_ERR(hf_user_check(mem, UINT32_MAX, 1), -HF_EFAULT);
	CHECK_ERR(hf_user_check(mem, UINT32_MAX, UINT32_MAX), -HF_EFAULT);
	CHECK_ERR(hf_user_check(mem, 1, UINT32_MAX), -HF_EFAULT);
	CHECK_ERR(hf_user_check(mem, 16, UINT64_MAX - 15), -HF_EFAULT);
	CHECK_ERR(hf_user_check(mem, 0, UINT64_C(1) << 32), -HF_EFAULT);
}

static void check_copies(struct guest *guest)
{
	char buffer[9] = "........";
	CHECK_OK(hf_copy_out(&guest->mem, GUEST_SIZE - 4, "abcd", 4));
	CHECK_BYTES(guest->memory + GUEST_SIZE - 4, "abcd", 4);
	CHECK_OK(hf_copy_in(&guest->mem, buffer, GUEST_SIZE - 3, 3));
	CHECK_BYTES(buffer, "bcd.....", 8);
	/* A range that is partly outside is not touched at all. */
	CHECK_ERR(hf_copy_in(&guest->mem, buffer, GUEST_SIZE - 3, 4), -HF_EFAULT);
	CHECK_BYTES(buffer, "bcd.....", 8);
	CHECK_ERR(hf_copy_out(&guest->mem, GUEST_SIZE - 3, "wxyz", 4), -HF_EFAULT);
	CHECK_BYTES(guest->memory + GUEST_SIZE - 4, "abcd", 4);
	CHECK_OK(hf_copy_out(&guest->mem, GUEST_SIZE, "", 0));
	CHECK_ERR(hf_copy_out(&guest->mem, GUEST_SIZE + 1, "", 0), -HF_EFAULT);
}

static void check_growing(struct guest *guest)
{
	guest->mem.known_size = (hf_counter){0};
	guest->pages = 1;
	CHECK_OK(hf_user_check(&guest->mem, 0, 65536));
	CHECK_ERR(hf_user_check(&guest->mem, 0, 65537), -HF_EFAULT);
	guest->pages = 2;
	CHECK_OK(hf_user_check(&guest->mem, 0, 65537));
	/* The largest memory there is. */
	guest->pages = 65536;
	CHECK_OK(hf_user_check(&guest->mem, 0, UINT32_MAX));
	CHECK_OK(hf_user_check(&guest->mem, UINT32_MAX, 1));
	CHECK_ERR(hf_user_check(&guest->mem, UINT32_MAX, 2), -HF_EFAULT);
}

int main(void)
{
	struct guest *guest = guest_begin();
	check_ranges(guest);
	check_copies(guest);
	check_growing(guest);
	guest_end(guest);
	return done();
}
