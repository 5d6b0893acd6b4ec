/* Guests are killed at random instants while they compute (interruptible or not), wait on memory outside of the kernel, read, sleep, write to a page
 * that does not read, use sockets, files and threads, or are just being started. After each hundred the kernel's
 * locks are free, its counts are zero and its memory is what it was. HOLDFAST_KILLS=10000 sets the number of kills; the default is as many as fit
 * into a hammer's time budget. */
#include "support/coordinator.h"

#include "coordinator/pool.h"
#include "coordinator/root.h"
#include "fs/memnode.h"
#include "fs/random.h"
#include "kernel/socket.h"
#include "platform/alloc.h"
#include "platform/native.h"
#include "support/doors.h"
#include "support/files.h"
#include "support/removal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LANES 10
#define MAX_WORKERS 24
#define FIRST_PORT 1000
/* An interruptible guest has this many turns of the event loop to leave by itself; then it is claimed. */
#define GRACE_TURNS 20

enum { LISTENER = 3, CLIENT = 4, TREE = 5, ACCEPTED = 6 };

int32_t hf_wt_thread_spawn(uint32_t argument);

enum kind {
	COMPUTES,
	COMPUTES_AND_DIES_LATE,
	WAITS_ON_MEMORY,
	READS,
	SLEEPS,
	WRITES,
	TALKS,
	WORKS_ON_FILES,
	HAS_THREADS,
	KINDS,
};

struct lane {
	uint32_t id; /* 0: free */
	struct session *session;
	uint64_t kill_at;
	unsigned grace;
	bool killed, ending;
};

static struct lane lanes[LANES];
static struct budget budget = {.milliseconds = 1800};
static uint64_t page_seed;
static uint32_t next_id = 1;
static unsigned started, ended, by_kind[KINDS], reasons[8], claimed_late;

static enum kind kind_of(uint32_t session)
{
	return (enum kind)(session * 2654435761u >> 8) % KINDS;
}

/* ---- guests: a vector at 0, a count at 16, a path at 32, data at 64 ---- */

static uint32_t vector(uint32_t size)
{
	const uint32_t parts[2] = {64, size};
	memcpy(guest_memory(), parts, sizeof parts);
	return 0;
}

static void sleep_for(uint64_t nanoseconds)
{
	uint8_t *sub = guest_memory() + 64;
	memset(sub, 0, 48);
	sub[16] = HF_CLOCK_MONOTONIC;
	memcpy(sub + 24, &nanoseconds, 8);
	(void)hf_p1_poll_oneoff(64, 256, 1, 16);
}

static void compute(uint64_t *seed)
{
	for (uint32_t i = random_below(seed, 3000); i > 0; i--)
		hf_plat_relax();
}

/* One of a few names, so that guests collide. */
static uint32_t name(uint64_t *seed, uint32_t at)
{
	return (uint32_t)snprintf((char *)guest_memory() + at, 16, "hammer/%c", 'a' + (char)random_below(seed, 5));
}

static void work_on_a_file(uint64_t *seed)
{
	uint32_t fd, one = name(seed, 32), other = name(seed, 48);
	switch (random_below(seed, 5)) {
	case 0:
		(void)hf_p1_path_rename(TREE, 32, one, TREE, 48, other);
		break;
	case 1:
		(void)hf_p1_path_link(TREE, 0, 32, one, TREE, 48, other);
		break;
	case 2:
		(void)hf_p1_path_unlink_file(TREE, 32, one);
		break;
	default:
		if (hf_p1_path_open(TREE, 0, 32, one, HF_OFLAG_CREAT, HF_RIGHTS_ALL, 0, 0, 16) != 0)
			return;
		memcpy(&fd, guest_memory() + 16, 4);
		(void)hf_p1_fd_write(fd, vector(random_below(seed, 90000)), 1, 16);
		/* Sometimes it stays open, perhaps without a name. */
		if (random_below(seed, 4) > 0)
			(void)hf_p1_fd_close(fd);
	}
}

static void talk(uint64_t *seed)
{
	switch (random_below(seed, 4)) {
	case 0:
		(void)hf_p1_sock_recv(ACCEPTED, vector(1 + random_below(seed, 50000)), 1, 0, 16, 20);
		break;
	case 1:
		(void)hf_p1_sock_send(ACCEPTED, vector(random_below(seed, 20000)), 1, 0, 16);
		break;
	case 2:
		compute(seed);
		break;
	default:
		(void)hf_p1_sock_send(CLIENT, vector(random_below(seed, 50000)), 1, 0, 16);
	}
}

