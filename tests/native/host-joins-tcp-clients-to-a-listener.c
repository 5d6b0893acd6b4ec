/* Real TCP clients reach a port that a native guest listens on: each direction ends by itself, what the guest sent before its end arrives, a client
 * that cannot be accepted is reset, and sockets of two guests of one host can connect. */
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/alloc.h"
#include "support/by_hand.h"

enum { IOV = 16, OUT = 24, FLAGS = 32, BUFFER = 1024, ROOM = 16384, SHUT_SENDING = 2 };

static _Atomic bool may_end;

static uint32_t word_at(uint32_t at)
{
	uint32_t word;
	memcpy(&word, guest_bytes + at, 4);
	return word;
}

static void put_word(uint32_t at, uint32_t word)
{
	memcpy(guest_bytes + at, &word, 4);
}

static uint32_t receive(uint32_t fd, uint32_t *error)
{
	put_word(IOV, BUFFER);
	put_word(IOV + 4, ROOM);
	*error = CALL(hf_p1_sock_recv(fd, IOV, 1, 0, OUT, FLAGS));
	return *error ? 0 : word_at(OUT);
}

static void send_on(uint32_t fd, uint32_t size)
{
	put_word(IOV, BUFFER);
	put_word(IOV + 4, size);
	CHECK_EQ(CALL(hf_p1_sock_send(fd, IOV, 1, 0, OUT)), 0);
	CHECK_EQ(word_at(OUT), size);
}

static uint32_t accept_one(void)
{
	CHECK_EQ(CALL(hf_p1_sock_accept(3, 0, OUT)), 0);
	return word_at(OUT);
}

/* Serves two clients, one after the other: sends back what each of them sends, until it shuts down its sending direction. */
static void echoes(uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
	for (int i = 0; i < 2; i++) {
		uint32_t fd = accept_one(), error, size;
		while ((size = receive(fd, &error)) > 0)
			send_on(fd, size);
		CHECK_EQ(error, 0);
		CHECK_EQ(CALL(hf_p1_fd_close(fd)), 0);
	}
}

/* Ends with a client whose bytes are still unread, and one that was not accepted. */
static void answers_and_ends(uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
	uint32_t fd = accept_one();
	memset(guest_bytes + BUFFER, 'y', ROOM);
	send_on(fd, ROOM);
	CHECK_EQ(CALL(hf_p1_sock_shutdown(fd, SHUT_SENDING)), 0);
	while (!atomic_load(&may_end))
		(void)CALL(hf_p1_sched_yield());
}

/* A client that resets its connection causes one error. */
static void is_broken_off(uint32_t tid, uint32_t argument)
{
	uint32_t error;
	(void)tid, (void)argument;
	uint32_t fd = accept_one();
	CHECK_EQ(receive(fd, &error), 0);
	CHECK_EQ(error, HF_ECONNRESET);
	CHECK_EQ(receive(fd, &error), 0);
	CHECK_EQ(error, 0);
}

static void listens_no_more(uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
	CHECK_EQ(CALL(hf_p1_fd_close(3)), 0);
	while (!atomic_load(&may_end))
		(void)CALL(hf_p1_sched_yield());
}

/* One guest connects and sends a greeting, the other listens and receives it. (All guests of one program run the same function here.) */
static void meets(uint32_t tid, uint32_t argument)
{
	uint32_t error;
	(void)tid, (void)argument;
	if (CALL(hf_p1_sock_accept(3, 0, OUT)) != 0) {
		memcpy(guest_bytes + BUFFER, "hello", 5);
		send_on(3, 5);
		return;
	}
	uint32_t fd = word_at(OUT);
	CHECK_EQ(receive(fd, &error), 5);
	CHECK(memcmp(guest_bytes + BUFFER, "hello", 5) == 0);
	CHECK_EQ(receive(fd, &error), 0);
}

/* ---- this side ---- */

static int listening;
static struct sockaddr_in address = {.sin_family = AF_INET};

static void listen_on_any(void)
{
	socklen_t size = sizeof address;
	address.sin_port = 0;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK(listening >= 0);
	CHECK_EQ(bind(listening, (struct sockaddr *)&address, size), 0);
	CHECK_EQ(listen(listening, 16), 0);
	CHECK_EQ(getsockname(listening, (struct sockaddr *)&address, &size), 0);
}

static int client(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(fd >= 0);
	CHECK_EQ(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* Reads until the end. Returns the number of bytes, or -1 after a reset. */
static ssize_t read_all(int fd, char *to, size_t room)
{
	ssize_t all = 0, size;
	while ((size = read(fd, to + all, room - (size_t)all)) > 0)
		all += size;
	CHECK(size == 0 || errno == ECONNRESET);
	return size == 0 ? all : -1;
}

static struct hf_guest *begin(void (*guest)(uint32_t tid, uint32_t argument), struct hf_guest_socket spec)
{
	return begin_with_sockets(guest, &spec, 1);
}

static struct hf_guest *begin_server(void (*guest)(uint32_t tid, uint32_t argument))
{
	atomic_store(&may_end, false);
	return begin(guest, (struct hf_guest_socket){.listens = true, .tcp = listening});
}

static void end_well(struct hf_guest *guest)
{
	atomic_store(&may_end, true);
	end_by_hand(guest, HF_ENDED_EXIT, 0);
}

int main(void)
{
	static char got[2 * ROOM];
	CHECK_OK(hf_host_start(0));
	listen_on_any();

	struct hf_guest *guest = begin_server(echoes);
	for (int i = 0; i < 2; i++) {
		int fd = client();
		CHECK_EQ(write(fd, "some text", 9), 9);
		CHECK_EQ(shutdown(fd, SHUT_WR), 0);
		CHECK_EQ(read_all(fd, got, sizeof got), 9);
		CHECK(memcmp(got, "some text", 9) == 0);
		CHECK_EQ(close(fd), 0);
	}
	end_well(guest);

	guest = begin_server(answers_and_ends);
	int first = client();
	CHECK_EQ(read(first, got, 1), 1);
	int second = client();
	CHECK_EQ(write(second, "to nobody", 9), 9);
	end_well(guest);
	CHECK_EQ(close(listening), 0); /* the OS resets clients that are not accepted by then */
	CHECK_EQ(read_all(first, got, sizeof got), ROOM - 1);
	CHECK(read_all(second, got, sizeof got) <= 0);
	CHECK_EQ(close(first), 0);
	CHECK_EQ(close(second), 0);

	listen_on_any();
	guest = begin_server(is_broken_off);
	const struct linger at_once = {.l_onoff = 1};
	first = client();
	CHECK_EQ(setsockopt(first, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
	CHECK_EQ(close(first), 0);
	end_well(guest);

	guest = begin_server(listens_no_more);
	do {
		/* Until the guest has closed it, a client waits in the backlog, and is reset then. */
		first = client();
		CHECK_EQ(read_all(first, got, sizeof got), -1);
		CHECK_EQ(close(first), 0);
	} while (hf_listener_count() > 0);
	end_well(guest);
	CHECK_EQ(close(listening), 0);

	guest = begin(meets, (struct hf_guest_socket){.listens = true, .port = 80, .tcp = -1});
	end_well(begin(meets, (struct hf_guest_socket){.port = 80, .tcp = -1}));
	end_well(guest);
	const struct hf_guest_socket nobody = {.port = 80, .tcp = -1};
	CHECK_ERR(try_with_sockets(meets, &nobody, 1, &guest), -HF_ECONNREFUSED);
	hf_host_stop();
	CHECK_EQ(hf_socket_count(), 0);
	return done();
}
