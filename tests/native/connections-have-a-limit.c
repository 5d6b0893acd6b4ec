/* Connections can be made up to the limit; another becomes possible once both ends of an earlier one are closed. */
#include "support/sockets.h"

static struct hf_socket *ends[HF_CONNECTIONS_MAX][2];

int main(void)
{
	struct hf_listener *listener = listen_on(80);
	struct hf_socket *more;
	for (int i = 0; i < HF_CONNECTIONS_MAX; i++) {
		ends[i][0] = connect_to(80);
		ends[i][1] = accept_from(listener);
	}
	CHECK_ERR(hf_socket_connect(80, &more, NULL), -HF_ENOBUFS);
	hf_socket_close(ends[7][0]);
	CHECK_ERR(hf_socket_connect(80, &more, NULL), -HF_ENOBUFS);
	hf_socket_close(ends[7][1]);
	CHECK_OK(hf_socket_connect(80, &more, NULL));
	for (int i = 0; i < HF_CONNECTIONS_MAX; i++) {
		for (int side = 0; side < 2 && i != 7; side++)
			hf_socket_close(ends[i][side]);
	}
	hf_socket_close(more);
	hf_listener_close(listener);
	CHECK_EQ(hf_socket_count(), 0);
	return done();
}
