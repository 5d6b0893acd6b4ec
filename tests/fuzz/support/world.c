#include "world.h"

#include "fs/devfs.h"
#include "kernel/vnode_file.h"
#include "platform/alloc.h"
#include "platform/native.h"
#include "wasi/sys.h"
#include "wasi/trace.h"

#include <stdlib.h>
#include <string.h>

struct world world;

/* The process that has a terminal, and listens. */
#define WITH_TERMINAL 2

static const struct hf_limits limits = {
	.fds = FDS_MOST, .pipe_bytes = 8192, .poll_subscriptions = SUBSCRIPTIONS_MOST, .threads = 4};

void (*memory_copied)(struct memory *memory, uint32_t from, uint32_t size);

/* ---- memory ---- */

static struct memory *current(void)
{
	CHECK(world.running);
	return world.processes[world.running->process].memory;
}

static void copy_in(void *to, uint32_t from, uint32_t size)
{
	struct memory *memory = current();
	CHECK(size > 0 && (uint64_t)from + size <= (uint64_t)memory->pages * PAGE);
	memcpy(to, memory->bytes + from, size);
	memory_copied(memory, from, size);
}

static void copy_out(uint32_t to, const void *from, uint32_t size)
{
	struct memory *memory = current();
	CHECK(size > 0 && (uint64_t)to + size <= (uint64_t)memory->pages * PAGE);
	memcpy(memory->bytes + to, from, size);
}

static uint32_t pages(void)
{
	return current()->pages;
}

/* ---- processes and threads ---- */

static void thread_over(struct slot *slot)
{
	(void)hf_work_cancel(&slot->block->spawn.work);
	free(slot->block);
	*slot = (struct slot){.state = NO_THREAD};
}

/* Runs code outside of any thread. */
static struct slot *as_coordinator(void)
{
	struct slot *before = world.running;
	world.running = NULL;
	hf_thread_become(NULL);
	return before;
}

static void resume(struct slot *before)
{
	world.running = before;
	hf_thread_become(before ? before->block : NULL);
}

static void thread_claimed(struct hf_thread *thread)
{
	for (unsigned i = 0; i < THREADS; i++) {
		if (world.slots[i].block == thread) {
			CHECK_EQ(world.slots[i].state, IN_GUEST);
			world.slots[i].state = CLAIMED;
		}
	}
}

static void process_ended(struct hf_work *work)
{
	hf_process_claim_threads(HF_CONTAINER(work, struct hf_process, ended), thread_claimed);
}

static void spawn_asked(struct hf_work *work);

/* Returns the new thread's id, -HF_EAGAIN at a limit, or -HF_ESRCH. */
static int add_thread(unsigned process)
{
	for (unsigned i = 0; i < THREADS; i++) {
		struct slot *slot = &world.slots[i];
		if (slot->state != NO_THREAD)
			continue;
		struct hf_thread *block = calloc(1, sizeof *block);
		CHECK(block);
		hf_spawn_request_init(&block->spawn, spawn_asked);
		int result = hf_process_add_thread(world.processes[process].process, block, world.next_tid);
		if (result < 0) {
			free(block);
			return result;
		}
		block->mem = world.processes[process].memory->mem;
		*slot = (struct slot){.state = IN_GUEST, .process = process, .block = block};
		return (int)world.next_tid++;
	}
	return -HF_EAGAIN;
}

static void spawn_asked(struct hf_work *work)
{
	struct hf_spawn_request *request = HF_CONTAINER(work, struct hf_spawn_request, work);
	struct hf_thread *thread = HF_CONTAINER(request, struct hf_thread, spawn);
	if (!hf_request_take(&request->base))
		return;
	for (unsigned i = 0; i < THREADS; i++) {
		if (world.slots[i].block == thread) {
			hf_request_answer(&request->base, add_thread(world.slots[i].process));
			return;
		}
	}
	CHECK(!"a request is a thread's");
}

static void nothing(struct hf_waiter *waiter)
{
	(void)waiter;
}

/* Descriptor 0 of process 2: keys, instead of bytes. */
static bool add_terminal(struct process *process)
{
	struct hf_file *file;
	if (hf_tty_create(&process->tty) < 0) {
		process->tty = NULL;
		return false;
	}
	hf_waiter_init(&process->keyboard, nothing);
	if (hf_file_open_tty(process->tty, &file) < 0)
		return false;
	return hf_fd_insert(&process->process->fds, file, HF_RIGHTS_STREAM & ~HF_RIGHT_FD_WRITE, 0) >= 0;
}

