/* accept and recv sleep, and every change ends their sleep: a connection, bytes, the end, a reset, a shutdown by another
 * thread of the same process, a stop. */
#include "support/sockets.h"

static struct hf_listener *listener;
static struct hf_socket *a, *b;
static struct hf_thread *sleeper;
static hf_word there;
static int (*sleep_in)(void);
static void (*act)(void);
static int expected;

static int do_accept(void)
{
	return hf_listener_accept(listener, sleeper, false, &b);
}

static int do_read(void)
{
	char byte;
	return p_read(b->in, &byte, 1, false);
}

static int do_write(void)
{
	static char much[2 * HF_PIPE_SIZE];
	return p_write(b->out, much, sizeof much, false);
}

static void connect_one(void)
{
	a = connect_to(80);
}

static void send_one(void)
{
	CHECK_EQ(s_write(a, "x", 1), 1);
}

static void close_peer(void)
{
	hf_socket_close(a);
	a = NULL;
}

static void reset_peer(void)
{
	hf_pipe_reset(a->out);
}

static void shut_own_reading(void)
{
	hf_socket_shutdown(b, HF_SHUT_RD);
}

static void shut_own_writing(void)
{
	hf_socket_shutdown(b, HF_SHUT_WR);
}

static void stop(void)
{
	hf_thread_stop(sleeper);
}

static void sleep_or_act(void *context, unsigned number)
{
	(void)context;
	if (number == 0) {
		sleeper = thread_begin();
		atomic_store(&there, 1);
		CHECK_ERR(sleep_in(), expected);
		return;
	}
	while (!atomic_load(&there))
		hf_plat_yield();
	until_parked(sleeper);
	act();
}

static void scene(int (*how)(void), void (*what)(void), int result)
{
	sleep_in = how;
	act = what;
	expected = result;
	atomic_store(&there, 0);
	if (how != do_accept) {
		a = connect_to(80);
		b = accept_from(listener);
	}
	in_threads(2, sleep_or_act, NULL);
	thread_end(sleeper);
	CHECK(hf_list_empty(&listener->acceptable.waiters));
	if (b)
		hf_socket_close(b);
	if (a)
		hf_socket_close(a);
	a = b = NULL;
}

int main(void)
{
	listener = listen_on(80);
	scene(do_accept, connect_one, 0);
	scene(do_accept, stop, -HF_EINTR);
	scene(do_read, send_one, 1);
	scene(do_read, close_peer, 0);
	scene(do_read, reset_peer, -HF_ECONNRESET);
	scene(do_read, shut_own_reading, 0);
	scene(do_read, stop, -HF_EINTR);
	/* The call returns what was written before; the next call returns the error. */
	scene(do_write, close_peer, HF_PIPE_SIZE);
	scene(do_write, shut_own_writing, HF_PIPE_SIZE);
	scene(do_write, stop, HF_PIPE_SIZE);
	hf_listener_close(listener);
	CHECK_EQ(hf_socket_count(), 0);
	return done();
}