static enum run_end thread(uint64_t *seed, uint32_t argument)
{
	for (int i = 0;; i++) {
		guest_may_die();
		if (argument % 3 == 0 && i > 3)
			return RUN_RETURNED;
		if (argument % 3 == 1)
			compute(seed);
		else
			sleep_for(random_below(seed, 100000));
	}
}

static void live(enum kind kind, uint64_t *seed)
{
	switch (kind) {
	case COMPUTES_AND_DIES_LATE:
		/* A zombie that eventually reaches the door. */
		for (int i = 0; i < 30; i++)
			compute(seed);
		(void)hf_p1_sched_yield();
		break;
	case WAITS_ON_MEMORY:
		sleep_us(50);
		break;
	case READS:
		(void)hf_p1_fd_read(0, vector(1 + random_below(seed, 5000)), 1, 16);
		break;
	case SLEEPS:
		sleep_for(random_below(seed, 2) ? UINT64_MAX / 2 : random_below(seed, 2000000));
		break;
	case WRITES:
		(void)hf_p1_fd_write(1, vector(random_below(seed, 100000)), 1, 16);
		break;
	case TALKS:
		talk(seed);
		break;
	case WORKS_ON_FILES:
		work_on_a_file(seed);
		break;
	case HAS_THREADS:
		(void)hf_wt_thread_spawn(random_below(seed, 1000));
		(void)hf_p1_sched_yield();
		break;
	default:
		compute(seed);
	}
}

static enum run_end guest(uint32_t id, uint32_t tid, uint32_t argument)
{
	uint64_t seed = id * 1000 + tid + argument + 1;
	enum kind kind = kind_of(id);
	if (tid != 0)
		return thread(&seed, argument);
	if (kind == TALKS)
		(void)hf_p1_sock_accept(LISTENER, 0, 16);
	if (kind == WORKS_ON_FILES)
		(void)hf_p1_path_create_directory(TREE, 32, (uint32_t)snprintf((char *)guest_memory() + 32, 16, "hammer"));
	for (;;) {
		if (kind != COMPUTES_AND_DIES_LATE)
			guest_may_die();
		live(kind, &seed);
	}
}

/* ---- the page ---- */

static struct lane *find(uint32_t id)
{
	struct lane *lane = &lanes[id % LANES];
	CHECK_EQ(lane->id, id);
	return lane;
}

static void on_output(uint32_t id, uint32_t fd, const uint8_t *bytes, size_t size)
{
	CHECK(find(id)->session && fd == 1 && bytes && size > 0);
}

static void on_output_end(uint32_t id, uint32_t fd)
{
	CHECK(find(id)->session || fd <= 2);
}

static void on_stdin_ready(uint32_t id)
{
	(void)find(id);
}

static void on_exited(uint32_t id, uint32_t reason, uint32_t code, const char *message, size_t message_size)
{
	CHECK(find(id)->killed);
	CHECK(reason == HF_EXIT_KILLED && code == 137 && message_size == 6 && memcmp(message, "killed", 6) == 0);
	reasons[reason]++;
	/* Its unread output may be discarded. */
	for (uint32_t fd = 1; fd <= 2; fd++)
		hf_c_cancel(find(id)->session, fd);
}

static void on_over(uint32_t id)
{
	memset(find(id), 0, sizeof *lanes);
	ended++;
}

static void on_ending(uint32_t id)
{
	find(id)->ending = true;
}

static void spawn(struct lane *lane)
{
	struct {
		struct hf_spawn_header header;
		uint32_t sockets[2][3];
		char strings[2];
		struct hf_spawn_preopen preopen;
		char texts[5];
	} __attribute__((packed)) block = {
		.header = {.arg_count = 1, .arg_size = 2, .preopen_count = 1, .piped = 7, .socket_count = 2},
		.strings = {'a', 0},
		.preopen = {.guest_size = 1, .path_size = 4},
		.texts = {'/', '/', 't', 'm', 'p'},
	};
	struct hf_spawn_header *header = malloc(sizeof block);
	struct hf_spawn_error error;
	uint32_t id = next_id;
	CHECK(header);
	while (id % LANES != (uint32_t)(lane - lanes))
		id++;
	block.header.id = id;
	block.header.interruptible = random_below(&page_seed, 2);
	block.header.credit = random_below(&page_seed, 1000);
	/* It listens, and connects to itself. */
	block.sockets[0][0] = 1;
	block.sockets[0][1] = block.sockets[1][1] = FIRST_PORT + (uint32_t)(lane - lanes);
	memcpy(header, &block, sizeof block);
	lane->id = id;
	lane->session = hf_c_spawn(header, &error, NULL, NULL, NULL, NULL);
	free(header);
	if (!lane->session) {
		CHECK_ERR(error.error, -HF_EAGAIN);
		lane->id = 0;
		return;
	}
	next_id = id + 1;
	started++;
	by_kind[kind_of(id)]++;
	/* A third of them soon after their start, or before it. */
	uint32_t most = random_below(&page_seed, 3) ? 4000 : 100;
	lane->kill_at = hf_plat_monotonic() + random_below(&page_seed, most) * UINT64_C(1000);
}

