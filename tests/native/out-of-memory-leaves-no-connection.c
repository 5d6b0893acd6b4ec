/* Each allocation of listening, connecting and opening fails in turn: ENOMEM, and nothing is left of it. */
#include "platform/alloc.h"
#include "support/sockets.h"

static struct hf_file *connected, *listening, *accepted;

static int all(void)
{
	struct hf_listener *listener;
	struct hf_socket *socket;
	int result = hf_listener_open(80, &listener);
	if (result == 0)
		result = hf_file_open_listener(listener, &listening);
	if (result < 0)
		return result;
	result = hf_socket_connect(80, &socket, NULL);
	if (result == 0)
		result = hf_file_open_socket(socket, &connected);
	if (result == 0)
		result = hf_listener_try_accept(hf_file_listener(listening), &socket, NULL);
	if (result == 0)
		result = hf_file_open_socket(socket, &accepted);
	return result;
}

static void close_all(void)
{
	hf_file_unref(listening);
	hf_file_unref(connected);
	hf_file_unref(accepted);
	listening = connected = accepted = NULL;
	CHECK_EQ(hf_socket_count(), 0);
	CHECK_EQ(hf_listener_count(), 0);
	CHECK_EQ(hf_alloc_blocks(), 0);
}

int main(void)
{
	int result = -1;
	uint32_t allowed = 0;
	for (; result < 0; allowed++) {
		hf_alloc_fail_after(allowed);
		result = all();
		hf_alloc_fail_after(UINT32_MAX);
		CHECK(result == 0 || result == -HF_ENOMEM);
		close_all();
	}
	CHECK_EQ(allowed, 11); /* it works with ten: a listener, two ends, two pipes of two blocks, three files */
	return done();
}
