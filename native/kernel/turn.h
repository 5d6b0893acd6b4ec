/* turn.h - taking turns at the cores: how a program with many busy threads leaves cores to other programs.
 *
 * The Web has no priorities. With 64 runnable threads on two cores, everything else (the coordinator, the page, an unrelated program) waits for all
 * of them. So the threads of a crowd, a process with many more threads than there are cores, return from the kernel to the guest in turns: as many at
 * a time as there are cores, first come, first served. A turn ends when its thread sleeps, or after HF_TURN_NS if others wait. The thread waits for
 * its next turn only when it next enters the kernel; until then, one thread more than there are cores runs. An interruptible guest is made to enter
 * the kernel.
 *
 * While few threads are awake, and for processes with few threads, there are no turns and no cost: HF_ORDER_TURN is one of the orders of a crowd's
 * threads, which the door checks anyway. */
#ifndef HF_KERNEL_TURN_H
#define HF_KERNEL_TURN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct hf_thread;

#define HF_TURN_NS UINT64_C(5000000)

enum hf_turn {
	HF_TURN_NONE,
	HF_TURN_WAITS,
	HF_TURN_NEXT, /* waits, and watches for the end of the longest turn */
	HF_TURN_HAS,
	HF_TURN_OVER, /* its turn has passed to another thread */
};

/* Whether this many threads make a process a crowd. Any thread. */
bool hf_turn_is_crowd(uint32_t threads);

/* ---- owner thread only, in the kernel, of a crowd ---- */

/* Whether the thread must wait for a turn before it continues. */
bool hf_turn_is_due(struct hf_thread *thread);
/* Waits for a turn. Blocks; no lock may be held. Returns early when the thread must stop. */
void hf_turn_take(struct hf_thread *thread);
/* Called between two pieces of a long call: waits if the calling thread's turn has ended. Blocks; no lock may be held. */
void hf_turn_between_pieces(void);
/* Ends the turn if another thread waits for one. */
void hf_turn_yield(struct hf_thread *thread);

/* ---- called by the thread's owner, or by the thread that claimed it ---- */

/* Called when the thread sleeps or is gone: gives up its turn, or its place in line. Never blocks. */
void hf_turn_leave(struct hf_thread *thread);

#endif
