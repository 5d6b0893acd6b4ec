// forms: wrapped
/* Copies stdin to stdout through a 64 KiB buffer until the end of input. tests/real also sends 64 MiB through it.
 *
 * guest:
 *   stdin: "line\n" "\x00\xff"*100000 "last, without a newline"
 *   expect-stdout: "line\n" "\x00\xff"*100000 "last, without a newline"
 * guest empty:
 *   expect-stdout: ""
 * guest in-pieces:
 *   stdin: "one "
 *   stdin: wait 50ms
 *   stdin: "two "
 *   stdin: wait 50ms
 *   stdin: "three"
 *   expect-stdout: "one two three"
 */
#include "fs.h"

static uint8_t buffer[65536];

int main(void)
{
	size_t size;

	while ((size = read_some(0, buffer, sizeof buffer)) > 0) {
		size_t done = 0;
		while (done < size) {
			__wasi_ciovec_t iov = {buffer + done, size - done};
			__wasi_size_t written = 0;
			CHECK_OK(__wasi_fd_write(1, &iov, 1, &written));
			CHECK(written > 0);
			done += written;
		}
	}
	return 0;
}
