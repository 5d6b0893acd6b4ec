/* call.h - a guest's thread calls an export of another guest, in that guest's own worker.
 *
 * A call is a slot that both sides share: the caller puts the function's number and its arguments there, moves the slot's state to ASKED, and waits on
 * the state; the callee's thread runs the function, puts the results into the same place, and moves the state to ANSWERED. Both sides look at the state for
 * some microseconds and then sleep on their threads' own words (thread.h), so orders to stop and to pause hold.
 *
 *            publish                      answer
 *       IDLE ------> ASKED --> TAKEN -----------------> ANSWERED -- publish --> ASKED ...
 *                       \        \    \ ANSWERING /
 *                        +--------+--> the caller leaves: ABANDONED; the callee's end: ENDED; neither is used again
 *
 * Each arrow out of ASKED and TAKEN is one compare-exchange. TAKEN is only for a call whose bytes do not fit into the ring: its caller sends them then. The
 * bit SLEEPS says that the caller sleeps, or is about to: then an answer goes by way of ANSWERING, while which the caller does not leave, so that its thread
 * is there to be woken.
 *
 * The state and the first six values are one line of the cache, and a look at it takes it from the other side. So each side has a place of its own in the
 * slot where JavaScript writes what is to pass, and the C copies it in the moment in which it changes the state: the line goes once each way.
 *
 * Those places also bear a zombie: a thread that was claimed in the guest, and writes until it comes to the door. A slot is only freed when the workers of
 * a side that was killed are dead, or the thread says itself that it is done.
 *
 * A slot belongs to one thread and one callee; a thread whose callee calls it back in the midst of a call opens another one. The callee finds calls in
 * two ways: it looks at the slot of its last caller (`hot`), and anyone else's call rings its bell, upon which it looks through the list of all.
 *
 * Text and bytes of arguments and results go through a pipe of the slot, from one guest's memory to the ring and from there to the other's. What fits in
 * the ring is there before the other side looks; more is streamed while the other side reads.
 *
 * Waiting for each other. Each callee is a node of a table that is never freed while there are callees. A thread that serves is in frame 1 when it runs a
 * function; if it is reentrant it takes calls while it waits in frame 1, and runs them in frame 2, and so on. For each frame the node says for which callee
 * the thread waits there, and in which frame of that callee the call is run, if it has been taken. A call that has been taken waits for all waits of its
 * callee from its own frame on; one that has not waits for all of them, unless the callee takes calls now. A thread that is about to wait follows these
 * numbers first: if they lead back to itself, nobody in that circle could ever answer, and the call is refused. The table is read and written without
 * locks; `deciding` only orders the threads that have found a circle, so that one call of it is refused and not all. That a call was taken, or answered
 * while its caller has yet to see that, matters only when its callee waits itself: so the callee tells the table then, and not in every call.
 *
 * In the browser this is a module of its own (wasm.c), loaded with the first guest that is called. */
#ifndef HF_LINKS_CALL_H
#define HF_LINKS_CALL_H

#include <holdfast/layouts.h>

#include "kernel/pipe.h"
#include "kernel/thread.h"

enum hf_call_state {
	HF_CALL_IDLE,
	HF_CALL_ASKED,
	HF_CALL_TAKEN,
	HF_CALL_ANSWERING,
	HF_CALL_ANSWERED,
	HF_CALL_ENDED,
	HF_CALL_ABANDONED,
	HF_CALL_SLEEPS = 8, /* a bit: the caller sleeps */
};

/* Of `place`: its bytes go when the callee has taken it. It passes with the values, because another line of the cache would cost as much again. */
#define HF_CALL_STREAMS (UINT32_C(1) << 31)

/* What passes. JavaScript knows the places (layouts.def). */
struct hf_message {
	hf_word state; /* of the slot; in the places of either side it is not used */
	uint32_t fn;   /* of an answer: 1, it failed, and the text says why */
	uint32_t tags; /* two bits for each value: enum hf_call_tag */
	uint32_t count;
	/* Of a caller that is called itself: its node, from bit 8 on the frame in which it waits, and what the table has there. 0: nobody waits for it. */
	uint32_t place, wait; /* a bit of the first: HF_CALL_STREAMS */
	union {
		uint64_t bits;
		struct {
			uint32_t pointer, size;
		};
	} values[HF_CALL_VALUES];
};

struct hf_callee;

/* How long a side looks before it sleeps. */
struct hf_patience {
	uint32_t looks, waits;
};

struct hf_call {
	/* Passes to and fro: whose it is, the state says. */
	_Alignas(64) struct hf_message shared;
	char text[HF_CALL_TEXT]; /* why it failed: `count` bytes */
	/* The caller's; the callee's. */
	struct hf_message ask, answer;

	/* Immutable once the callee knows it. */
	struct hf_callee *callee;
	struct hf_thread *caller;
	uint32_t pid; /* of the caller's process */
	void *block;

