/* The page's connections (coordinator/connection.c): it connects to servers, listens for clients, writes, reads with little
 * credit, cancels, aborts and withdraws at random, and the threads at the other ends do likewise. Each connection is reported
 * open or failed at most once, ends once in each direction, and is forgotten once; bytes come in order; nothing is left. */
#include "support/coordinator.h"
#include "support/sockets.h"

#include "platform/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES 24
#define SERVED_BY_THREADS 1
#define SERVED_BY_PAGE 2

/* A connection as the page sees it. */
struct end {
	uint32_t id; /* 0: free */
	struct connection *connection;
	bool open, reading_over, writing_over, cancelled, over;
	uint64_t credit, received, sent;
};

static struct budget budget = {.milliseconds = 1500};
static struct end ends[PAGES];
static uint32_t next_id = 1;
static uint64_t page_seed;
static struct port *page_port;
static unsigned opened, failed, broken, gone;
static _Atomic bool last;
static _Atomic int threads_left;

static uint8_t byte_at(uint64_t position)
{
	return (uint8_t)(position * 13 + (position >> 8));
}

static struct end *find(uint32_t id)
{
	struct end *end = &ends[id % PAGES];
	CHECK_EQ(end->id, id);
	return end;
}

/* ---- the threads at the other ends: they send what byte_at says, and check the same ---- */

static void talk(struct hf_socket *socket, uint64_t *seed)
{
	static _Thread_local uint8_t bytes[20000];
	uint64_t sent = 0, received = 0;
	for (unsigned turns = random_below(seed, 12); turns > 0; turns--) {
		uint32_t size = 1 + random_below(seed, sizeof bytes);
		if (random_below(seed, 2)) {
			for (uint32_t i = 0; i < size; i++)
				bytes[i] = byte_at(sent + i);
			int n = p_write(socket->out, bytes, size, true);
			CHECK(n > 0 || n == -HF_EAGAIN || n == -HF_EPIPE);
			sent += n > 0 ? (uint64_t)n : 0;
			continue;
		}
		int n = p_read(socket->in, bytes, size, true);
		CHECK(n >= 0 || n == -HF_EAGAIN || n == -HF_ECONNRESET);
		for (int i = 0; i < n; i++)
			CHECK_EQ(bytes[i], byte_at(received + (uint64_t)i));
		received += n > 0 ? (uint64_t)n : 0;
		if (n == 0)
			sleep_us(50);
	}
	if (random_below(seed, 3) == 0)
		hf_socket_shutdown(socket, 1 + random_below(seed, 3));
	if (random_below(seed, 3) == 0)
		sleep_us(random_below(seed, 1000));
	hf_socket_close(socket);
}

static void other_end(void *context, unsigned number)
{
	uint64_t seed = *(uint64_t *)context + number;
	struct hf_thread *self = thread_begin();
	while (!atomic_load(&last)) {
		struct hf_socket *socket;
		struct hf_listener *listener;
		if (number % 2 == 0) {
			if (hf_socket_connect(SERVED_BY_PAGE, &socket, NULL) == 0)
				talk(socket, &seed);
			else
				sleep_us(100);
			continue;
		}
		if (hf_listener_open(SERVED_BY_THREADS, &listener) < 0)
			continue;
		for (unsigned turns = random_below(&seed, 200); turns > 0; turns--) {
			if (hf_listener_try_accept(listener, &socket, NULL) == 0)
				talk(socket, &seed);
			else
				sleep_us(20);
		}
		hf_listener_close(listener);
	}
	thread_end(self);
	atomic_fetch_sub(&threads_left, 1);
}

static void run_threads(void *context)
{
	in_threads(3, other_end, context);
}

/* ---- what the page hears ---- */

static void on_connection(uint32_t id, int32_t error)
{
	struct end *end = find(id);
	CHECK(!end->open && !end->over);
	if (error == 0) {
		end->open = true;
		opened++;
		return;
	}
	CHECK(error == -HF_ECONNREFUSED || error == -HF_ECONNABORTED);
	end->over = true;
	failed++;
}

static void on_output(uint32_t id, uint32_t fd, const uint8_t *bytes, size_t size)
{
	struct end *end = find(id);
	CHECK(fd == 1 && end->open && !end->reading_over && size > 0 && size <= end->credit);
	end->credit -= size;
	for (size_t i = 0; i < size; i++)
		CHECK_EQ(bytes[i], byte_at(end->received + i));
	end->received += size;
}

static void on_output_end(uint32_t id, uint32_t fd)
{
	struct end *end = find(id);
	CHECK(fd == 1 && end->open && !end->reading_over);
	end->reading_over = true;
}

static void on_output_failed(uint32_t id, int32_t error)
{
	CHECK_EQ(error, -HF_ECONNRESET);
	on_output_end(id, 1);
	broken++;
}