/* Returns false without memory; the caller then drops everything that was created. */
static bool add_stream(struct process *process, unsigned fd)
{
	if (fd == 0 && process == &world.processes[WITH_TERMINAL])
		return add_terminal(process);
	struct hf_pipe *pipe;
	struct hf_file *file;
	if (hf_pipe_create(limits.pipe_bytes, &pipe) < 0)
		return false;
	process->streams[fd].pipe = pipe;
	hf_waiter_init(&process->streams[fd].waiter, nothing);
	if (hf_file_open_pipe(pipe, fd == 0 ? HF_READ : HF_WRITE, HF_FILETYPE_UNKNOWN, &file) < 0)
		return false;
	uint64_t rights = HF_RIGHTS_STREAM & ~(fd == 0 ? HF_RIGHT_FD_WRITE : HF_RIGHT_FD_READ);
	return hf_fd_insert(&process->process->fds, file, rights, 0) >= 0;
}

static bool add_directory(struct hf_process *process, struct hf_vnode *vnode, const char *name, bool read_only)
{
	struct hf_file *file;
	if (hf_file_open(hf_vnode_ref(vnode), HF_READ, 0, &file) < 0)
		return false;
	hf_vnode_file(file)->read_only_tree = read_only;
	return hf_fd_insert_preopen(&process->fds, file, name, (uint32_t)strlen(name), hf__rights_of(file),
	                            HF_RIGHTS_ALL) >= 0;
}

/* Adds process 2's listener. It is not a failure if another process still has the port open. */
static bool add_listener(struct hf_process *process)
{
	struct hf_listener *listener;
	struct hf_file *file;
	int result = hf_listener_open(PORT, &listener);
	if (result == -HF_EADDRINUSE)
		return true;
	if (result < 0 || hf_file_open_listener(listener, &file) < 0)
		return false;
	return hf_fd_insert_preopen(&process->fds, file, "", 0, hf__rights_of(file), HF_RIGHTS_SOCKET) >= 0;
}

static bool fill(struct process *process)
{
	bool ok = true;
	for (unsigned fd = 0; fd < 3 && ok; fd++)
		ok = add_stream(process, fd);
	ok = ok && add_directory(process->process, world.box, "/", false) &&
	     add_directory(process->process, world.read_only.root, "/ro", true);
	return ok && (process != &world.processes[WITH_TERMINAL] || add_listener(process->process));
}

static void drop_terminal(struct process *process)
{
	if (!process->tty)
		return;
	hf_tty_unwait(process->tty, &process->keyboard);
	hf_tty_hang_up(process->tty);
	hf_tty_unref(process->tty);
	process->tty = NULL;
}

static void drop_trace(struct process *process)
{
	if (!process->trace.pipe)
		return;
	hf_pipe_unpoll(process->trace.pipe, &process->trace.waiter);
	hf_pipe_drop_reader(process->trace.pipe);
	process->trace.pipe = NULL;
}

static void drop_process(struct process *process)
{
	drop_terminal(process);
	drop_trace(process);
	(void)hf_work_cancel(&process->process->ended);
	hf_process_unref(process->process);
	process->process = NULL;
}

void world_start(unsigned number)
{
	static char args[] = "prog\0one\0two words", env[] = "A=1\0B=";
	const struct hf_strings arg_list = {3, sizeof args, args}, env_list = {2, sizeof env, env};
	struct process *process = &world.processes[number];
	if (process->process && !hf_process_is_dead(process->process))
		return;
	struct slot *before = as_coordinator();
	if (process->process)
		drop_process(process);
	for (unsigned fd = 0; fd < 3; fd++)
		world_close(number, fd);
	if (hf_process_create(number + 1, &arg_list, &env_list, &limits, process_ended, &process->process) < 0)
		process->process = NULL;
	else if (!fill(process) || add_thread(number) < 0)
		drop_process(process);
	resume(before);
}

void world_kill(unsigned number)
{
	struct process *process = &world.processes[number];
	struct slot *before = as_coordinator();
	if (process->process)
		hf_process_end(process->process, HF_EXIT_KILLED, 137, "killed", 6, NULL, 0);
	resume(before);
}

bool world_coordinate(void)
{
	struct slot *before = as_coordinator();
	uint32_t done = hf_work_drain();
	resume(before);
	return done > 0;
}

