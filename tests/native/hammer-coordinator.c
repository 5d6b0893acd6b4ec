/* The coordinator's C as a whole: a page that randomly spawns, writes, reads with little credit, cancels and kills; guests that read,
 * write, wait, compute, make threads, return, exit, trap, and workers that break. Whatever happens, each process's end is reported once,
 * each stream ends once, after its last byte, all bytes arrive in order, and no memory is left. */
#include "support/coordinator.h"

#include "platform/alloc.h"
#include "support/doors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES 6         /* sessions at a time */
#define ZOMBIES_MOST 60 /* they never go away here */
#define MAX_WORKERS 8

/* A process as the page sees it. */
struct page {
	uint32_t id; /* 0: free */
	struct session *session;
	uint64_t fed, credit[3];
	uint64_t received;
	bool exited, over, closed, cancelled, ending, ended[3];
};

/* The guest's own state: a zombie may read it long after the page has forgotten its process. */
#define SESSIONS_MOST 5000
static struct known {
	_Atomic uint64_t consumed; /* of standard input */
	_Atomic uint64_t written;  /* to standard output */
} known[SESSIONS_MOST];

static struct budget budget = {.milliseconds = 1800};
/* At least this many, even on a slow machine. */
#define SPAWNED_LEAST 20
static struct page pages[PAGES];
static uint32_t next_id = 1;
static uint64_t page_seed;
static unsigned spawned, refused, reasons[8];

static struct page *find(uint32_t id)
{
	struct page *page = &pages[id % PAGES];
	CHECK_EQ(page->id, id);
	return page;
}

static uint8_t byte_at(uint64_t position)
{
	return (uint8_t)(position * 7 + (position >> 8));
}

/* ---- the guest: its memory has a vector at 0, a count at 16, data at 64 ---- */

static uint32_t poke_vector(uint32_t buffer, uint32_t size)
{
	memcpy(guest_memory(), &buffer, 4);
	memcpy(guest_memory() + 4, &size, 4);
	return 0;
}

static uint32_t count(void)
{
	uint32_t value;
	memcpy(&value, guest_memory() + 16, 4);
	return value;
}

static void write_output(struct known *mine, uint32_t size)
{
	uint64_t at = atomic_load(&mine->written);
	for (uint32_t i = 0; i < size; i++)
		guest_memory()[64 + i] = byte_at(at + i);
	uint32_t result = hf_p1_fd_write(1, poke_vector(64, size), 1, 16);
	CHECK(result == 0 || result == HF_EPIPE);
	if (result == 0)
		atomic_fetch_add(&mine->written, count());
}

static void read_input(struct known *mine, uint32_t size)
{
	uint32_t result = hf_p1_fd_read(0, poke_vector(64, size), 1, 16);
	CHECK_EQ(result, 0);
	uint64_t at = atomic_fetch_add(&mine->consumed, count());
	for (uint32_t i = 0; i < count(); i++)
		CHECK_EQ(guest_memory()[64 + i], byte_at(at + i));
}

static void wait_a_moment(uint32_t microseconds)
{
	uint8_t *sub = guest_memory() + 64;
	uint64_t timeout = microseconds * UINT64_C(1000);
	memset(sub, 0, 48);
	sub[16] = HF_CLOCK_MONOTONIC;
	memcpy(sub + 24, &timeout, 8);
	CHECK_EQ(hf_p1_poll_oneoff(64, 256, 1, 16), 0);
}

static void compute(uint64_t *seed)
{
	for (uint32_t i = random_below(seed, 3000); i > 0; i--)
		hf_plat_relax();
}

int32_t hf_wt_thread_spawn(uint32_t argument);

