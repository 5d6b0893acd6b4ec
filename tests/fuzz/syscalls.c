/* Guests make arbitrary calls with arbitrary arguments at the worst moments. The kernel never crashes or hangs, leaves no lock held, leaks no
 * memory or count, never reaches outside the preopened directories, and never changes a read-only one.
 *
 * The input is a list of records, each a step: a call of one of the threads, something that a guest does to its own memory, or something that the
 * page or the coordinator does. For each argument one byte chooses how its value is made (from a table of likely values, or from bytes of the
 * input), so most mutations are still useful programs.
 *
 * Steps happen within steps: where a call sleeps or yields the next step runs, of another thread or of the page, and so on, up to a maximum depth.
 * If the record says so, that also happens after a call has copied something out of its guest's memory with no lock held, or the copied memory
 * changes at once. So an input can interleave another thread at each point where that is possible, and always does so in the same way. */
#include "platform/alloc.h"
#include "support/machine.h"
#include "support/records.h"
#include "support/world.h"

#include "support/doors.h"
#include "wasi/abi.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int32_t hf_wt_thread_spawn(uint32_t argument);

#define DEEPEST 5

static struct records input;
static unsigned depth;

static bool step(void);

/* ---- values ---- */

enum {
	TEXTS = 1024,     /* texts, 64 bytes apart */
	LONG = 4096,      /* a text that steps build, of up to 4,200 bytes */
	IOVS = 8448,      /* pieces */
	SUBS = 10240,     /* subscriptions of preview 1 */
	OLD_SUBS = 17000, /* of wasi_unstable */
	OUT = 24576,      /* results */
	DATA = 32768,     /* buffers */
};

static const char *const texts[] = {"a",        "b",    "dir",      "dir/a",    "dir/b",      "link",
                                    "loop",     "..",   ".",        "dir/..",   "../a",       "dir/",
                                    "/",        "/a",   "a/b",      "link/a",   "\xc3\xa9",   "\xff",
                                    "dir/link", "file", "dev",      "dev/null", "dev/random", "dev/zero",
                                    "new",      "new/", "dev/full", "up",       "up/..",      "deep/deep/deep",
                                    "a//b/./c", "",     "absolute", "dangling", "dangling/",  "dir/../dir/a"};
#define TEXT_COUNT (sizeof texts / sizeof texts[0])

static const uint32_t addresses[] = {
	0,         4,        OUT,      OUT + 4, OUT + 64,     IOVS,       IOVS + 8, SUBS,       SUBS + 48,   DATA,
	DATA + 64, PAGE - 8, PAGE - 1, PAGE,    2 * PAGE - 4, 0xFFFFFFF8, OLD_SUBS, OUT + 2048, DATA + 8192, 1};
static const uint32_t sizes[] = {0,    1,    2,    3,    4,    5,     8,     16,    24,    31,         64,        100,
                                 1024, 4095, 4096, 4097, 4200, 20000, 32768, 65535, 65536, 0x7FFFFFFF, 0xFFFFFFFF};
static const uint64_t wides[] = {0,
                                 1,
                                 2,
                                 3,
                                 4,
                                 100,
                                 4095,
                                 4096,
                                 65535,
                                 65536,
                                 65537,
                                 200000,
                                 1 << 20,
                                 (1 << 22) - 1,
                                 1 << 22,
                                 UINT64_C(1) << 32,
                                 UINT64_C(1) << 40,
                                 INT64_MAX,
                                 (uint64_t)INT64_MAX + 1,
                                 UINT64_MAX,
                                 UINT64_MAX - 1,
                                 10};
static const uint64_t rights[] = {HF_RIGHTS_ALL & ~HF_RIGHT_FD_READDIR,
                                  HF_RIGHTS_ALL & ~HF_RIGHT_FD_READDIR,
                                  HF_RIGHTS_ALL,
                                  HF_RIGHT_FD_READ,
                                  HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE | HF_RIGHT_FD_SEEK,
                                  HF_RIGHT_FD_WRITE,
                                  HF_RIGHTS_ALL & ~(HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE),
                                  0,
                                  UINT64_MAX};