void world_call(struct slot *slot, void (*call)(void *context), void *context)
{
	struct slot *before = world.running;
	struct hf_thread *thread = slot->block;
	CHECK_EQ(slot->state, IN_GUEST);
	slot->state = IN_CALL;
	resume(slot);
	bool unwound = hf_native_enter(call, context);
	hf_lock_order_none("a call's end");
	if (!unwound) {
		CHECK_EQ(atomic_load(&thread->door), HF_IN_GUEST);
		slot->state = IN_GUEST;
		resume(before);
		return;
	}
	CHECK_EQ(atomic_load(&thread->door), HF_UNWINDING);
	hf_lock(&thread->process->lock);
	bool ending = thread->process->ending;
	hf_unlock(&thread->process->lock);
	if (!ending) {
		/* This only ends the thread's wait. The kernel itself never stops a single thread, but here it lets the input continue. */
		atomic_store(&thread->orders, 0);
		atomic_store(&thread->door, HF_IN_GUEST);
		slot->state = IN_GUEST;
	} else {
		/* As in coordinator/boot.c. */
		hf_door_return(thread);
		hf_process_end(thread->process, HF_EXIT_EXIT, 0, NULL, 0, NULL, 0);
		hf_process_thread_gone(thread);
		thread_over(slot);
	}
	resume(before);
}

/* ---- the page ---- */

static char page_bytes[16384];

static void page_transfer(struct hf_uio *uio, struct hf_iov *iov, uint32_t size)
{
	hf_uio_kernel(uio, iov, page_bytes, size < sizeof page_bytes ? size : sizeof page_bytes);
}

void world_feed(unsigned number, uint32_t size)
{
	struct stream *stream = &world.processes[number].streams[0];
	struct hf_iov iov;
	struct hf_uio uio;
	if (!stream->pipe)
		return;
	page_transfer(&uio, &iov, size);
	int result = hf_pipe_try_put(stream->pipe, &uio, &stream->waiter);
	CHECK(result == 0 || result == -HF_EAGAIN || result == -HF_EPIPE);
}

void world_take(unsigned number, unsigned fd, uint32_t size)
{
	struct stream *stream = &world.processes[number].streams[fd];
	struct hf_iov iov;
	struct hf_uio uio;
	if (!stream->pipe)
		return;
	page_transfer(&uio, &iov, size);
	hf_pipe_shrink(stream->pipe); /* as the coordinator does once the process has ended */
	int result = hf_pipe_try_read(stream->pipe, &uio, &stream->waiter);
	CHECK(result == 0 || result == -HF_EAGAIN);
}

void world_close(unsigned number, unsigned fd)
{
	if (fd == 0)
		drop_terminal(&world.processes[number]);
	struct stream *stream = &world.processes[number].streams[fd];
	struct hf_pipe *pipe = stream->pipe;
	if (!pipe)
		return;
	stream->pipe = NULL;
	hf_pipe_unpoll(pipe, &stream->waiter);
	if (fd == 0)
		hf_pipe_drop_writer(pipe);
	else
		hf_pipe_drop_reader(pipe);
}

/* Keys, and the signals that they request, as in coordinator/terminal.c. */
void world_type(unsigned number, const uint8_t *keys, uint32_t size)
{
	struct process *process = &world.processes[number];
	static uint8_t echo[HF_TTY_ECHO];
	uint32_t done = 0, taken, shown;
	if (!process->tty)
		return;
	do {
		enum hf_tty_signal signal;
		taken = hf_tty_input(process->tty, keys + done, size - done, &signal, &process->keyboard);
		done += taken;
		CHECK(done <= size && (signal == HF_TTY_NONE || signal == HF_TTY_INTERRUPT || signal == HF_TTY_QUIT));
		shown = hf_tty_echo(process->tty, echo);
		CHECK(shown <= sizeof echo);
		/* As if the program wrote something in between. */
		if (shown % 8 == 7) {
			hf_tty_set_before(process->tty, keys, shown % 16 == 7 ? size : HF_TTY_UNKNOWN);
			shown = hf_tty_echo(process->tty, echo);
			CHECK(shown <= sizeof echo);
		}
		hf_tty_echoed(process->tty);
		hf_tty_deliver(process->tty);
	} while (shown > 0 || (taken > 0 && done < size));
}

