/* stream.h - bytes between the page and the kernel's pipes: standard streams, and connections. Coordinator thread only;
 * nothing here blocks.
 *
 * Out: guest -> kernel pipe -> page. The page grants credit; while there is some, a pump takes what is in the pipe and
 * posts it. The pump's waiter sits on the pipe only while the pipe is empty, and a burst of small writes rings the
 * doorbell once, so bytes travel in batches. Without credit the pipe fills and the guest waits.
 *
 * In: page -> kernel pipe. What does not fit stays in JavaScript, which is told when there is room; its answer to the
 * page is the page's back-pressure. */
#ifndef HF_COORDINATOR_STREAM_H
#define HF_COORDINATOR_STREAM_H

#include "kernel/pipe.h"
#include "kernel/work.h"

struct hf_pump {
	struct hf_work_waiter wait; /* on the pipe, while it is empty */
	struct hf_pipe *pipe;       /* our hold on the reading end; NULL once the stream has ended */
	uint64_t credit;            /* bytes that the page still takes */
	bool screen; /* of a terminal: a line's end also goes back to the margin ("\n" becomes "\r\n", POSIX ONLCR) */
	void (*sent)(struct hf_pump *pump, const uint8_t *bytes,
	             uint32_t size); /* of a terminal: called with what it takes from the pipe; else NULL */
	uint32_t id, fd;             /* what js_output calls it */
	/* It has ended: by itself (0), by ECONNRESET (negated), or because it was cancelled (0). The last thing that happens
	 * to it: it may be freed there. */
	void (*over)(struct hf_pump *pump, int error);
};

/* Without a pipe as yet: the caller sets one, and hf_pump_credit starts it. */
void hf_pump_init(struct hf_pump *pump, uint32_t id, uint32_t fd, uint64_t credit,
                  void (*over)(struct hf_pump *pump, int error));
/* The page takes so many bytes more. Moves what it can. */
void hf_pump_credit(struct hf_pump *pump, uint32_t bytes);
/* It has no reader any more. */
void hf_pump_cancel(struct hf_pump *pump);
/* Room for the moment, of HF_STREAM_SCRATCH bytes: until the next call of any function here. */
uint8_t *hf__stream_scratch(void);
/* Lets go of the pipe without a word. */
void hf_pump_close(struct hf_pump *pump);

struct hf_feed {
	struct hf_work_waiter wait; /* on the pipe, while it is full or watched */
	struct hf_pipe *pipe;       /* our hold on the writing end; NULL once closed */
	uint32_t id;                /* what js_stdin_ready calls it */
	/* Called once it is watched and has no reader. It may be freed there. */
	void (*gone)(struct hf_feed *feed);
};

/* Without a pipe as yet, which the caller sets. js_stdin_ready reports room. */
void hf_feed_init(struct hf_feed *feed, uint32_t id);
/* How many bytes were taken; fewer than all: js_stdin_ready follows. -HF_EPIPE. */
int32_t hf_feed_put(struct hf_feed *feed, void *bytes, uint32_t size);
/* From now on `gone` is called when the other end is gone, also if it already is. */
void hf_feed_watch(struct hf_feed *feed, void (*gone)(struct hf_feed *feed));
/* Ends it: the reader sees the end of file. */
void hf_feed_close(struct hf_feed *feed);

#endif
