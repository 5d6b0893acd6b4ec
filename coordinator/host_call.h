/* host_call.h - a guest's thread calls a function of the page's, and waits for the answer.
 *
 * The call itself travels from worker to page as a message, past the kernel; here the thread waits, and the coordinator brings the answer. */
#ifndef HF_COORDINATOR_HOST_CALL_H
#define HF_COORDINATOR_HOST_CALL_H

struct hf_thread;

/* Frees an answer that the thread has not fetched. By its owner, or by the coordinator when its worker is gone. */
void hf_host_call_forget(struct hf_thread *thread);

#endif
