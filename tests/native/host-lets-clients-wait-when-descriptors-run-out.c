/* While no descriptor is available for a TCP client, it waits in the OS's queue without busy retries; later it is served. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/by_hand.h"

static _Atomic bool may_accept;
static _Atomic uint64_t refused;

/* Replaces the C library's function. */
int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
	if (atomic_load(&may_accept))
		return (int)syscall(SYS_accept4, fd, address, size, flags);
	atomic_fetch_add(&refused, 1);
	errno = EMFILE;
	return -1;
}

static void accepts_one(uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
	CHECK_EQ(CALL(hf_p1_sock_accept(3, 0, 24)), 0);
}

int main(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	char byte;
	CHECK_OK(hf_host_start(0));
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(bind(listening, (struct sockaddr *)&address, size), 0);
	CHECK_EQ(listen(listening, 16), 0);
	CHECK_EQ(getsockname(listening, (struct sockaddr *)&address, &size), 0);
	const struct hf_guest_socket spec = {.listens = true, .tcp = listening};
	struct hf_guest *guest = begin_with_sockets(accepts_one, &spec, 1);
	CHECK_EQ(connect(client, (struct sockaddr *)&address, size), 0);
	uint64_t begun = hf_plat_monotonic();
	while (atomic_load(&refused) < 2)
		sleep_ms(1);
	sleep_ms(300);
	/* At most ten times a second, however slow the machine is. */
	uint64_t tries = atomic_load(&refused), passed = hf_plat_monotonic() - begun;
	CHECK(tries <= passed / (90 * MILLISECOND) + 2);
	atomic_store(&may_accept, true);
	CHECK_EQ(read(client, &byte, 1), 0);
	end_by_hand(guest, HF_ENDED_EXIT, 0);
	CHECK_EQ(close(client), 0);
	CHECK_EQ(close(listening), 0);
	hf_host_stop();
	return done();
}