void world_set_terminal(unsigned number, bool raw, bool echo)
{
	struct hf_tty *tty = world.processes[number].tty;
	if (!tty)
		return;
	hf_tty_set_raw(tty, raw);
	hf_tty_set_echo(tty, echo);
}

/* ---- tracing ---- */

void world_trace(unsigned number, bool on)
{
	struct process *process = &world.processes[number];
	struct hf_pipe *pipe = NULL;
	if (!process->process)
		return;
	struct slot *before = as_coordinator();
	/* Does what c_trace of coordinator/session.c does: makes one pipe, which stays. */
	if (on && !process->trace.pipe && hf_pipe_create(HF_PIPE_BUF, &pipe) == 0) {
		hf_waiter_init(&process->trace.waiter, nothing);
		process->trace.pipe = pipe;
	}
	hf_process_trace(process->process, on, pipe);
	resume(before);
}

/* Whole records, one after the other: the guest cannot write to this pipe. */
void world_take_trace(unsigned number)
{
	struct stream *trace = &world.processes[number].trace;
	struct hf_iov iov;
	struct hf_uio uio;
	uint32_t at = 0;
	if (!trace->pipe)
		return;
	hf_uio_kernel(&uio, &iov, page_bytes, sizeof page_bytes);
	int result = hf_pipe_try_read(trace->pipe, &uio, &trace->waiter);
	CHECK(result == 0 || result == -HF_EAGAIN);
	uint32_t size = (uint32_t)(sizeof page_bytes - uio.resid);
	while (result == 0 && at < size) {
		struct hf_trace_record record;
		CHECK(size - at >= sizeof record);
		memcpy(&record, page_bytes + at, sizeof record);
		CHECK(record.size >= sizeof record + 8u * record.argument_count && record.size <= size - at);
		at += record.size;
	}
}

/* ---- the page's connections ---- */

void world_connect(unsigned number)
{
	struct peer *peer = &world.peers[number];
	if (peer->socket)
		return;
	hf_socket_unpoll(&peer->waiter); /* from an earlier attempt, when the backlog was full */
	int result = hf_socket_connect(PORT, &peer->socket, &peer->waiter);
	if (result < 0)
		peer->socket = NULL;
	CHECK(result == 0 || result == -HF_ECONNREFUSED || result == -HF_EAGAIN || result == -HF_ENOBUFS ||
	      result == -HF_ENOMEM);
}

void world_send(unsigned number, uint32_t size)
{
	struct peer *peer = &world.peers[number];
	struct hf_iov iov;
	struct hf_uio uio;
	if (!peer->socket)
		return;
	page_transfer(&uio, &iov, size);
	hf_pipe_unpoll(peer->socket->in, &peer->waiter);
	int result = hf_pipe_try_put(peer->socket->out, &uio, &peer->waiter);
	hf_pipe_unpoll(peer->socket->out, &peer->waiter);
	CHECK(result == 0 || result == -HF_EAGAIN || result == -HF_EPIPE || result == -HF_ECONNRESET);
}

void world_receive(unsigned number, uint32_t size)
{
	struct peer *peer = &world.peers[number];
	struct hf_iov iov;
	struct hf_uio uio;
	if (!peer->socket)
		return;
	page_transfer(&uio, &iov, size);
	int result = hf_pipe_try_read(peer->socket->in, &uio, &peer->waiter);
	CHECK(result == 0 || result == -HF_EAGAIN || result == -HF_ECONNRESET);
}

void world_shut_down(unsigned number, unsigned how)
{
	if (world.peers[number].socket)
		hf_socket_shutdown(world.peers[number].socket, how);
}

void world_disconnect(unsigned number)
{
	struct peer *peer = &world.peers[number];
	if (!peer->socket)
		return;
	hf_pipe_unpoll(peer->socket->in, &peer->waiter);
	hf_socket_close(peer->socket);
	peer->socket = NULL;
}

/* ---- the beginning ---- */

static void make_tree(struct hf_vnode *root)
{
	CHECK_OK(f_mkdir(root, "/dir"));
	CHECK_OK(f_put(root, "/a", "text of a"));
	CHECK_OK(f_put(root, "/dir/a", "text of dir/a"));
	CHECK_OK(f_symlink(root, "dir", "/link"));
	CHECK_OK(f_symlink(root, "loop", "/loop"));
	CHECK_OK(f_symlink(root, "..", "/up"));
	CHECK_OK(f_symlink(root, "/secret", "/absolute"));
	CHECK_OK(f_symlink(root, "dir/none", "/dangling"));
}
#define TREE_NAMES 8

