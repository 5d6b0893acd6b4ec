/* by_hand.h - guests for the native host (host/host.h) that are written in C: they call the doors themselves. */
#ifndef HF_TEST_BY_HAND_H
#define HF_TEST_BY_HAND_H

#include "host/host.h"
#include "kernel/socket.h"
#include "support/doors.h"
#include "support/threads.h"

#define MEMORY_SIZE 65536

/* A guest's memory; all threads of a process have the same. */
extern _Thread_local uint8_t *guest_bytes;

/* Returns the module whose threads run this function. One per test program. */
const struct hf_guest_module *by_hand(void (*guest)(uint32_t tid, uint32_t argument));
/* Spawns the module with these streams (-1: /dev/null), and without arguments. */
struct hf_guest *begin_by_hand(void (*guest)(uint32_t tid, uint32_t argument), int in, int out);
/* Spawns the module with these sockets; its streams are /dev/null. */
HF_MUST_CHECK int try_with_sockets(void (*guest)(uint32_t tid, uint32_t argument),
                                   const struct hf_guest_socket *sockets, size_t count, struct hf_guest **out);
/* The same; it must succeed. */
struct hf_guest *begin_with_sockets(void (*guest)(uint32_t tid, uint32_t argument),
                                    const struct hf_guest_socket *sockets, size_t count);
/* Joins and frees the guest, which must have ended in this way. */
void end_by_hand(struct hf_guest *guest, enum hf_guest_ended reason, uint32_t code);

/* Calls a door as translated code does: without being interrupted. */
#define CALL(door) (hf_guest_busy(), came_back(door))
static inline uint32_t came_back(uint32_t result)
{
	hf_guest_idle();
	return result;
}

/* Called in a guest: computes until the thread is removed. Sets the flag once it computes. */
_Noreturn void compute(_Atomic bool *does);
int32_t hf_wt_thread_spawn(uint32_t argument);

#endif
