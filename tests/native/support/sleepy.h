/* sleepy.h - a file system whose operations sleep: its vnodes ask a service, whose role the test plays. Byte i of a file is (uint8_t)i; it has no end. */
#ifndef HF_TEST_SLEEPY_H
#define HF_TEST_SLEEPY_H

#include "fs/vnode.h"
#include "support/requests.h"

enum sleepy_call { SLEEPY_READ = 1, SLEEPY_WRITE, SLEEPY_GETATTR, SLEEPY_CLOSE };

/* `asks`: the requested call; `results`: the number of bytes moved. */
extern struct hf_request_queue sleepy_service;

/* A regular file, one reference. When the last one is dropped it requests SLEEPY_CLOSE, and is freed when that is answered. */
struct hf_vnode *sleepy_begin(void);
/* Acts as the service: waits on the calling thread for the next call, which must be this one. */
struct parcel *sleepy_next(struct hf_thread *thread, enum sleepy_call call);
void sleepy_answer(struct parcel *parcel, uint32_t bytes);

#endif