static enum run_end guest(uint32_t id, uint32_t tid, uint32_t argument)
{
	struct known *mine = &known[id];
	uint64_t seed = id * 1000 + tid + argument + 1;
	for (;;) {
		/* Sometimes a zombie reaches the door. */
		if (random_below(&seed, 3) > 0)
			guest_may_die();
		switch (random_below(&seed, tid == 0 ? 60 : 40)) {
		case 0:
			return RUN_RETURNED;
		case 1:
			if (random_below(&seed, 5) == 0)
				return RUN_TRAPPED;
			break;
		case 2:
			if (random_below(&seed, 5) == 0)
				return random_below(&seed, 2) ? RUN_BROKEN : RUN_BROKEN_AFTERWARDS;
			break;
		case 3:
			if (random_below(&seed, 3) == 0)
				hf_p1_proc_exit(3);
			break;
		case 4:
			CHECK(hf_wt_thread_spawn(random_below(&seed, 1000)) != 0);
			break;
		case 5:
			wait_a_moment(random_below(&seed, 2000));
			break;
		default:
			if (tid != 0 || random_below(&seed, 3) == 0)
				compute(&seed);
			else if (random_below(&seed, 2))
				write_output(mine, random_below(&seed, random_below(&seed, 4) ? 100 : 100000));
			else
				read_input(mine, 1 + random_below(&seed, 5000));
		}
	}
}

/* ---- what the page hears ---- */

static void on_output(uint32_t id, uint32_t fd, const uint8_t *bytes, size_t size)
{
	struct page *page = find(id);
	CHECK(fd == 1 && !page->ended[1] && size > 0 && size <= page->credit[1]);
	page->credit[1] -= size;
	for (size_t i = 0; i < size; i++)
		CHECK_EQ(bytes[i], byte_at(page->received + i));
	page->received += size;
}

static void on_output_end(uint32_t id, uint32_t fd)
{
	struct page *page = find(id);
	CHECK(fd == 1 || fd == 2);
	CHECK(!page->ended[fd]);
	page->ended[fd] = true;
}

static void feed_some(struct page *page)
{
	static uint8_t bytes[65536];
	uint32_t size = 1 + random_below(&page_seed, sizeof bytes);
	for (uint32_t i = 0; i < size; i++)
		bytes[i] = byte_at(page->fed + i);
	int32_t taken = hf_c_feed(page->session, bytes, size);
	CHECK((taken >= 0 && (uint32_t)taken <= size) || taken == -HF_EPIPE);
	page->fed += taken > 0 ? (uint32_t)taken : 0;
}

static void on_stdin_ready(uint32_t id)
{
	struct page *page = find(id);
	if (random_below(&page_seed, 2))
		feed_some(page);
}

static void on_exited(uint32_t id, uint32_t reason, uint32_t code, const char *message, size_t message_size)
{
	struct page *page = find(id);
	CHECK(!page->exited);
	CHECK(reason >= HF_EXIT_EXIT && reason <= HF_EXIT_CRASH);
	CHECK(reason != HF_EXIT_EXIT || code == 0 || code == 3);
	CHECK(reason != HF_EXIT_TRAP || (message_size == 4 && memcmp(message, "trap", 4) == 0));
	page->exited = true;
	reasons[reason]++;
}

static void on_over(uint32_t id)
{
	struct page *page = find(id);
	CHECK(page->exited && page->ended[1] && page->ended[2]);
	/* Everything that the guest has recorded as written, and perhaps part of the write during which it was stopped. */
	CHECK(page->cancelled || page->received >= atomic_load(&known[id].written));
	page->session = NULL;
	page->over = true;
}

/* It is interruptible: it reaches the door by itself, or is claimed after a while. */
static void on_ending(uint32_t id)
{
	find(id)->ending = true;
}

/* ---- what the page does ---- */

