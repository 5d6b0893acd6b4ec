/* Listeners that come and go on a few ports, clients that connect, send, half-close and vanish, servers that accept by
 * blocking, by trying and by polling: every connection carries its bytes in order or returns an error, all end, and
 * nothing is left. */
#include "support/sockets.h"

#include <stdio.h>

#define PORTS 2
#define SERVERS 3
#define CLIENTS 3

static struct budget budget = {.milliseconds = 1500};
static _Atomic unsigned accepted, refused, resets, echoed;
static _Atomic int clients_left = CLIENTS;

static uint8_t byte_at(uint32_t position)
{
	return (uint8_t)(position * 11 + (position >> 8));
}

/* Echoes what it gets, until the end or until it loses interest. */
static void serve(struct hf_socket *socket, uint64_t *seed)
{
	static _Thread_local uint8_t bytes[5000];
	unsigned patience = random_below(seed, 4) ? 1000000 : random_below(seed, 5);
	while (patience-- > 0) {
		int n = p_read(socket->in, bytes, 1 + random_below(seed, sizeof bytes), false);
		CHECK(n >= 0 || n == -HF_ECONNRESET);
		if (n <= 0)
			break;
		int sent = p_write(socket->out, bytes, (uint32_t)n, false);
		CHECK(sent == -HF_EPIPE || (sent > 0 && sent <= n));
		if (sent != n)
			break;
	}
	if (random_below(seed, 2))
		hf_socket_shutdown(socket, 1 + random_below(seed, 3));
	hf_socket_close(socket);
}

static int next_connection(struct hf_listener *listener, struct hf_thread *self, uint64_t *seed, struct hf_socket **out)
{
	if (random_below(seed, 2))
		return hf_listener_try_accept(listener, out, NULL);
	struct hf_thread_waiter waiter;
	hf_thread_waiter_init(&waiter, self);
	uint32_t ticket = hf_park_ticket(self);
	int result = 0;
	if (hf_listener_poll(listener, &waiter.waiter) == 0)
		result = hf_park(self, ticket, hf_plat_monotonic() + MILLISECOND, HF_PARK_AT_ONCE);
	hf_socket_unpoll(&waiter.waiter);
	CHECK(result == 0 || result == -HF_ETIMEDOUT);
	return hf_listener_try_accept(listener, out, NULL);
}

static void server(struct hf_thread *self, uint64_t *seed)
{
	while (time_left(&budget) || atomic_load(&clients_left) > 0) {
		struct hf_listener *listener;
		if (hf_listener_open((uint16_t)(1 + random_below(seed, PORTS)), &listener) < 0) {
			sleep_us(200); /* another server has this port at the moment */
			continue;
		}
		for (unsigned turns = random_below(seed, 100); turns > 0; turns--) {
			struct hf_socket *socket;
			int result = next_connection(listener, self, seed, &socket);
			CHECK(result == 0 || result == -HF_EAGAIN);
			if (result == 0) {
				atomic_fetch_add(&accepted, 1);
				serve(socket, seed);
			}
		}
		hf_listener_close(listener);
	}
}

/* Everything that is echoed is a prefix of what was sent. */
static uint32_t read_back(struct hf_socket *socket, uint32_t position, bool nonblock, bool *over)
{
	static _Thread_local uint8_t bytes[5000];
	int n = p_read(socket->in, bytes, sizeof bytes, nonblock);
	CHECK(n >= 0 || n == -HF_EAGAIN || n == -HF_ECONNRESET);
	*over = n == 0 || n == -HF_ECONNRESET;
	if (n == -HF_ECONNRESET)
		atomic_fetch_add(&resets, 1);
	for (int i = 0; i < n; i++)
		CHECK_EQ(bytes[i], byte_at(position + (uint32_t)i));
	return n > 0 ? (uint32_t)n : 0;
}

static void talk(struct hf_socket *socket, uint64_t *seed)
{
	static _Thread_local uint8_t bytes[3000];
	uint32_t sent = 0, received = 0;
	bool over = false;
	for (unsigned turns = random_below(seed, 30); turns > 0 && !over; turns--) {
		uint32_t size = 1 + random_below(seed, sizeof bytes);
		for (uint32_t i = 0; i < size; i++)
			bytes[i] = byte_at(sent + i);
		int n = p_write(socket->out, bytes, size, true);
		CHECK(n > 0 || n == -HF_EAGAIN || n == -HF_EPIPE);
		sent += n > 0 ? (uint32_t)n : 0;
		received += read_back(socket, received, true, &over);
	}
	if (!over && random_below(seed, 3) > 0) {
		hf_socket_shutdown(socket, HF_SHUT_WR);
		while (!over)
			received += read_back(socket, received, false, &over);
		if (received == sent && sent > 0)
			atomic_fetch_add(&echoed, 1);
	}
	CHECK(received <= sent);
	hf_socket_close(socket);
}

/* Something was seen, even on a slow machine. */
static bool seen_enough(void)
{
	return atomic_load(&accepted) > 10 && atomic_load(&echoed) > 0;
}

static void client(struct hf_thread *self, uint64_t *seed)
{
	while (time_left(&budget) || !seen_enough()) {
		struct hf_socket *socket;
		struct hf_thread_waiter waiter;
		hf_thread_waiter_init(&waiter, self);
		uint16_t port = (uint16_t)(1 + random_below(seed, PORTS));
		int result = hf_socket_connect(port, &socket, &waiter.waiter);
		hf_socket_unpoll(&waiter.waiter);
		CHECK(result == 0 || result == -HF_ECONNREFUSED || result == -HF_EAGAIN);
		if (result == 0)
			talk(socket, seed);
		else
			atomic_fetch_add(&refused, 1);
	}
	atomic_fetch_sub(&clients_left, 1);
}

static void hammer(void *context, unsigned number)
{
	uint64_t seed = *(uint64_t *)context + number;
	struct hf_thread *self = thread_begin();
	if (number < SERVERS)
		server(self, &seed);
	else
		client(self, &seed);
	thread_end(self);
}

int main(void)
{
	uint64_t seed = random_seed();
	in_threads(SERVERS + CLIENTS, hammer, &seed);
	printf("%u accepted, %u refused, %u resets, %u echoed to the end\n", accepted, refused, resets, echoed);
	CHECK_EQ(hf_socket_count(), 0);
	CHECK_EQ(hf_listener_count(), 0);
	return done();
}