static const uint32_t counts[] = {0,  1,  2,   3,   4,   8,    9,    16,         17,
                                  33, 60, 119, 120, 121, 1024, 1025, 0x10000000, 0xFFFFFFFF};

/* Makes some values more likely than an even choice from the tables would. */
static const uint8_t fds[] = {0, 1, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 6, 7, 7, 8, 9, 10, 15, 16, 31, 39, 40};

/* Makes one argument, or for 't' the two arguments of a text. */
static unsigned take_argument(struct record *record, char kind, uint64_t *out)
{
	uint8_t how = take_byte(record);
	bool raw = how >= 244;
	switch (kind) {
	case 'f':
		out[0] = raw ? take_bytes(record, 4) : PICK(fds, how);
		return 1;
	case 'p':
		out[0] = raw ? take_bytes(record, 3) : PICK(addresses, how);
		return 1;
	case 'v': /* mostly the address of a vector */
		out[0] = how < 200 ? IOVS + 8 * (how % 4) : PICK(addresses, how);
		return 1;
	case 'u':
		out[0] = how < 100 ? SUBS : how < 200 ? OLD_SUBS : PICK(addresses, how);
		return 1;
	case 'e':
		out[0] = how < 200 ? OUT : PICK(addresses, how);
		return 1;
	case 's':
		out[0] = raw ? take_bytes(record, 2) : PICK(sizes, how);
		return 1;
	case 'c':
		out[0] = raw ? take_bytes(record, 2) : PICK(counts, how);
		return 1;
	case 'w':
		out[0] = raw ? take_bytes(record, 8) : PICK(wides, how);
		return 1;
	case 'r':
		out[0] = raw ? take_bytes(record, 8) : PICK(rights, how);
		return 1;
	case 'l': /* mostly existing ones */
		out[0] = raw ? how : how % 2;
		return 1;
	case 'o':
		out[0] = raw ? how : how < 80 ? 0 : how < 160 ? HF_OFLAG_CREAT : how % (HF_OFLAGS_ALL + 1);
		return 1;
	case 'd':
		out[0] = raw ? how : how < 120 ? 0 : how % (HF_FDFLAGS_ALL + 1);
		return 1;
	case 'm':
		out[0] = raw ? take_bytes(record, 4) : how % 17;
		return 1;
	case 't':
		if (how >= 220 && !raw) {
			out[0] = LONG;
			out[1] = take_bytes(record, 2) % 4200;
			return 2;
		}
		out[0] = raw ? take_bytes(record, 2) : TEXTS + 64 * (how % TEXT_COUNT);
		out[1] = raw ? take_byte(record) : strlen(texts[how % TEXT_COUNT]);
		return 2;
	default:
		out[0] = raw ? take_bytes(record, 4) : how % 64;
		return 1;
	}
}

/* ---- the calls ---- */

struct call {
	uint32_t number;
	uint64_t arguments[16];
};

#define A(n) ((uint32_t)a[n])
#define X(name, kinds, ...)                  \
	static void p1_##name(const uint64_t *a) \
	{                                        \
		(void)hf_p1_##name(__VA_ARGS__);     \
	}
#define OLD(name, kinds, ...)                \
	X(name, kinds, __VA_ARGS__)              \
	static void un_##name(const uint64_t *a) \
	{                                        \
		(void)hf_un_##name(__VA_ARGS__);     \
	}
#include "calls.def"
#undef X
#undef OLD

static void p1_proc_exit(const uint64_t *a)
{
	hf_p1_proc_exit(A(0));
}

static void p1_sched_yield(const uint64_t *a)
{
	(void)a;
	(void)hf_p1_sched_yield();
}

static void p1_sock_accept(const uint64_t *a)
{
	(void)hf_p1_sock_accept(A(0), A(1), A(2));
}

static void thread_spawn(const uint64_t *a)
{
	CHECK(hf_wt_thread_spawn(A(0)) != 0);
}

