/* A guest starts a program: the coordinator gets the program's file from a descriptor of the guest, creates pipes for it, and gives the child only
 * the descriptors that the guest names and the guest's preopens. The child's output counts towards the parent's limit. If there is no room or no
 * memory, nothing is left behind. */
#include "support/coordinator.h"

#include "coordinator/pool.h"
#include "coordinator/session.h"
#include "kernel/file.h"
#include "platform/alloc.h"
#include "support/doors.h"

#include <string.h>

enum { PARENT = 1, CHILD, GREEDY, OTHER };
enum { PATH = 0, VECTOR = 16, OUT = 32, BYTES = 64, ROOT = 3, PROGRAM = 4, UNREADABLE = 5, MOST = 9 };

static _Atomic uint32_t exited, ready, memory_is_back, child_wrote;
static _Atomic uint32_t reasons[OTHER + 1];
static char output_bytes[64];
static size_t output_size;

static void vector(uint32_t size)
{
	const uint32_t values[2] = {BYTES, size};
	memcpy(guest_memory() + VECTOR, values, sizeof values);
}

static uint32_t opens(uint64_t rights)
{
	memcpy(guest_memory() + PATH, "program", 7);
	return hf_p1_path_open(ROOT, 0, PATH, 7, HF_OFLAG_CREAT, rights, 0, 0, OUT);
}

static void be_parent(void)
{
	CHECK_EQ(opens(HF_RIGHT_FD_READ | HF_RIGHT_FD_WRITE), 0); /* PROGRAM */
	CHECK_EQ(opens(HF_RIGHT_FD_WRITE), 0);                    /* UNREADABLE */
	memcpy(guest_memory() + BYTES, "bytes", 5);
	vector(5);
	CHECK_EQ(hf_p1_fd_write(PROGRAM, VECTOR, 1, OUT), 0);
	ready = 1;
	/* Sleeps in the kernel, as a guest does during the call. */
	vector(1);
	CHECK_EQ(hf_p1_fd_read(0, VECTOR, 1, OUT), 0);
}

static void be_child(void)
{
	uint32_t fds = 0, type;
	while (!memory_is_back)
		hf_plat_yield();
	for (uint32_t fd = 0; fd < MOST; fd++)
		fds += hf_p1_fd_fdstat_get(fd, BYTES) == 0;
	CHECK_EQ(fds, 4);
	CHECK_EQ(hf_p1_fd_fdstat_get(0, BYTES), 0);
	memcpy(&type, guest_memory() + BYTES, sizeof type);
	CHECK_EQ(type & 0xff, HF_FILETYPE_CHARACTER_DEVICE); /* /dev/null */
	CHECK_EQ(hf_p1_fd_prestat_dir_name(3, BYTES, 1), 0);
	CHECK_EQ(guest_memory()[BYTES], '/');
	CHECK_EQ(opens(HF_RIGHT_FD_READ), 0);
	vector(20);
	CHECK_EQ(hf_p1_fd_write(2, VECTOR, 1, OUT), 0);
	memcpy(guest_memory() + BYTES, "through a pipe", 14);
	vector(14);
	CHECK_EQ(hf_p1_fd_write(1, VECTOR, 1, OUT), 0);
	child_wrote = 1;
}

static enum run_end guest(uint32_t session, uint32_t tid, uint32_t argument)
{
	(void)tid, (void)argument;
	if (session == PARENT) {
		be_parent();
	} else if (session == CHILD) {
		be_child();
	} else if (session == GREEDY) {
		vector(100);
		(void)hf_p1_fd_write(1, VECTOR, 1, OUT); /* uses 20 of the parent's 50 bytes */
	}
	return RUN_RETURNED;
}

static void output(uint32_t session, uint32_t fd, const uint8_t *bytes, size_t size)
{
	CHECK(session == PARENT && fd == 1);
	CHECK(output_size + size <= sizeof output_bytes);
	memcpy(output_bytes + output_size, bytes, size);
	output_size += size;
}

static void output_end(uint32_t session, uint32_t fd)
{
	(void)session, (void)fd;
}

static void told(uint32_t session, uint32_t reason, uint32_t code, const char *message, size_t message_size)
{
	(void)code, (void)message, (void)message_size;
	reasons[session] = reason;
	exited++;
}

static void session_ended(uint32_t session)
{
	(void)session;
}

static void until_exited(uint32_t count)
{
	while (exited < count)
		coordinator_turn();
}

static struct session *spawn_parent(void)
{
	struct {
		struct hf_spawn_header header;
		struct hf_spawn_preopen preopen;
		char names[2];
	} order = {
		.header = {.id = PARENT, .credit = 1000, .piped = 3, .preopen_count = 1, .fds = MOST, .output = 50},
		.preopen = {.guest_size = 1, .path_size = 1},
		.names = "//",
	};
	struct hf_spawn_error error;
	struct session *session = hf_c_spawn(&order.header, &error, NULL, NULL, NULL, NULL);
	CHECK(session);
	while (!ready)
		coordinator_turn();
	return session;
}

