/* call.h - how a guest's thread calls an export of another guest, which runs in that guest's own worker.
 *
 * A call uses a slot that both sides share: the caller writes the function's number and its arguments, sets the slot's state to ASKED, and waits for
 * the state to change; the callee's thread runs the function, writes the results to the same place, and sets the state to ANSWERED. Both sides poll
 * the state for some microseconds and then park (thread.h), so orders to stop and to pause take effect.
 *
 *            publish                      answer
 *       IDLE ------> ASKED --> TAKEN -----------------> ANSWERED -- publish --> ASKED ...
 *                       \        \    \ ANSWERING /
 *                        +--------+--> the caller leaves: ABANDONED; the callee's end: ENDED; neither is used again
 *
 * Each arrow out of ASKED and TAKEN is one compare-exchange. TAKEN is only used for a call whose bytes do not fit in the ring: the caller sends them
 * once the call is taken. The bit SLEEPS means that the caller sleeps, or is about to. The answer then passes through ANSWERING, and the caller does
 * not leave in that state, so its thread still exists when it is woken.
 *
 * The state and the first values share one cache line, and reading the line takes it from the other side. So each side has a separate buffer in the
 * slot, where JavaScript prepares the message; the C code copies it just before it changes the state. The line then moves only once in each
 * direction.
 *
 * A zombie (a thread that was claimed in the guest) may write to these buffers until it reaches the door. So a slot is freed only when all workers of
 * the killed side are dead, or when the thread itself reports that it is done.
 *
 * A slot belongs to one thread and one callee; a thread that is called back during a call and calls again opens another slot. The callee finds calls
 * in two ways: it polls the slot of its last caller (`hot`), and a call in any other slot rings its bell, which makes it search the list of all
 * slots.
 *
 * Text and bytes in arguments and results pass through the slot's pipe: from one guest's memory to the ring, and from there to the other guest's
 * memory. Data that fits in the ring is written before the other side is notified; larger data is streamed while the other side reads.
 *
 * Deadlocks. Each callee is a node in a table that is not freed while any callee exists. A serving thread runs a function in frame 1; a reentrant one
 * takes calls while it waits in frame 1, runs them in frame 2, and so on. For each frame, the node records the callee that the thread waits for and,
 * once the call has been taken, the frame of that callee which runs it. A taken call depends on all waits of its callee from its own frame on; a call
 * that has not been taken depends on all of them, unless the callee takes calls now. Before it waits, a thread follows these dependencies: if they
 * lead back to itself, no thread in that cycle could ever answer, and the call is refused. The table is read and written without locks; `deciding`
 * only serializes the threads that have found a cycle, so that just one of its calls is refused. Whether a call was taken, or was answered without
 * its caller having noticed, matters only when its callee waits as well: so the callee updates the table then, and not in every call.
 *
 * In the browser this is a separate module (wasm.c), loaded with the first guest that is called. */
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
	HF_CALL_SLEEPS = 8, /* a flag: the caller sleeps */
};

/* A flag in `place`: the call's bytes are sent after the callee has taken it. It travels with the values, because a second cache line would double
 * the cost. */
#define HF_CALL_STREAMS (UINT32_C(1) << 31)

/* A message. JavaScript knows the offsets (layouts.def). */
struct hf_message {
	hf_word state; /* the slot's; unused in `ask` and `answer` */
	uint32_t fn;   /* in an answer: 1 if the call failed; the text has the reason */
	uint32_t tags; /* two bits per value: enum hf_call_tag */
	uint32_t count;
	/* If the caller is itself a callee: `place` is its node and, from bit 8 on, the frame in which it waits; `wait` is the table's entry there.
	 * Otherwise `place` is 0. */
	uint32_t place, wait; /* `place` may have the flag HF_CALL_STREAMS */
	union {
		uint64_t bits;
		struct {
			uint32_t pointer, size;
		};
	} values[HF_CALL_VALUES];
};

struct hf_callee;

/* How long a side polls before it sleeps. */
struct hf_patience {
	uint32_t looks, waits;
	hf_word idle; /* only written, to pause */
};

struct hf_call {
	/* Changes owner with each message: the state says whose it is. */
	_Alignas(64) struct hf_message shared;
	char text[HF_CALL_TEXT]; /* why the call failed: `count` bytes */
	/* `ask` is the caller's, `answer` the callee's. */
	struct hf_message ask, answer;

	/* Immutable once the callee knows it. */
	struct hf_callee *callee;
	struct hf_thread *caller;
	uint32_t pid; /* the caller's process */
	void *block;

	/* Protected by the callee's lock. */
	struct hf_call *next;
	hf_word gone; /* 1: its caller has ended; 2: and will not touch the slot again */
	/* Changed with the callee's lock held, by the side that is about to send values. */
	struct hf_pipe *pipe; /* NULL until bytes pass */
	struct hf_pipe *spare;
	uint32_t ring; /* size of the pipe's ring */

	/* Bytes of a stream that are not yet read, if the side that sends it is reentrant; otherwise 0. Changes owner with the message. */
	uint64_t left;

