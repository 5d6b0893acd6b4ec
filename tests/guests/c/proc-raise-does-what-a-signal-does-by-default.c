/* proc_raise: signals whose action is "Ignored" in typenames.witx do nothing (unlike in POSIX, PIPE is one of them), others end the process with
 * code 128 + signal, and unknown ones fail with EINVAL. Signals that would stop the process do nothing, either, because nothing could resume it.
 * (Wasmtime has no signals and returns ENOTSUP.) tests/native/each-signal-has-its-action.c has all of them.
 *
 * guest ignored:
 *   args: ignored
 *   expect-stdout: "still here\n"
 * guest term:
 *   args: 15
 *   expect-killed: 143
 *   expect-stdout: "raising\n"
 * guest kill:
 *   args: 9
 *   expect-killed: 137
 *   expect-stdout: "raising\n"
 * guest abrt:
 *   args: 6
 *   expect-killed: 134
 *   expect-stdout: "raising\n"
 */
#include "fs.h"
#include "raw.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
	/* None, PIPE, CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG, WINCH. */
	static const uint32_t ignored[] = {0, 13, 16, 17, 18, 19, 20, 21, 22, 27};

	CHECK_EQ(argc, 2);
	if (strcmp(argv[1], "ignored") == 0) {
		for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
			CHECK_OK(raw_proc_raise(ignored[i]));
		CHECK_ERRNO(raw_proc_raise(31), EINVAL);
		CHECK_ERRNO(raw_proc_raise(0xffffffff), EINVAL);
		write_all(1, "still here\n", 11);
		return 0;
	}
	write_all(1, "raising\n", 8);
	raw_proc_raise((uint32_t)atoi(argv[1]));
	return 1;
}
