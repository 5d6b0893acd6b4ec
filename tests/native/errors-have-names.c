/* Every error number has a name and a meaning, and the numbers are WASI's. */
#include "support/check.h"

#include <string.h>

int main(void)
{
	CHECK(strcmp(hf_errno_name(HF_EBADF), "EBADF") == 0);
	CHECK(strcmp(hf_errno_text(HF_EBADF), "Bad file descriptor") == 0);
	for (int i = 0; i <= HF_ENOTCAPABLE; i++) {
		CHECK(strcmp(hf_errno_name(i), "EUNKNOWN") != 0);
		CHECK(hf_errno_text(i)[0] != 0);
		for (int j = 0; j < i; j++)
			CHECK(strcmp(hf_errno_name(i), hf_errno_name(j)) != 0);
	}
	CHECK(strcmp(hf_errno_name(HF_ENOTCAPABLE + 1), "EUNKNOWN") == 0);
	CHECK(strcmp(hf_errno_text(-1), "Unknown error") == 0);
	/* A few from the specification, because the table is ABI. */
	CHECK_EQ(HF_E2BIG, 1);
	CHECK_EQ(HF_EINVAL, 28);
	CHECK_EQ(HF_ENOENT, 44);
	CHECK_EQ(HF_EPERM, 63);
	CHECK_EQ(HF_ENOTCAPABLE, 76);
	return done();
}
