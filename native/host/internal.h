/* internal.h - declarations that the files of the native host share. */
#ifndef HF_HOST_INTERNAL_H
#define HF_HOST_INTERNAL_H

#include "host/host.h"

#include <pthread.h>
#include <setjmp.h>

#include "kernel/socket.h"

/* A guest's OS thread. Created and freed by the coordinator (the first one is created by the thread that spawns the
 * guest). */
struct hf_guest_thread {
	struct hf_thread kernel;
	struct hf_guest *guest;
	pthread_t os_thread;
	uint32_t tid;
	uint32_t argument;
	struct hf_work over;  /* posted by the thread as its last act */
	sigjmp_buf away;      /* the target of the jump when the thread is claimed */
	volatile int busy;    /* must not be interrupted now; for the thread and its signal handler only */
	void *instance;       /* the thread's own */
	uint8_t *memory_base; /* for the thread only; does not change once known */
};

/* A thread of the host that moves bytes between an OS descriptor and a kernel pipe. */
struct hf_copier {
	struct hf_thread kernel; /* belongs to no process; for sleeping on the pipe */
	struct hf_pipe *pipe;    /* the copier has one hold */
	pthread_t os_thread;
	bool running;
	int fd;
	int stop; /* an eventfd; when nonzero it ends a wait for the descriptor */
	/* If not NULL, called on the copier's thread at its end, while it still holds the pipe's end; must not free the copier. */
	void (*over)(struct hf_copier *copier);
	bool failed; /* for the copier's thread only: it ended by an error, not by an end of file */

	/* The guest, for one of its streams; else NULL. */
	struct hf_guest *guest;
	/* Protected by the guest's mutex. */
	bool ended;
};

/* A thread of the host that accepts TCP clients for one of a guest's ports. */
struct hf_tcp {
	struct hf_thread kernel; /* belongs to no process; for waiting for room in the backlog */
	pthread_t os_thread;
	bool running;
	_Atomic bool stopping, dropped;
	int listening;          /* the OS socket; borrowed */
	uint16_t port;          /* the kernel port */
	int bell[2];            /* an OS pipe; a byte means that a client has finished, or that the thread must stop */
	struct hf_link clients; /* the thread's own */
	struct hf_guest *guest;
	/* Protected by the guest's mutex. */
	bool ended;
};

/* ---- copier.c ---- */

/* Starts a copier. Takes over the hold on the pipe's end (for an input, the writing end), also on failure. 0, -HF_EAGAIN (no thread, or no
 * descriptor). */
HF_MUST_CHECK int hf__copier_start(struct hf_copier *copier, struct hf_pipe *pipe, int fd, bool input);
/* Makes it end soon, wherever it waits, and drop its holds; not while another thread joins it. Does not block. */
void hf__copier_stop(struct hf_copier *copier);
/* Waits for its end: an output ends at the end of file, any other must have been stopped before. */
void hf__copier_join(struct hf_copier *copier);

/* ---- sockets.c ---- */

/* Opens the socket as the guest's next descriptor; starts `tcp` if it is connected to an OS socket. -HF_EADDRINUSE, -HF_ECONNREFUSED, -HF_ENOMEM,
 * -HF_EAGAIN (no thread, or the backlog is full). */
HF_MUST_CHECK int hf__guest_add_socket(struct hf_guest *guest, const struct hf_guest_socket *spec, struct hf_tcp *tcp);
/* Called when the guest has ended and its descriptors are closed: the thread ends when the clients have received all bytes sent to them, or after
 * some time, or at once with `drop`. Not while another thread joins it. Does not block. */
void hf__tcp_stop(struct hf_tcp *tcp, bool drop);
/* Waits for its end; call hf__tcp_stop before. */
void hf__tcp_join(struct hf_tcp *tcp);

/* ---- thread.c ---- */

/* Starts an OS thread for the kernel's thread, which already belongs to the process. 0, -HF_EAGAIN. */
HF_MUST_CHECK int hf__guest_thread_start(struct hf_guest_thread *thread);
/* Called when the kernel has claimed the thread: interrupts it, wherever it is. Coordinator. */
void hf__guest_thread_interrupt(struct hf_guest_thread *thread);
/* Called once, at start: installs the signal handler for this. */
void hf__guest_thread_init(void);
/* Returns the calling guest thread; NULL on other threads. */
struct hf_guest_thread *hf__guest_thread_self(void);

/* ---- memory.c ---- */
void hf__guest_memory_bind(struct hf_guest_thread *thread);

/* ---- wait.c ---- */
/* Wakes every thread of the guest that is in hf_guest_wait, so that it notices that it was claimed. */
void hf__guest_wait_interrupt(void);

/* ---- guest.c ---- */
struct hf_guest {
	const struct hf_guest_module *module;
	struct hf_process *process; /* one reference */
	void *memory;               /* the memory that the module imports; one for all threads */
	struct hf_copier copiers[3];
	struct hf_tcp *tcps; /* one per socket */
	size_t tcp_count;

	pthread_mutex_t mutex;
	pthread_cond_t changed; /* on the monotonic clock */
	/* Protected by mutex. */
	bool over; /* the process is dead and its threads are gone; its inputs were ordered to stop */
	enum {
		HF__STREAMS_RUN,
		HF__STREAMS_ARE_JOINED,
		HF__STREAMS_GONE
	} streams; /* one of the waiting threads joins them */
	/* For the coordinator only, or before the first thread starts, for the spawning thread. */
	uint32_t threads;
	struct hf_guest_exit exit;
};

/* Called when a thread of one of its streams is about to end: sets that thread's `ended`, and wakes the waiting threads. */
void hf__guest_stream_ended(struct hf_guest *guest, bool *ended);

/* The work of a thread's spawn request. Coordinator. */
void hf__guest_spawn_thread(struct hf_work *work);

#endif
