/* program.h - a process as its guest sees it, run on the calling thread: memory, descriptors, and the doors to call.
 *
 * Descriptors 0, 1 and 2 are pipes whose other ends are the test's; 3 is a preopened directory "/", the root of the process's own file system. */
#ifndef HF_TEST_PROGRAM_H
#define HF_TEST_PROGRAM_H

#include "kernel/process.h"
#include "support/doors.h"
#include "support/files.h"
#include "support/guest.h"

struct program {
	struct hf_process *process;
	struct hf_thread *thread; /* NULL once it has left the process */
	struct guest *guest;
	struct fs fs;
	struct hf_pipe *streams[3]; /* by descriptor: the test's end; NULL once closed */
	unsigned told;              /* how many times the coordinator was notified of an end */
};

/* Arguments "prog", "one", "two words"; environment "A=1", "B=". */
struct program *program_begin(void);
/* Ends the process if it is running, and frees everything. */
void program_end(struct program *program);
/* Runs the guest to its end, as its host does. Returns true if it was unwound. The process's reason and code are then set. */
bool program_run(struct program *program, void (*guest)(void *), void *context);
/* Closes the test's end of a standard stream. */
void program_close(struct program *program, unsigned fd);
/* Writes bytes to standard input, or reads an output stream; returns how many. */
uint32_t program_feed(struct program *program, const void *bytes, uint32_t size);
uint32_t program_take(struct program *program, unsigned fd, void *bytes, uint32_t size);

/* ---- the guest's memory ---- */
void poke(struct program *program, uint32_t address, const void *bytes, uint32_t size);
void poke_u32(struct program *program, uint32_t address, uint32_t value);
/* Writes the text without its NUL. Returns the size. */
uint32_t poke_text(struct program *program, uint32_t address, const char *text);
void poke_iov(struct program *program, uint32_t address, uint32_t buffer, uint32_t size);
uint32_t peek_u32(struct program *program, uint32_t address);
uint64_t peek_u64(struct program *program, uint32_t address);

/* Calls path_open at descriptor 3, which must succeed, with the path at address 1024. Returns the new descriptor. */
uint32_t open_path(struct program *program, const char *path, uint32_t oflags, uint64_t rights, uint32_t fdflags);
#define READ_WRITE (HF_RIGHTS_ALL & ~HF_RIGHT_FD_READDIR)

#endif