/* The streams are descriptors plus 1. Returns the answer: 0 if the child runs. */
static int32_t spawn_child(uint32_t id, struct session *parent, uint32_t in, uint32_t out, uint32_t errors)
{
	struct {
		struct hf_spawn_header header;
		char nothing[1];
	} order = {.header = {.id = id, .outputs = HF_OUTPUTS_INHERITED}};
	struct hf_spawn_error error;
	struct session *session = hf_c_spawn(&order.header, &error, (void *)(uintptr_t)in, (void *)(uintptr_t)out,
	                                     (void *)(uintptr_t)errors, parent);
	CHECK_EQ(!session, error.error < 0);
	return error.error;
}

static void programs_are_files_that_can_be_read(struct session *parent)
{
	struct hf_vnode *vnode = NULL;
	char bytes[8];
	CHECK_EQ(hf_c_child_program(parent, PROGRAM, &vnode), 0);
	CHECK_EQ(hf_c_fs_read(vnode, 0, bytes, sizeof bytes), 5);
	CHECK_BYTES(bytes, "bytes", 5);
	hf_c_fs_close(vnode);
	CHECK_EQ(hf_c_child_program(parent, UNREADABLE, &vnode), -HF_EBADF);
	CHECK_EQ(hf_c_child_program(parent, ROOT, &vnode), -HF_EACCES);
	CHECK_EQ(hf_c_child_program(parent, 0, &vnode), -HF_EACCES);
	CHECK_EQ(hf_c_child_program(parent, 99, &vnode), -HF_EBADF);
	CHECK_EQ(hf_c_child_program(NULL, PROGRAM, &vnode), -HF_ESRCH);
}

static uint32_t pipes_need_room_and_memory(struct session *parent)
{
	struct hf_fdtable *fds = &hf_session_process(parent)->fds;
	struct hf_budget *budget = &hf_session_process(parent)->pipes;
	size_t before = hf_alloc_bytes();
	int32_t pipe = -HF_ENOMEM;
	for (uint32_t works = 0; pipe == -HF_ENOMEM; works++) {
		CHECK_EQ(hf_alloc_bytes(), before);
		CHECK_EQ(hf_fd_count(fds), 6);
		CHECK_EQ(hf_budget_used(budget), 0);
		hf_alloc_fail_after(works);
		pipe = hf_c_child_pipe(parent);
		hf_alloc_fail_after(UINT32_MAX);
	}
	CHECK_EQ(pipe, 6 | 7 << 16);
	CHECK_EQ(hf_c_child_pipe(parent), -HF_EMFILE); /* there is room for only one of its ends */
	CHECK_EQ(hf_fd_count(fds), 8);
	CHECK_EQ(hf_budget_used(budget), 1);
	CHECK(hf_budget_take(budget, HF_GUEST_PIPES - 1));
	CHECK_EQ(hf_c_child_pipe(parent), -HF_EMFILE); /* this is the maximum number of pipes */
	hf_budget_give_back(budget, HF_GUEST_PIPES - 1);
	CHECK_EQ(hf_c_child_pipe(NULL), -HF_ESRCH);
	return (uint32_t)pipe;
}

int main(void)
{
	static const struct browser browser = {
		.guest = guest, .output = output, .output_end = output_end, .exited = told, .session_over = session_ended};
	coordinator_begin(&browser, 2, 2);
	while (hf_c_pool_count(HF_WORKER_IDLE) < 2)
		coordinator_turn();
	struct session *parent = spawn_parent();
	programs_are_files_that_can_be_read(parent);
	uint32_t pipe = pipes_need_room_and_memory(parent), reader = pipe & 0xffff, writer = pipe >> 16;

	CHECK_EQ(spawn_child(OTHER, parent, 1, 99, 2), -HF_EBADF);
	CHECK_EQ(spawn_child(OTHER, NULL, 1, 2, 2), -HF_ESRCH);
	size_t before = hf_alloc_bytes();
	int32_t result = -HF_ENOMEM;
	for (uint32_t works = 0; result == -HF_ENOMEM; works++) {
		CHECK_EQ(hf_alloc_bytes(), before);
		hf_alloc_fail_after(works);
		result = spawn_child(CHILD, parent, 0, writer + 1, 1 + 1);
		hf_alloc_fail_after(UINT32_MAX);
	}
	memory_is_back = 1;
	CHECK_EQ(result, 0);
	until_exited(1);
	CHECK(child_wrote);
	while (output_size < 20)
		coordinator_turn();
	/* What it wrote to the pipe can be read. */
	struct hf_fd_view view;
	uint64_t bytes;
	CHECK_OK(hf_fd_get_from_outside(&hf_session_process(parent)->fds, reader, 0, &view));
	CHECK(view.file->ops->poll(view.file, HF_READY_IN, NULL, &bytes) == HF_READY_IN && bytes == 14);
	hf_fd_put(&view);

	while (hf_c_pool_count(HF_WORKER_IDLE) == 0)
		coordinator_turn();
	CHECK_EQ(spawn_child(GREEDY, parent, 0, 1 + 1, 0), 0);
	until_exited(2);
	CHECK_EQ(reasons[GREEDY], HF_EXIT_LIMIT);
	while (output_size < 50)
		coordinator_turn();
	CHECK_EQ(output_size, 50);

	hf_c_feed_end(parent);
	until_exited(3);
	CHECK_EQ(reasons[PARENT], HF_EXIT_EXIT);
	return 0;
}
