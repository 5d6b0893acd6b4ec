/* stream.h - bytes between the page and the kernel's pipes: standard streams, and connections. Coordinator thread only;
 * nothing here blocks.
 *
 * Out: guest -> kernel pipe -> page. The page grants credit; while there is some, a pump takes bytes from the pipe and
 * posts them. The pump's waiter sits on the pipe only while the pipe is empty, and a burst of small writes rings the
 * doorbell once, so bytes travel in batches. Without credit the pipe fills and the guest waits.
 *
 * In: page -> kernel pipe. Bytes that do not fit stay in JavaScript until js_stdin_ready reports room. JavaScript answers the page only when all
 * bytes are in the pipe, which applies back-pressure to the page. */
#ifndef HF_COORDINATOR_STREAM_H
#define HF_COORDINATOR_STREAM_H

#include "kernel/pipe.h"
#include "kernel/work.h"

struct hf_pump {
	struct hf_work_waiter wait; /* on the pipe, while it is empty */
	struct hf_pipe *pipe;       /* the reading end, held by this; NULL once the stream has ended */
	uint64_t credit;            /* how many more bytes the page accepts */
	bool screen;                /* the output of a terminal: "\n" becomes "\r\n" (POSIX ONLCR) */
	void (*sent)(struct hf_pump *pump, const uint8_t *bytes,
	             uint32_t size); /* for a terminal: called with the bytes taken from the pipe; else NULL */
	uint32_t id, fd;             /* arguments of js_output that identify this stream */
	/* Called when the pump has ended: at the end of the stream or when cancelled (0), or by a reset (-HF_ECONNRESET). This is its last
	 * callback, and may free the pump. */
	void (*over)(struct hf_pump *pump, int error);
};

/* Initializes a pump without a pipe. Set its pipe, then call hf_pump_credit to start it. */
void hf_pump_init(struct hf_pump *pump, uint32_t id, uint32_t fd, uint64_t credit,
                  void (*over)(struct hf_pump *pump, int error));
/* Adds to the number of bytes that the page accepts, and moves as many bytes as possible. */
void hf_pump_credit(struct hf_pump *pump, uint32_t bytes);
/* Called when the page no longer reads this stream. */
void hf_pump_cancel(struct hf_pump *pump);
/* A buffer of HF_STREAM_SCRATCH bytes, valid until the next call of any function here. */
uint8_t *hf__stream_scratch(void);
/* Releases the pipe without calling `over`. */
void hf_pump_close(struct hf_pump *pump);

struct hf_feed {
	struct hf_work_waiter wait; /* on the pipe, while it is full or watched */
	struct hf_pipe *pipe;       /* the writing end, held by this; NULL once closed */
	uint32_t id;                /* the argument of js_stdin_ready */
	/* Called when the feed is watched and its pipe has lost its reader. May free the feed. */
	void (*gone)(struct hf_feed *feed);
};

/* Initializes a feed without a pipe, which the caller sets. js_stdin_ready reports room. */
void hf_feed_init(struct hf_feed *feed, uint32_t id);
/* Returns how many bytes it wrote to the pipe; if fewer than `size`, js_stdin_ready will report room. Returns -HF_EPIPE when there is no reader. */
int32_t hf_feed_put(struct hf_feed *feed, void *bytes, uint32_t size);
/* Calls `gone` when the reading end is gone, or at once if it already is. */
void hf_feed_watch(struct hf_feed *feed, void (*gone)(struct hf_feed *feed));
/* Closes the writing end: the reader gets end of file. */
void hf_feed_close(struct hf_feed *feed);

#endif
