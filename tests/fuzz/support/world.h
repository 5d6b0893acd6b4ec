/* world.h - the environment of a fuzzed system call: a few processes with several threads that share a tree, a pipe from one to another, the page
 * at the other end of their standard streams, and the coordinator. All of this runs on one OS thread: where a guest's thread would sleep, the next
 * step of the input runs.
 *
 * Descriptors: 0, 1, 2 pipes to the page; 3 "/box" of the shared tree, whose other names must stay as they are; 4 a tree of its own, read-only; 5
 * in process 0 the writing, in process 1 the reading end of a pipe; in process 2, whose descriptor 0 is a terminal, a socket that listens on port
 * 80; 6 in processes 0 and 1 an end of a connection to that. The page has its own connections to that port. A restarted process has neither a pipe
 * nor a connection, but process 2 listens again if the port is free. */
#ifndef HF_FUZZ_WORLD_H
#define HF_FUZZ_WORLD_H

#include "kernel/process.h"
#include "kernel/socket.h"
#include "kernel/tty.h"
#include "support/files.h"

enum {
	PROCESSES = 3,
	THREADS = 10,
	PAGE = 65536,
	MOST_PAGES = 2,
	FDS_MOST = 40,
	SUBSCRIPTIONS_MOST = 120,
	PEERS = 4,
	PORT = 80
};

struct memory {
	struct hf_usermem mem;
	uint32_t pages; /* grows, never shrinks */
	char bytes[MOST_PAGES * PAGE];
};

struct stream {
	struct hf_pipe *pipe; /* the page's end; NULL once closed */
	struct hf_waiter waiter;
};

/* A connection of the page. */
struct peer {
	struct hf_socket *socket; /* NULL: no connection */
	struct hf_waiter waiter;  /* on either of its pipes, or on the backlog */
};

struct process {
	struct hf_process *process; /* NULL: no process */
	struct hf_tty *tty;         /* the page's reference; NULL: no terminal, or closed */
	struct hf_waiter keyboard;
	struct stream trace; /* the trace that the page reads; without a pipe while nothing is traced */
	struct memory *memory;
	struct stream streams[3];
};

enum slot_state { NO_THREAD, IN_GUEST, IN_CALL, CLAIMED };

struct slot {
	enum slot_state state;
	unsigned process;
	struct hf_thread *block;
};

extern struct world {
	struct fs fs, read_only;
	struct hf_vnode *box;
	struct process processes[PROCESSES];
	struct slot slots[THREADS];
	struct slot *running; /* the thread whose call is innermost; NULL: the page or the coordinator runs */
	struct peer peers[PEERS];
	uint32_t next_tid;
} world;

/* Called after each copy out of a guest's memory: it may change what was just read, or let others run. */
extern void (*memory_copied)(struct memory *memory, uint32_t from, uint32_t size);

/* Threads 0 and 1 belong to process 0, thread 2 to process 1, thread 3 to process 2. */
void world_begin(void);
/* Ends everything, checks all invariants, and checks that no kernel memory is left. */
void world_end(void);

/* Runs one call of a thread that is in the guest to its end: it returns, or is unwound. */
void world_call(struct slot *slot, void (*call)(void *context), void *context);

/* Actions of the page and of the coordinator. */
void world_kill(unsigned process);
void world_start(unsigned process); /* where there is none */
void world_feed(unsigned process, uint32_t size);
void world_take(unsigned process, unsigned fd, uint32_t size);
void world_close(unsigned process, unsigned fd);
void world_connect(unsigned peer); /* where there is none */
void world_send(unsigned peer, uint32_t size);
void world_receive(unsigned peer, uint32_t size);
void world_shut_down(unsigned peer, unsigned how);
void world_disconnect(unsigned peer);
void world_type(unsigned process, const uint8_t *keys, uint32_t size);
void world_set_terminal(unsigned process, bool raw, bool echo);
void world_trace(unsigned process, bool on);
void world_take_trace(unsigned process);
bool world_coordinate(void);

/* Called between two steps. */
void world_check(void);

#endif