	/* The caller's. */
	bool streams;
	struct hf_patience patience;
	/* The callee's. */
	_Alignas(64) bool served; /* being served, perhaps further down the stack */
	bool owed;                /* answered, but the table may still say that the caller waits */
	uint32_t place, wait;     /* copied from the message of the call that was taken last */
	uint32_t frame;           /* the callee's frame that serves the call */
};

enum hf_server_state { HF_SERVER_AWAKE, HF_SERVER_SLEEPS, HF_SERVER_WAKING };

struct hf_callees;

/* A guest that others may call. */
struct hf_callee {
	/* Atomic; read in every call, and rarely changed. */
	_Alignas(64) hf_word server; /* enum hf_server_state */
	hf_word bell;
	hf_word nudges; /* how often the page requested that the thread return to its event loop */
	hf_word closed; /* 1: it has ended */
	struct hf_call *_Atomic hot;

	/* Immutable. */
	struct hf_callees *all;
	uint32_t node;
	bool reentrant;
	void *block;

	/* For the serving thread only, but others read `thread` while `server` is not AWAKE. */
	_Alignas(64) struct hf_thread *thread;
	uint32_t heard;   /* `bell` at the last search of the list */
	uint32_t number;  /* number of its last wait */
	bool serves_some; /* it has been called by a guest that is itself a callee */
	struct hf_patience patience;

	hf_word lock; /* held at most for a pass over the list, and only in the kernel */
	/* Protected by lock. */
	struct hf_call *calls;
};

/* A frame's wait. Bits 0 to 7: the callee. Bits 8 to 15: the callee's frame that runs the call; 0 if it was not taken, or the callee does not wait.
 * From bit 16 on: a number that distinguishes this wait from earlier ones. */
#define HF_WAIT_FRAME(word) ((word) >> 8 & 0xff)
#define HF_WAIT_CALLEE(word) ((word)&0xff)

struct hf_callee_node {
	hf_word used;
	hf_word waits;                    /* the number of frames in which it waits */
	hf_word serves;                   /* it takes calls while it waits */
	hf_word waits_for[HF_FRAMES_MAX]; /* by frame, counted from 1 */
	uint32_t next;                    /* the next node in the cycle that was found; protected by `deciding` */
	uint32_t name_size;
	char name[HF_CALLEE_NAME];
};

/* All callees of a runtime, by number, from 1 on. */
struct hf_callees {
	hf_word deciding;
	struct hf_callee_node nodes[HF_CALLEES_MAX];
};

/* ---- the coordinator ---- */

/* Returns NULL without memory, or when there are too many callees (HF_CALLEES_MAX). The first call allocates `*all`. */
struct hf_callee *hf_callee_create(struct hf_callees **all, const char *name, uint32_t name_size, bool reentrant);
/* Makes its thread return from hf_call_next, unless the thread has already received a message for each nudge. */
void hf_callee_nudge(struct hf_callee *callee);
/* Called when the guest has ended. Wakes all threads that wait for it. */
void hf_callee_close(struct hf_callee *callee);
/* Called when the process `pid` has ended: no thread waits for bytes from its threads any longer. `dead`: none of its workers runs any more, so its
 * slots are freed soon. */
void hf_callee_forget(struct hf_callee *callee, uint32_t pid, bool dead);
/* Call it after hf_callee_close, when no running worker can touch the callee or any of its slots. */
void hf_callee_free(struct hf_callee *callee);

/* ---- guests' threads. These functions pass the door, and unwind a thread that must stop. `own` is the callee that the thread serves, or NULL ---- */

/* Creates a slot for the thread. NULL: no memory. */
struct hf_call *hf_call_open(struct hf_thread *self, struct hf_callee *callee);
/* Releases the slot: the thread returns while its process continues. */
void hf_call_close(struct hf_thread *self, struct hf_call *call);
/* Sends the call and waits. Returns an enum hf_call_result, or a slot to serve; after serving it, continue with hf_call_resume. Blocks. */
uintptr_t hf_call(struct hf_thread *self, struct hf_callee *own, struct hf_call *call);
uintptr_t hf_call_resume(struct hf_thread *self, struct hf_callee *own, struct hf_call *call);

/* Answers `answered` (unless NULL), then waits for a call. Returns NULL when there were more nudges than `received`. Blocks. */
struct hf_call *hf_call_next(struct hf_thread *self, struct hf_callee *own, struct hf_call *answered,
                             uint32_t received);
/* Answers; returns when all bytes have been sent. Blocks. */
void hf_call_answer(struct hf_thread *self, struct hf_callee *own, struct hf_call *call);

/* Receives the next `size` bytes from the other side, into the guest's memory (HF_MOVE_READ), or with HF_MOVE_KERNEL into the kernel's. False: the
 * other side has ended. Blocks. */
bool hf_call_receive(struct hf_thread *self, struct hf_call *call, uint32_t how, uintptr_t to, uint32_t size);

#endif
