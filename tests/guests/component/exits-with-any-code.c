// wit: exits-with-any-code.wit
/* wasi:cli/exit: exit-with-code passes any code on.
 *
 * guest zero:
 *   args: 0
 * guest seven:
 *   args: 7
 *   expect-exit: 7
 * guest most:
 *   args: 255
 *   expect-exit: 255
 */
#include "wasi2.h"

__attribute__((import_module("wasi:cli/exit@0.2.12"), import_name("exit-with-code"))) void exit_with_code(int32_t code);

int main(int argc, char **argv)
{
	CHECK_EQ(argc, 2);
	exit_with_code(atoi(argv[1]));
	return 1;
}