static const struct {
	const char *kinds;
	void (*call)(const uint64_t *a);
} calls[] = {
/* Two numbers for each; the corpus depends on them. */
#define X(name, kinds, ...) {kinds, p1_##name}, {kinds, p1_##name},
#define OLD(name, kinds, ...) {kinds, p1_##name}, {kinds, un_##name},
#include "calls.def"
#undef X
#undef OLD
	{"", p1_sched_yield}, {"", p1_sched_yield}, {"fxp", p1_sock_accept},
	{"x", thread_spawn},  {"x", p1_proc_exit},  {"x", p1_proc_exit},
};
#define CALL_COUNT (sizeof calls / sizeof calls[0])

static void guest(void *context)
{
	struct call *call = context;
	calls[call->number].call(call->arguments);
}

/* ---- what may come between ---- */

/* The mode of the innermost call. */
static struct mode {
	uint8_t change;  /* changes what was just read; 0: no change */
	uint8_t between; /* runs a step of another thread after this many copies */
} mode;

static void copied(struct memory *memory, uint32_t from, uint32_t size)
{
	for (uint32_t i = 0; mode.change && i < size; i++)
		memory->bytes[from + i] ^= (char)mode.change;
	if (mode.between > 0 && --mode.between == 0 && !hf_lock_order_any())
		(void)step();
}

static bool meanwhile(hf_word *word)
{
	/* Only these may sleep: anywhere else, a call that sleeps below us on this stack would hold a lock. */
	CHECK(hf_self && (word == &hf_self->park || word == &hf_self->spawn.base.state));
	return step() || world_coordinate();
}

static void yielded(void)
{
	(void)step();
}

static void stuck(void)
{
	hf_thread_stop(hf_self);
}

/* ---- steps ---- */

/* Special behaviour of a call: usually none. */
enum how { INTERRUPTED = 10, NO_MEMORY, CHANGES, BETWEEN, CHANGES_BETWEEN, BETWEEN_WITHOUT_MEMORY };

/* One of the threads that can make a call, or NULL. */
static struct slot *choose_thread(uint8_t which)
{
	struct slot *free_to_go[THREADS];
	unsigned count = 0;
	for (unsigned i = 0; i < THREADS; i++) {
		if (world.slots[i].state == IN_GUEST)
			free_to_go[count++] = &world.slots[i];
	}
	return count ? free_to_go[which % count] : NULL;
}

/* The last call that was not nested in another, and its caller; other_step repeats it, up to a limit. */
static struct call last;
static struct slot *last_slot;

static void again(unsigned times)
{
	for (; times > 0 && last_slot && last_slot->state == IN_GUEST; times--)
		world_call(last_slot, guest, &last);
}

static void one_call(struct record *record, uint8_t which, uint8_t flags, uint8_t parameter)
{
	struct slot *slot = choose_thread(flags % 16);
	enum how how = flags / 16;
	struct call call = {.number = which % CALL_COUNT};
	unsigned count = 0;
	if (!slot)
		return;
	for (const char *kind = calls[call.number].kinds; *kind; kind++)
		count += take_argument(record, *kind, call.arguments + count);
	if (depth == 1) {
		last = call;
		last_slot = slot;
	}
	struct mode before = mode;
	mode = (struct mode){.change = how == CHANGES || how == CHANGES_BETWEEN ? parameter : 0,
	                     .between = how >= BETWEEN ? 1 + parameter % 8 : 0};
	/* With the order to stop, every wait of the call ends at once. */
	if (how == INTERRUPTED)
		atomic_store(&slot->block->orders, HF_ORDER_STOP);
	if (how == NO_MEMORY || how == BETWEEN_WITHOUT_MEMORY)
		hf_alloc_fail_after(parameter % 8);
	world_call(slot, guest, &call);
	hf_alloc_fail_after(UINT32_MAX);
	mode = before;
}

static struct memory *memory_of(uint8_t which)
{
	return world.processes[which % PROCESSES].memory;
}

static void write_bytes(struct record *record, struct memory *memory)
{
	uint64_t address;
	(void)take_argument(record, 'p', &address);
	for (unsigned size = take_byte(record) % 20; size > 0; size--)
		memory->bytes[address++ % PAGE] = (char)take_byte(record);
}

static void write_piece(struct record *record, struct memory *memory)
{
	uint64_t buffer, size;
	uint32_t index = take_byte(record) % 64;
	(void)take_argument(record, 'p', &buffer);
	(void)take_argument(record, 's', &size);
	const struct wasi_iovec piece = {(uint32_t)buffer, (uint32_t)size};
	memcpy(memory->bytes + IOVS + index * sizeof piece, &piece, sizeof piece);
}

