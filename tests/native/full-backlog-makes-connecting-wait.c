/* A client that finds the backlog full is woken when there is room, and when the listener closes; nothing is left on the
 * queue of a listener that is gone. */
#include "support/sockets.h"

static struct hf_socket *clients[HF_BACKLOG + 1];

int main(void)
{
	struct counting_waiter waiter, other;
	struct hf_listener *listener = listen_on(80);
	counting_waiter_init(&waiter);
	counting_waiter_init(&other);
	for (int i = 0; i < HF_BACKLOG; i++)
		clients[i] = connect_to(80);
	uint32_t ends = hf_socket_count();
	CHECK_EQ(ends, 2 * HF_BACKLOG);
	CHECK_ERR(hf_socket_connect(80, &clients[HF_BACKLOG], NULL), -HF_EAGAIN);
	CHECK_ERR(hf_socket_connect(80, &clients[HF_BACKLOG], &waiter.waiter), -HF_EAGAIN);
	CHECK_EQ(hf_socket_count(), ends);
	CHECK_EQ(waiter.woken, 0);

	struct hf_socket *accepted = accept_from(listener);
	CHECK_EQ(waiter.woken, 1);
	hf_socket_unpoll(&waiter.waiter);
	CHECK_OK(hf_socket_connect(80, &clients[HF_BACKLOG], &waiter.waiter));
	CHECK(hf_list_empty(&waiter.waiter.link));

	CHECK_ERR(hf_socket_connect(80, &clients[0], &waiter.waiter), -HF_EAGAIN);
	CHECK_ERR(hf_socket_connect(80, &clients[0], &other.waiter), -HF_EAGAIN);
	hf_listener_close(listener);
	CHECK_EQ(waiter.woken, 2);
	CHECK_EQ(other.woken, 1);
	CHECK(hf_list_empty(&waiter.waiter.link) && hf_list_empty(&other.waiter.link));
	hf_socket_unpoll(&waiter.waiter);
	CHECK_ERR(hf_socket_connect(80, &clients[0], &waiter.waiter), -HF_ECONNREFUSED);

	for (int i = 0; i <= HF_BACKLOG; i++)
		hf_socket_close(clients[i]);
	hf_socket_close(accepted);
	CHECK_EQ(hf_socket_count(), 0);
	return done();
}