static void connect(void)
{
	struct hf_pipe *pipe;
	struct hf_file *ends[2];
	CHECK_OK(hf_pipe_create(limits.pipe_bytes, &pipe));
	CHECK_OK(hf_file_open_pipe(pipe, HF_WRITE, HF_FILETYPE_UNKNOWN, &ends[0]));
	CHECK_OK(hf_file_open_pipe(pipe, HF_READ, HF_FILETYPE_UNKNOWN, &ends[1]));
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(hf_fd_insert(&world.processes[i].process->fds, ends[i], HF_RIGHTS_STREAM, 0), 5);
	for (unsigned i = 0; i < 2; i++) {
		struct hf_socket *socket;
		struct hf_file *file;
		CHECK_OK(hf_socket_connect(PORT, &socket, NULL));
		CHECK_OK(hf_file_open_socket(socket, &file));
		CHECK_EQ(hf_fd_insert(&world.processes[i].process->fds, file, hf__rights_of(file), 0), 6);
	}
	for (unsigned i = 0; i < PEERS; i++)
		hf_waiter_init(&world.peers[i].waiter, nothing);
	world_connect(0);
}

void world_begin(void)
{
	hf_alloc_set_limit(2 << 20);
	memset(&world, 0, sizeof world);
	world.next_tid = 1;
	world.fs = fs_begin_limited((struct hf_memfs_limits){.bytes = 1 << 20, .nodes = 60, .file_size = 1 << 22});
	world.read_only = fs_begin();
	make_tree(world.read_only.root);
	CHECK_OK(f_put(world.fs.root, "/secret", "secret"));
	CHECK_OK(f_mkdir(world.fs.root, "/box"));
	CHECK_OK(f_open(world.fs.root, "/box", F_DIRECTORY, &world.box));
	make_tree(world.box);
	CHECK_OK(hf_devfs_populate(world.box));
	for (unsigned i = 0; i < PROCESSES; i++) {
		struct memory *memory = calloc(1, sizeof *memory);
		CHECK(memory);
		memory->mem = (struct hf_usermem){.copy_in = copy_in, .copy_out = copy_out, .pages = pages};
		memory->pages = 1;
		world.processes[i].memory = memory;
		world_start(i);
		CHECK(world.processes[i].process);
		if (i == 0)
			CHECK(add_thread(0) > 0);
	}
	connect();
}

/* ---- the end ---- */

static void check_names(struct hf_vnode *root, const char *expected)
{
	char names[256];
	f_list(root, names, sizeof names);
	CHECK(strcmp(names, expected) == 0);
}

static void check_descriptors(struct hf_fdtable *fds)
{
	uint32_t in_use = 0;
	hf_lock(&fds->lock);
	for (uint32_t fd = 0; fd < fds->capacity; fd++) {
		in_use += fds->slots[fd].file != NULL;
		CHECK(fds->slots[fd].file || fd >= fds->first_free);
		CHECK(!fds->slots[fd].file || atomic_load(&fds->slots[fd].file->refs) > 0);
	}
	CHECK_EQ(in_use, fds->in_use);
	CHECK(fds->capacity <= fds->limit);
	hf_unlock(&fds->lock);
}

static void check_queue(struct hf_waitq *queue, const struct hf_waiter *allowed)
{
	HF_LIST_EACH(link, &queue->waiters)
	{
		CHECK(link == &allowed->link && link->next->prev == link && link->prev->next == link);
	}
}