static void spawn(struct page *page)
{
	struct {
		struct hf_spawn_header header;
		char strings[8];
		struct hf_spawn_preopen preopen;
		char texts[8];
	} block = {
		.header = {.arg_count = 2, .arg_size = 4, .env_count = 1, .env_size = 4, .preopen_count = 1, .piped = 7},
		.strings = {'a', 0, 'b', 0, 'C', '=', 'd', 0},
		.preopen = {.guest_size = 4, .path_size = 4},
		.texts = {'/', 't', 'm', 'p', '/', 't', 'm', 'p'},
	};
	struct hf_spawn_error error;
	uint32_t id = next_id;
	while (id % PAGES != (uint32_t)(page - pages))
		id++;
	if (id >= SESSIONS_MOST)
		return;
	memset(page, 0, sizeof *page);
	page->id = id;
	page->credit[1] = page->credit[2] = block.header.credit = random_below(&page_seed, 1000);
	block.header.id = id;
	block.header.tty = random_below(&page_seed, 4) == 0;
	block.header.interruptible = random_below(&page_seed, 2);
	page->session = hf_c_spawn(&block.header, &error, NULL, NULL, NULL, NULL);
	if (!page->session) {
		CHECK_ERR(error.error, -HF_EAGAIN);
		CHECK(error.preopen == -1 && error.socket == -1);
		page->id = 0;
		refused++;
		return;
	}
	next_id = id + 1;
	spawned++;
}

static void act(struct page *page, bool last)
{
	struct hf_session_stats stats;
	double ps[5 + 2 * 6];
	uint32_t more = random_below(&page_seed, 100000);
	if (page->over) {
		page->id = 0;
		page->over = false;
	}
	if (page->id == 0) {
		if (!last)
			spawn(page);
		return;
	}
	/* A paused guest would never end. */
	if (last)
		(void)hf_c_pause(page->session, 0);
	if (page->ending && page->session && random_below(&page_seed, 20) == 0)
		hf_c_claim(page->session);
	switch (random_below(&page_seed, last ? 6 : 40)) {
	case 0:
		hf_c_end(page->session, HF_EXIT_KILLED, 137, "killed", 6);
		break;
	case 1:
		hf_c_feed_end(page->session);
		break;
	case 2:
		if (random_below(&page_seed, 4) == 0) {
			page->cancelled = true;
			hf_c_cancel(page->session, 1 + random_below(&page_seed, 2));
		}
		break;
	case 3:
		hf_c_session_stats(page->session, &stats);
		CHECK(stats.wakeups <= stats.parks);
		break;
	case 4:
		feed_some(page);
		break;
	case 10:
	case 11:
		(void)hf_c_pause(page->session, random_below(&page_seed, 2));
		CHECK(hf_c_ps(page->session, ps, 5 + 2 * 6) <= 5 + 2 * 6);
		break;
	default:
		page->credit[1] += more;
		hf_c_credit(page->session, 1, more);
		if (page->session)
			hf_c_credit(page->session, 2, 1);
	}
}

static bool all_over(void)
{
	for (int i = 0; i < PAGES; i++) {
		if (pages[i].id != 0)
			return false;
	}
	return true;
}

int main(void)
{
	const struct browser browser = {.guest = guest,
	                                .output = on_output,
	                                .output_end = on_output_end,
	                                .stdin_ready = on_stdin_ready,
	                                .exited = on_exited,
	                                .session_over = on_over,
	                                .ending = on_ending};
	page_seed = random_seed();
	coordinator_begin(&browser, 2, MAX_WORKERS);
	size_t blocks = coordinator_blocks();
	bool last = false;
	while (!last || !all_over()) {
		last = last || (!time_left(&budget) && spawned > SPAWNED_LEAST) || zombies_at_the_door() >= ZOMBIES_MOST;
		act(&pages[random_below(&page_seed, PAGES)], last);
		if (random_below(&page_seed, 500) == 0)
			hf_c_pool_shrink(2, random_below(&page_seed, 2));
		coordinator_turn();
	}
	/* Workers that are leaving have released everything except their own memory. */
	for (int i = 0; i < 50; i++)
		coordinator_turn();
	CHECK_EQ(coordinator_blocks(), blocks);
	printf("%u spawned, %u refused; ended by exit %u, trap %u, kill %u, crash %u; %u zombies\n", spawned, refused,
	       reasons[1], reasons[2], reasons[3], reasons[6], zombies_at_the_door());
	fflush(stdout);
	/* Workers stay alive, and zombies sleep forever. */
	_Exit(0);
}
