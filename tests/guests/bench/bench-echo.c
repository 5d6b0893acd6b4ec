/* Sends back whatever arrives on stdin, as it arrives: for measuring the round trip of a byte and the throughput of many. Not a test: it has no
 * "guest" header. */
#include "../c/fs.h"

static uint8_t buffer[65536];

int main(void)
{
	for (size_t size; (size = read_some(0, buffer, sizeof buffer)) > 0;)
		for (size_t done = 0; done < size;) {
			__wasi_ciovec_t iov = {buffer + done, size - done};
			__wasi_size_t written = 0;
			CHECK_OK(__wasi_fd_write(1, &iov, 1, &written));
			done += written;
		}
	return 0;
}