void world_check(void)
{
	hf_lock_order_none("between calls");
	CHECK(!world.running);
	for (unsigned i = 0; i < PEERS; i++) {
		struct peer *peer = &world.peers[i];
		if (!peer->socket)
			continue;
		check_queue(&peer->socket->in->readable, &peer->waiter);
		check_queue(&peer->socket->out->writable, &peer->waiter);
	}
	for (unsigned i = 0; i < PROCESSES; i++) {
		struct process *process = &world.processes[i];
		uint32_t threads = 0;
		if (process->tty) {
			CHECK(!hf_lock_is_held(&process->tty->lock));
			check_queue(&process->tty->readable, &process->keyboard);
			check_queue(&process->tty->roomy, &process->keyboard);
		}
		if (process->process)
			check_descriptors(&process->process->fds);
		for (unsigned fd = 0; fd < 3; fd++) {
			struct hf_pipe *pipe = process->streams[fd].pipe;
			if (!pipe)
				continue;
			CHECK(!hf_lock_is_held(&pipe->lock));
			CHECK(pipe->tail - pipe->head <= pipe->size && pipe->readers + pipe->writers > 0);
			check_queue(&pipe->readable, &process->streams[fd].waiter);
			check_queue(&pipe->writable, &process->streams[fd].waiter);
		}
		for (unsigned j = 0; j < THREADS; j++) {
			CHECK(world.slots[j].state != IN_CALL);
			threads += world.slots[j].state == IN_GUEST && world.slots[j].process == i;
		}
		if (process->process)
			CHECK_EQ(process->process->thread_count, threads);
	}
}

struct entry {
	char name[HF_NAME_MAX];
	uint32_t size; /* 0: no name */
	uint8_t filetype;
};

/* The first name other than "." and "..". */
static bool take_entry(void *context, uint64_t next, uint64_t ino, uint8_t filetype, const char *name, uint32_t size)
{
	(void)next, (void)ino;
	struct entry *entry = context;
	if (name[0] == '.' && (size == 1 || (size == 2 && name[1] == '.')))
		return true;
	memcpy(entry->name, name, size);
	entry->size = size;
	entry->filetype = filetype;
	return false;
}

/* Removes all contents of a directory, at any depth. */
static void clear(struct hf_vnode *dir)
{
	for (;;) {
		struct entry entry = {.size = 0};
		struct hf_vnode *child;
		CHECK_OK(dir->ops->readdir(dir, 0, take_entry, &entry));
		if (entry.size == 0)
			return;
		if (entry.filetype != HF_FILETYPE_DIRECTORY) {
			CHECK_OK(dir->ops->unlink(dir, entry.name, entry.size));
			continue;
		}
		CHECK_OK(dir->ops->lookup(dir, entry.name, entry.size, &child));
		clear(child);
		hf_vnode_unref(child);
		CHECK_OK(dir->ops->rmdir(dir, entry.name, entry.size));
	}
}

static void check_shared_tree(void)
{
	check_names(world.fs.root, ". .. secret box ");
	f_check_text(world.fs.root, "/secret", "secret");
	/* Nothing is open any more, so the counts must match the tree. */
	uint32_t names = f_check_tree(world.fs.root);
	CHECK_EQ(hf_memfs_usage(world.fs.memfs).nodes, names + 1);
	clear(world.box);
	CHECK_EQ(hf_memfs_usage(world.fs.memfs).nodes, 3);
	CHECK_OK(f_unlink(world.fs.root, "/secret"));
	CHECK_EQ(hf_memfs_usage(world.fs.memfs).bytes, 0);
}

static void check_read_only_tree(void)
{
	check_names(world.read_only.root, ". .. dir a link loop up absolute dangling ");
	f_check_text(world.read_only.root, "/a", "text of a");
	f_check_text(world.read_only.root, "/dir/a", "text of dir/a");
	CHECK_EQ(f_check_tree(world.read_only.root), TREE_NAMES);
}

void world_end(void)
{
	for (unsigned i = 0; i < PROCESSES; i++)
		world_kill(i);
	while (world_coordinate())
		;
	for (unsigned i = 0; i < THREADS; i++) {
		CHECK(world.slots[i].state == NO_THREAD || world.slots[i].state == CLAIMED);
		if (world.slots[i].state == CLAIMED)
			thread_over(&world.slots[i]);
	}
	world_check();
	for (unsigned i = 0; i < PROCESSES; i++) {
		for (unsigned fd = 0; fd < 3; fd++)
			world_close(i, fd);
		if (world.processes[i].process) {
			CHECK(hf_process_is_dead(world.processes[i].process));
			drop_process(&world.processes[i]);
		}
		free(world.processes[i].memory);
	}
	for (unsigned i = 0; i < PEERS; i++) {
		hf_socket_unpoll(&world.peers[i].waiter);
		world_disconnect(i);
	}
	CHECK_EQ(hf_socket_count(), 0);
	CHECK_EQ(hf_listener_count(), 0);
	check_shared_tree();
	check_read_only_tree();
	hf_vnode_unref(world.box);
	fs_end(&world.fs);
	fs_end(&world.read_only);
	(void)done();
}