/* One subscription, or many copies of it, in both layouts. */
static void write_subscriptions(struct record *record, struct memory *memory)
{
	static const uint64_t timeouts[] = {0, 1, 1000, 1000000, 20000000, UINT64_C(1000000000), UINT64_MAX};
	unsigned index = take_byte(record) % 122, copies = 1 + take_byte(record) % 8 * 16;
	uint8_t tag = take_byte(record), clock = take_byte(record), how = take_byte(record);
	uint64_t fd;
	(void)take_argument(record, 'f', &fd);
	struct wasi_subscription sub = {.userdata = take_byte(record), .tag = tag % 4};
	struct wasi_unstable_subscription old = {.userdata = sub.userdata, .tag = sub.tag};
	if (sub.tag == HF_EVENTTYPE_CLOCK) {
		sub.u.clock.id = old.u.clock.rest.id = clock % 5;
		sub.u.clock.timeout = old.u.clock.rest.timeout = PICK(timeouts, how);
		sub.u.clock.flags = old.u.clock.rest.flags = how / 8 % 4 == 0 ? how / 32 : 0;
	} else {
		sub.u.fd = old.u.fd = (uint32_t)fd;
	}
	for (; copies > 0 && index < 122; copies--, index++) {
		memcpy(memory->bytes + SUBS + index * sizeof sub, &sub, sizeof sub);
		memcpy(memory->bytes + OLD_SUBS + index * sizeof old, &old, sizeof old);
	}
}

/* Builds a text from repeated pieces. */
static void write_long_text(struct record *record, struct memory *memory)
{
	static const char *const pieces[] = {"a", "dir/",     "../",  "./", "x",    "link/",
	                                     "/", "\xc3\xa9", "\xff", "",   "new/", "up/"};
	char *at = memory->bytes + LONG, *end = at + 4200;
	for (unsigned i = 0; i < 8; i++) {
		const char *piece = PICK(pieces, take_byte(record));
		size_t size = strlen(piece);
		unsigned times = take_byte(record);
		for (times = times < 200 ? 1 : (times - 199) * 20; times > 0 && at + size <= end; times--, at += size)
			memcpy(at, piece, size);
	}
}

/* Changes that the page makes in the tree while guests use it. */
static void page_changes_files(struct record *record)
{
	static const char *const names[] = {"/a", "/b", "/dir", "/dir/a", "/dir/b", "/link", "/new", "/dir/new", "/file"};
	uint8_t what = take_byte(record);
	const char *a = PICK(names, take_byte(record)), *b = PICK(names, take_byte(record));
	switch (what % 7) {
	case 0:
		(void)f_mkdir(world.box, a);
		break;
	case 1:
		(void)f_rmdir(world.box, a);
		break;
	case 2:
		(void)f_unlink(world.box, a);
		break;
	case 3:
		(void)f_rename(world.box, a, b);
		break;
	case 4:
		(void)f_put(world.box, a, "the page's");
		break;
	case 5:
		(void)f_symlink(world.box, "dir", a);
		break;
	default:
		(void)f_truncate(world.box, a, what);
	}
}

/* The page's connections, as peers of the guests'. */
static void peer_step(uint8_t what, uint8_t which)
{
	static const uint32_t amounts[] = {1, 100, 4096, 16384};
	unsigned peer = which % PEERS;
	switch (what % 8) {
	case 0:
	case 1:
		world_connect(peer);
		break;
	case 2:
	case 3:
		world_send(peer, PICK(amounts, what / 8));
		break;
	case 4:
	case 5:
		world_receive(peer, PICK(amounts, what / 8));
		break;
	case 6:
		world_shut_down(peer, what / 8 % 4);
		break;
	default:
		world_disconnect(peer);
	}
}

