/* turn.h - taking turns at the cores: how a program of many busy threads leaves room for everybody else.
 *
 * The Web has no priorities. With 64 threads that are ready to run on two cores, whatever else wants to run (the coordinator, the page, an unrelated
 * program) comes after all of them. So the threads of a crowd, a process with many more threads than there are cores, return from the kernel to the
 * guest in turns: as many at a time as there are cores, first come, first served. A turn ends when its thread sleeps, or after HF_TURN_NS if others
 * wait: then it has to come to the kernel again before it waits in its turn, and one more thread than there are cores runs until it does. An
 * interruptible guest is made to come.
 *
 * While no more threads are awake than the cores can do with, and for processes of few threads, there are no turns and no cost: a crowd's threads have
 * HF_ORDER_TURN among their orders, which the door looks at anyway. */
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
	HF_TURN_NEXT, /* waits, and looks whether the longest turn is over */
	HF_TURN_HAS,
	HF_TURN_OVER, /* somebody else has it now */
};

/* So many threads make a process a crowd. Any thread. */
bool hf_turn_is_crowd(uint32_t threads);

/* ---- owner thread only, in the kernel, of a crowd ---- */

/* Whether the thread must wait for a turn before it goes on. */
bool hf_turn_is_due(struct hf_thread *thread);
/* Waits for a turn. Blocks; no lock may be held. Returns early when the thread is told to stop. */
void hf_turn_take(struct hf_thread *thread);
/* Between two pieces of a long call: waits if the calling thread's turn is over. Blocks; no lock may be held. */
void hf_turn_between_pieces(void);
/* Ends the turn if somebody waits for one. */
void hf_turn_yield(struct hf_thread *thread);

/* ---- whoever has the thread: its owner, or who has claimed it ---- */

/* The thread sleeps or is gone, and has no turn and waits for none. Never blocks. */
void hf_turn_leave(struct hf_thread *thread);

#endif
