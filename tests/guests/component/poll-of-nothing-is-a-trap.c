/* wasi:io/poll: an empty list is a trap.
 *
 * guest:
 *   expect-trap: .
 */
#include "wasi2.h"

int main(void)
{
	wasip2_list_u32_t ready;
	poll_borrow_pollable_t none[1];
	poll_poll(&(poll_list_borrow_pollable_t){.ptr = none, .len = 0}, &ready);
	return 0;
}