/* Keys for the terminal: special keys, one key repeated, or a change of its mode. */
static void keyboard_step(struct record *record, uint8_t what)
{
	static const uint8_t special[] = {0x7f, 8, 23, 21, 18, 22, 4, 3, 28, 26, '\n', '\r', ' ', 'a', 0, 0xc3};
	uint8_t keys[512];
	uint32_t size = 0;
	if (what % 8 == 0) {
		world_set_terminal(2, what / 8 % 2, what / 16 % 4 != 0);
		return;
	}
	for (unsigned count = 1 + what % 8; count > 0; count--) {
		uint8_t how = take_byte(record), key = how < 160 ? PICK(special, how) : take_byte(record);
		for (unsigned times = how % 16 == 15 ? 60 : 1; times > 0 && size < sizeof keys; times--)
			keys[size++] = key;
	}
	world_type(2, keys, size);
}

static void trace_step(uint8_t what, unsigned process)
{
	if (what % 4 < 2)
		world_trace(process, what % 4 == 0);
	else
		world_take_trace(process);
}

static void other_step(struct record *record, uint8_t what, uint8_t whose)
{
	static const uint32_t amounts[] = {1, 10, 100, 4096, 5000, 16384};
	static const uint64_t spans[] = {1, 1000, 100000, 1000000, 20000000, UINT64_C(2000000000)};
	struct memory *memory = memory_of(whose);
	unsigned process = whose % PROCESSES;
	uint8_t parameter = take_byte(record);
	switch (what % 16) {
	case 0:
		write_bytes(record, memory);
		break;
	case 1:
		again(parameter % 64);
		break;
	case 2:
	case 3:
		write_piece(record, memory);
		break;
	case 4:
	case 5:
	case 6:
		write_subscriptions(record, memory);
		break;
	case 7:
		write_long_text(record, memory);
		break;
	case 8:
		memory->pages = MOST_PAGES;
		break;
	case 9:
		world_feed(process, PICK(amounts, parameter));
		break;
	case 10:
		world_take(process, 1 + parameter % 2, PICK(amounts, parameter / 2));
		break;
	case 11:
		world_close(process, parameter % 3);
		break;
	case 12:
		machine_advance(PICK(spans, parameter));
		break;
	case 13:
		page_changes_files(record);
		break;
	case 14:
		if (parameter % 4 == 0)
			world_kill(process);
		else
			world_start(process);
		break;
	default:
		(void)world_coordinate();
	}
}

/* Returns false if no step is left, or too many are in progress. */
static bool step(void)
{
	struct record record;
	if (depth == DEEPEST || !records_next(&input, &record))
		return false;
	struct mode before = mode;
	mode = (struct mode){0};
	depth++;
	uint8_t what = take_byte(&record), flags = take_byte(&record);
	if (what < 160)
		one_call(&record, what, flags, take_byte(&record));
	else if (what >= 250)
		trace_step(what, flags % PROCESSES);
	else if (what >= 242)
		keyboard_step(&record, flags);
	else if (what >= 226)
		peer_step(take_byte(&record), flags);
	else
		other_step(&record, what, flags);
	depth--;
	mode = before;
	return true;
}

/* ---- an input ---- */

static void prepare_memory(struct memory *memory)
{
	for (uint32_t i = 0; i < TEXT_COUNT; i++)
		memcpy(memory->bytes + TEXTS + 64 * i, texts[i], strlen(texts[i]));
	for (uint32_t i = 0; i < 64; i++) {
		const struct wasi_iovec piece = {DATA + 100 * i, 10 * i};
		memcpy(memory->bytes + IOVS + i * sizeof piece, &piece, sizeof piece);
	}
	for (uint32_t i = 0; i < 120; i++) {
		const struct wasi_subscription sub = {.userdata = i, .tag = 1 + i % 2, .u.fd = i % 8};
		memcpy(memory->bytes + SUBS + i * sizeof sub, &sub, sizeof sub);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct machine machine = {.meanwhile = meanwhile, .yielded = yielded, .stuck = stuck};
	(void)argc, (void)argv;
	memory_copied = copied;
	machine_begin(&machine);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	records_begin(&input, NULL, 0);
	last_slot = NULL;
	world_begin();
	for (unsigned i = 0; i < PROCESSES; i++)
		prepare_memory(world.processes[i].memory);
	records_begin(&input, data, size);
	while (step()) {
		(void)world_coordinate();
		world_check();
	}
	world_end();
	return 0;
}
