/* sock_accept, sock_recv, sock_send and sock_shutdown on files, directories and streams fail with ENOTSOCK.
 *
 * guest:
 *   dir: /
 *   stdin: "text"
 */
#include "fs.h"
#include "raw.h"

static char buffer[8];
static uint32_t iov[2], out[2];

static void all_four(uint32_t fd)
{
	CHECK_ERRNO(raw_sock_accept(fd, 0, P(out)), ENOTSOCK);
	CHECK_ERRNO(raw_sock_recv(fd, P(iov), 1, 0, P(out), P(out + 1)), ENOTSOCK);
	CHECK_ERRNO(raw_sock_send(fd, P(iov), 1, 0, P(out)), ENOTSOCK);
	for (uint32_t how = 1; how < 4; how++)
		CHECK_ERRNO(raw_sock_shutdown(fd, how), ENOTSOCK);
}

int main(void)
{
	iov[0] = P(buffer);
	iov[1] = sizeof buffer;
	all_four((uint32_t)open_file("file", O_CREATE));
	all_four(ROOT);
	for (uint32_t fd = 0; fd < 3; fd++)
		all_four(fd);
	CHECK_EQ(read_some(0, buffer, sizeof buffer), 4); /* stdin lost nothing */
	return 0;
}
