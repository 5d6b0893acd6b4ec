/* connection.c - the page's ends of connections, and the ports that it listens on.
 *
 * A connection first asks: it connects to a port, or accepts from a port of the page. While the backlog is full (or, for accept, empty), it waits
 * with a waiter, like a guest's thread. It then becomes a pump and a feed, which take over the socket's two pipes. The
 * socket stays, without pipes, so that it counts as an end until both directions are over.
 *
 * Called from JavaScript on the coordinator's thread only; nothing here blocks. */
#include <holdfast/exports.h>
#include <holdfast/imports.h>

#include "coordinator/stream.h"
#include "kernel/socket.h"
#include "platform/alloc.h"

/* The descriptor that js_output gets for a connection's only output. */
#define OUTPUT 1

/* A port that the page listens on. */
struct port {
	struct hf_listener *listener; /* NULL once closed */
	uint32_t refs;                /* one for the page, and one for each connection that waits to be accepted */
};

struct connection {
	uint32_t id;
	struct hf_socket *socket; /* NULL while it asks */
	struct hf_pump pump;
	struct hf_feed feed;
	/* While it asks: */
	struct hf_work_waiter wait;
	struct port *from; /* the port to accept from; NULL: connect to `port` */
	uint16_t port;
};

static void unref_port(struct port *port)
{
	if (port && --port->refs == 0)
		hf_free(port);
}

static void forget_if_over(struct connection *connection)
{
	if (connection->pump.pipe || connection->feed.pipe)
		return;
	uint32_t id = connection->id;
	hf_socket_close(connection->socket);
	hf_free(connection);
	js_connection_over(id);
}

static void input_gone(struct hf_feed *feed)
{
	struct connection *connection = HF_CONTAINER(feed, struct connection, feed);
	js_input_gone(connection->id);
	forget_if_over(connection);
}

static void reading_over(struct hf_pump *pump, int error)
{
	struct connection *connection = HF_CONTAINER(pump, struct connection, pump);
	if (error < 0)
		js_output_failed(connection->id, OUTPUT, error);
	else
		js_output_end(connection->id, OUTPUT);
	/* From now on only the feed can detect that the other end is gone. */
	if (connection->feed.pipe)
		hf_feed_watch(&connection->feed, input_gone);
	else
		forget_if_over(connection);
}

/* ---- asking ---- */

static void stop_asking(struct connection *connection)
{
	hf_socket_unpoll(&connection->wait.waiter);
	(void)hf_work_cancel(&connection->wait.work);
	unref_port(connection->from);
	connection->from = NULL;
}

static int ask(struct connection *connection, struct hf_socket **out)
{
	struct port *from = connection->from;
	if (!from)
		return hf_socket_connect(connection->port, out, &connection->wait.waiter);
	return from->listener ? hf_listener_try_accept(from->listener, out, &connection->wait.waiter) : -HF_ECONNABORTED;
}

static void open_streams(struct connection *connection, struct hf_socket *socket)
{
	connection->socket = socket;
	connection->pump.pipe = socket->in;
	connection->feed.pipe = socket->out;
	socket->in = socket->out = NULL;
	js_connection(connection->id, 0);
	hf_pump_credit(&connection->pump, 0);
}

static void try_to_open(struct connection *connection)
{
	struct hf_socket *socket;
	hf_socket_unpoll(&connection->wait.waiter);
	int result = ask(connection, &socket);
	if (result == -HF_EAGAIN)
		return;
	stop_asking(connection);
	if (result == 0) {
		open_streams(connection, socket);
		return;
	}
	uint32_t id = connection->id;
	hf_free(connection);
	js_connection(id, result);
}

static void asker_run(struct hf_work *work)
{
	try_to_open(HF_CONTAINER(work, struct connection, wait.work));
}

static struct connection *create_connection(uint32_t id, uint32_t credit)
{
	struct connection *connection = hf_alloc_zeroed(sizeof *connection);
	if (!connection)
		return NULL;
	connection->id = id;
	hf_work_waiter_init(&connection->wait, asker_run);
	hf_pump_init(&connection->pump, id, OUTPUT, credit, reading_over);
	hf_feed_init(&connection->feed, id);
	return connection;
}

/* ---- from JavaScript ---- */

/* Creates a connection that has not asked yet. Returns NULL if there is no memory. */
struct connection *hf_c_connect(uint32_t id, uint32_t port, uint32_t credit)
{
	struct connection *connection = create_connection(id, credit);
	if (connection)
		connection->port = (uint16_t)port;
	return connection;
}

/* The same for accepting a connection to a port of the page. */
struct connection *hf_c_accept(uint32_t id, struct port *port, uint32_t credit)
{
	struct connection *connection = create_connection(id, credit);
	if (connection) {
		connection->from = port;
		port->refs++;
	}
	return connection;
}

/* Starts connecting or accepting. Calls js_connection with the result, now or later. */
void hf_c_connection_ask(struct connection *connection)
{
	try_to_open(connection);
}

/* Abandons a connection that is still asking. */
void hf_c_connection_withdraw(struct connection *connection)
{
	stop_asking(connection);
	hf_free(connection);
}

/* Like c_feed. */
int32_t hf_c_connection_feed(struct connection *connection, void *bytes, uint32_t size)
{
	return hf_feed_put(&connection->feed, bytes, size);
}

/* Ends the page's writing: the other end reads end of file, or this error (HF_E*) if it is not 0. */
void hf_c_connection_feed_end(struct connection *connection, uint32_t error)
{
	if (error && connection->feed.pipe)
		hf_pipe_fail(connection->feed.pipe, (uint8_t)error);
	hf_feed_close(&connection->feed);
	forget_if_over(connection);
}

void hf_c_connection_credit(struct connection *connection, uint32_t bytes)
{
	hf_pump_credit(&connection->pump, bytes);
}

/* Ends the page's reading: the other end's writes fail with EPIPE. */
void hf_c_connection_cancel(struct connection *connection)
{
	hf_pump_cancel(&connection->pump);
}

/* Listens on a port (0: any free port), and sets *answer to its number. On failure returns NULL and sets *answer to a negated errno. */
struct port *hf_c_listen(uint32_t port, int32_t *answer)
{
	struct port *made = hf_alloc_zeroed(sizeof *made);
	*answer = made ? hf_listener_open(port, &made->listener) : -HF_ENOMEM;
	if (*answer < 0) {
		hf_free(made);
		return NULL;
	}
	*answer = (int32_t)made->listener->port;
	made->refs = 1;
	return made;
}

/* Stops listening. Connections that wait to be accepted fail (ECONNABORTED) a moment later. */
void hf_c_listen_end(struct port *port)
{
	struct hf_listener *listener = port->listener;
	port->listener = NULL;
	hf_listener_close(listener);
	unref_port(port);
}

/* Counts the ends of connections and the ports with a listener. */
void hf_c_socket_stats(struct hf_socket_stats *out)
{
	out->ends = hf_socket_count();
	out->listeners = hf_listener_count();
}