static void on_input_gone(uint32_t id)
{
	struct end *end = find(id);
	CHECK(end->open && end->reading_over && !end->writing_over);
	end->writing_over = true;
	gone++;
}

static void on_over(uint32_t id)
{
	struct end *end = find(id);
	CHECK(end->open && end->reading_over && end->writing_over && !end->over);
	end->over = true;
}

static void write_some(struct end *end)
{
	static uint8_t bytes[30000];
	uint32_t size = 1 + random_below(&page_seed, sizeof bytes);
	for (uint32_t i = 0; i < size; i++)
		bytes[i] = byte_at(end->sent + i);
	int32_t taken = hf_c_connection_feed(end->connection, bytes, size);
	CHECK((taken >= 0 && (uint32_t)taken <= size) || taken == -HF_EPIPE);
	end->sent += taken > 0 ? (uint32_t)taken : 0;
}

static void on_ready(uint32_t id)
{
	struct end *end = find(id);
	if (!end->writing_over && random_below(&page_seed, 2))
		write_some(end);
}

/* ---- what the page does ---- */

static void begin(struct end *end)
{
	uint32_t id = next_id, credit = random_below(&page_seed, 2000);
	while (id % PAGES != (uint32_t)(end - ends))
		id++;
	next_id = id + 1;
	*end = (struct end){.id = id, .credit = credit};
	if (random_below(&page_seed, 2) && page_port)
		end->connection = hf_c_accept(id, page_port, credit);
	else
		end->connection = hf_c_connect(id, SERVED_BY_THREADS, credit);
	CHECK(end->connection);
	hf_c_connection_ask(end->connection);
}

static void end_writing(struct end *end, bool force)
{
	end->writing_over = true;
	hf_c_connection_feed_end(end->connection, force ? HF_ECONNRESET : 0);
}

static void act_on_open(struct end *end)
{
	uint32_t more = random_below(&page_seed, 60000);
	switch (random_below(&page_seed, atomic_load(&last) ? 4 : 30)) {
	case 0:
		if (!end->reading_over)
			hf_c_connection_cancel(end->connection);
		break;
	case 1:
	case 2:
		if (!end->writing_over)
			end_writing(end, random_below(&page_seed, 3) == 0);
		break;
	case 3:
	case 4:
		if (!end->writing_over)
			write_some(end);
		break;
	default:
		end->credit += more;
		hf_c_connection_credit(end->connection, more);
	}
}

static void act(struct end *end)
{
	if (end->over)
		end->id = 0;
	if (end->id == 0) {
		if (!atomic_load(&last))
			begin(end);
	} else if (end->open) {
		act_on_open(end);
	} else if (random_below(&page_seed, atomic_load(&last) ? 1 : 50) == 0) {
		hf_c_connection_withdraw(end->connection);
		end->id = 0;
		end->over = false;
	}
}

static void open_or_close_port(void)
{
	int32_t answer;
	if (page_port) {
		hf_c_listen_end(page_port);
		page_port = NULL;
	} else if (!atomic_load(&last)) {
		page_port = hf_c_listen(SERVED_BY_PAGE, &answer);
		CHECK(page_port && answer == SERVED_BY_PAGE);
	}
}

static bool all_over(void)
{
	for (int i = 0; i < PAGES; i++) {
		if (ends[i].id != 0)
			return false;
	}
	return !page_port && atomic_load(&threads_left) == 0;
}

int main(void)
{
	const struct browser browser = {.output = on_output,
	                                .output_end = on_output_end,
	                                .stdin_ready = on_ready,
	                                .connection = on_connection,
	                                .output_failed = on_output_failed,
	                                .input_gone = on_input_gone,
	                                .connection_over = on_over};
	static uint64_t threads_seed;
	page_seed = random_seed();
	threads_seed = page_seed;
	coordinator_begin(&browser, 0, 1);
	size_t blocks = coordinator_blocks();
	atomic_store(&threads_left, 3);
	in_background(run_threads, &threads_seed);
	while (!atomic_load(&last) || !all_over()) {
		if (!time_left(&budget) && opened > 20 && gone > 0) /* long enough for any machine */
			atomic_store(&last, true);
		act(&ends[random_below(&page_seed, PAGES)]);
		if (random_below(&page_seed, atomic_load(&last) ? 10 : 300) == 0)
			open_or_close_port();
		if (random_below(&page_seed, 4) == 0)
			coordinator_turn();
	}
	for (int i = 0; i < 50; i++)
		coordinator_turn();
	printf("%u opened, %u failed, %u broken, %u gone\n", opened, failed, broken, gone);
	CHECK_EQ(hf_socket_count(), 0);
	CHECK_EQ(hf_listener_count(), 0);
	CHECK_EQ(coordinator_blocks(), blocks);
	fflush(stdout);
	_Exit(0);
}