static void act(struct lane *lane, bool may_start)
{
	if (lane->id == 0) {
		if (may_start)
			spawn(lane);
		return;
	}
	if (!lane->killed && hf_plat_monotonic() >= lane->kill_at) {
		lane->killed = true;
		hf_c_end(lane->session, HF_EXIT_KILLED, 137, "killed", 6);
	}
	if (!lane->killed && random_below(&page_seed, 8) == 0) {
		uint8_t bytes[100] = {0};
		(void)hf_c_feed(lane->session, bytes, sizeof bytes);
		hf_c_credit(lane->session, 1, random_below(&page_seed, 10000));
		(void)hf_c_pause(lane->session, random_below(&page_seed, 6) == 0);
	}
	if (lane->id && lane->ending && ++lane->grace >= GRACE_TURNS) {
		lane->grace = 0;
		claimed_late++;
		hf_c_claim(lane->session);
	}
}

static bool all_over(void)
{
	for (int i = 0; i < LANES; i++) {
		if (lanes[i].id != 0)
			return false;
	}
	return true;
}

static void turn(bool may_start)
{
	for (int i = 0; i < LANES; i++)
		act(&lanes[i], may_start);
	coordinator_turn();
}

/* ---- what must hold when nothing runs ---- */

static bool is_free(const struct hf_lock *lock)
{
	return atomic_load(&lock->word) == 0;
}

static void check_whole(size_t blocks, uint64_t nodes)
{
	/* Lets zombies and leaving workers finish. */
	while (hf_pool_count(HF_WORKER_RUNNING) + hf_pool_count(HF_WORKER_ZOMBIE) > 0)
		coordinator_turn();
	coordinator_turn();
	int removed = remove_tree("/tmp/hammer");
	CHECK(removed == 0 || removed == -HF_ENOENT);
	CHECK_EQ(hf_memfs_usage(hf_root_fs()).nodes, nodes);
	CHECK_EQ(hf_memfs_usage(hf_root_fs()).bytes, 0);
	CHECK_EQ(hf_socket_count(), 0);
	CHECK_EQ(hf_listener_count(), 0);
	CHECK(is_free(&hf_root_fs()->tree));
	/* The locks that are private to their files: of the ports, the queue, the random generator and the allocator. */
	struct hf_listener *listener;
	char some[16];
	CHECK_OK(hf_listener_open(FIRST_PORT, &listener));
	hf_listener_close(listener);
	CHECK_EQ(hf_work_drain(), 0);
	hf_random(some, sizeof some);
	CHECK_EQ(coordinator_blocks(), blocks);
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
	const char *wanted = getenv("HOLDFAST_KILLS");
	unsigned kills = wanted ? (unsigned)atoi(wanted) : 0, next_check = 0;
	page_seed = random_seed();
	coordinator_zombies_die();
	coordinator_begin(&browser, 2, MAX_WORKERS);
	/* A directory keeps the table that it allocates for its first names, so allocate that before counting. */
	CHECK_OK(f_mkdir(hf_root_vnode(), "/tmp/hammer"));
	CHECK_OK(remove_tree("/tmp/hammer"));
	size_t blocks = coordinator_blocks();
	uint64_t nodes = hf_memfs_usage(hf_root_fs()).nodes;
	while (kills ? ended < kills : time_left(&budget)) {
		next_check += 100;
		while (started < next_check)
			turn(true);
		while (!all_over())
			turn(false);
		check_whole(blocks, nodes);
	}
	printf("%u killed of %u; late %u; by kind:", ended, started, claimed_late);
	for (int i = 0; i < KINDS; i++)
		printf(" %u", by_kind[i]);
	printf("\n");
	CHECK_EQ(reasons[HF_EXIT_KILLED], ended);
	CHECK(started >= 100 && ended == started);
	fflush(stdout);
	/* Workers stay alive. */
	_Exit(0);
}