	/* Protected by the callee's lock. */
	struct hf_call *next;
	hf_word gone; /* 1: its caller has ended; 2: and will not touch it again */
	/* Changed with the callee's lock held, by the side that has the values. */
	struct hf_pipe *pipe; /* NULL until bytes pass */
	struct hf_pipe *spare;
	uint32_t ring; /* its size */

	/* The caller's. */
	bool streams;
	struct hf_patience patience;
	/* The callee's. */
	_Alignas(64) bool served; /* now, perhaps below others on the stack */
	bool owed;                /* it was answered, and the table may still say that the caller waits */
	uint32_t place, wait;     /* of the caller that was served last */
	uint32_t frame;           /* of the callee's, in which it is served */
};

enum hf_server_state { HF_SERVER_AWAKE, HF_SERVER_SLEEPS, HF_SERVER_WAKING };

struct hf_callees;

/* A guest that others may call. */
struct hf_callee {
	/* Atomic; read in every call, and rarely changed. */
	_Alignas(64) hf_word server; /* enum hf_server_state */
	hf_word bell;
	hf_word nudges; /* how often the page has asked for the thread */
	hf_word closed; /* 1: it has ended */
	struct hf_call *_Atomic hot;

	/* Immutable. */
	struct hf_callees *all;
	uint32_t node;
	bool reentrant;
	void *block;

	/* Of the thread that serves; `thread` is read by others while `server` is not AWAKE. */
	_Alignas(64) struct hf_thread *thread;
	uint32_t heard;   /* the bell when it looked through the list */
	uint32_t number;  /* of its last wait */
	bool serves_some; /* it was called by one that is called itself */
	struct hf_patience patience;

	hf_word lock; /* held for a look through the list at most, only in the kernel */
	/* Protected by lock. */
	struct hf_call *calls;
};

/* A frame's wait: for which callee; from bit 8 on in which frame of it the call is run, 0: it was not taken, or the callee does not wait; from bit 16
 * on a number that makes this wait another one than the last. */
#define HF_WAIT_FRAME(word) ((word) >> 8 & 0xff)
#define HF_WAIT_CALLEE(word) ((word)&0xff)

struct hf_callee_node {
	hf_word used;
	hf_word waits;                    /* in how many frames it waits */
	hf_word serves;                   /* it takes calls while it waits */
	hf_word waits_for[HF_FRAMES_MAX]; /* by frame, from 1 on */
	uint32_t next;                    /* in the circle that was found; protected by `deciding` */
	uint32_t name_size;
	char name[HF_CALLEE_NAME];
};

/* All callees of a runtime, by their numbers from 1 on. */
struct hf_callees {
	hf_word deciding;
	struct hf_callee_node nodes[HF_CALLEES_MAX];
};

/* ---- the coordinator ---- */

/* NULL: no memory for it, or there are HF_CALLEES_MAX. `*all` is made for the first one. */
struct hf_callee *hf_callee_create(struct hf_callees **all, const char *name, uint32_t name_size, bool reentrant);
/* Its thread is to leave hf_call_next, unless it has received as many messages as it was nudged. */
void hf_callee_nudge(struct hf_callee *callee);
/* It has ended. All who wait for it are woken. */
void hf_callee_close(struct hf_callee *callee);
/* This process has ended: nothing waits for bytes of its threads any more. `dead`: none of its workers runs, and its slots are freed soon. */
void hf_callee_forget(struct hf_callee *callee, uint32_t pid, bool dead);
/* It was closed, and no worker runs that may touch it or a slot of it. */
void hf_callee_free(struct hf_callee *callee);

/* ---- guests' threads; these pass the door, and unwind a thread that must stop. `own`: the callee that the thread serves, or NULL ---- */

/* A slot of the thread's; NULL: no memory. */
struct hf_call *hf_call_open(struct hf_thread *self, struct hf_callee *callee);
/* The thread returns, and its process goes on: it needs the slot no more. */
void hf_call_close(struct hf_thread *self, struct hf_call *call);
/* Asks and waits: enum hf_call_result, or a slot to serve, after which hf_call_resume. Blocks. */
uintptr_t hf_call(struct hf_thread *self, struct hf_callee *own, struct hf_call *call);
uintptr_t hf_call_resume(struct hf_thread *self, struct hf_callee *own, struct hf_call *call);

/* Answers `answered` (NULL: none), then waits for a call. NULL: it was nudged more often than `received`. Blocks. */
struct hf_call *hf_call_next(struct hf_thread *self, struct hf_callee *own, struct hf_call *answered,
                             uint32_t received);
/* Answers; returns when all bytes have gone. Blocks. */
void hf_call_answer(struct hf_thread *self, struct hf_callee *own, struct hf_call *call);

/* Takes the next bytes of the other side: HF_MOVE_READ into the guest's memory, with HF_MOVE_KERNEL into the kernel's. Whether they came: else the other
 * side has ended. Blocks. */
bool hf_call_receive(struct hf_thread *self, struct hf_call *call, uint32_t how, uintptr_t to, uint32_t size);

#endif
