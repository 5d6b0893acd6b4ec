/* p2_fs.h - wasi:filesystem, as a component calls it: results are put at P2_OUT, and paths at P2_FS_PATH and P2_FS_OTHER. */
#ifndef HF_TEST_P2_FS_H
#define HF_TEST_P2_FS_H

#include <string.h>

#include "support/p2.h"
#include "wasi/p2/fs.h"

#define P2_FS_PATH 1024
#define P2_FS_OTHER 2048
#define P2_FS_BYTES 8192

void hf_p2_read_via_stream(hf_b b, uint32_t self, uint64_t offset, uint32_t out);
void hf_p2_write_via_stream(hf_b b, uint32_t self, uint64_t offset, uint32_t out);
void hf_p2_append_via_stream(hf_b b, uint32_t self, uint32_t out);
void hf_p2_descriptor_advise(hf_b b, uint32_t self, uint64_t offset, uint64_t length, uint32_t advice, uint32_t out);
void hf_p2_descriptor_sync_data(hf_b b, uint32_t self, uint32_t out);
void hf_p2_descriptor_get_flags(hf_b b, uint32_t self, uint32_t out);
void hf_p2_descriptor_get_type(hf_b b, uint32_t self, uint32_t out);
void hf_p2_descriptor_set_size(hf_b b, uint32_t self, uint64_t size, uint32_t out);
void hf_p2_descriptor_set_times(hf_b b, uint32_t self, uint32_t atim_kind, uint64_t atim_seconds,
                                uint32_t atim_nanoseconds, uint32_t mtim_kind, uint64_t mtim_seconds,
                                uint32_t mtim_nanoseconds, uint32_t out);
void hf_p2_descriptor_read(hf_b b, uint32_t self, uint64_t length, uint64_t offset, uint32_t out);
void hf_p2_descriptor_write(hf_b b, uint32_t self, uint32_t bytes, uint32_t count, uint64_t offset, uint32_t out);
void hf_p2_descriptor_sync(hf_b b, uint32_t self, uint32_t out);
void hf_p2_descriptor_stat(hf_b b, uint32_t self, uint32_t out);
void hf_p2_metadata_hash(hf_b b, uint32_t self, uint32_t out);
uint32_t hf_p2_is_same_object(hf_b b, uint32_t self, uint32_t other);
void hf_p2_create_directory_at(hf_b b, uint32_t self, uint32_t path, uint32_t size, uint32_t out);
void hf_p2_stat_at(hf_b b, uint32_t self, uint32_t flags, uint32_t path, uint32_t size, uint32_t out);
void hf_p2_set_times_at(hf_b b, uint32_t self, uint32_t flags, uint32_t path, uint32_t size, uint32_t atim_kind,
                        uint64_t atim_seconds, uint32_t atim_nanoseconds, uint32_t mtim_kind, uint64_t mtim_seconds,
                        uint32_t mtim_nanoseconds, uint32_t out);
void hf_p2_link_at(hf_b b, uint32_t self, uint32_t flags, uint32_t old_path, uint32_t old_size, uint32_t new_dir,
                   uint32_t new_path, uint32_t new_size, uint32_t out);
void hf_p2_open_at(hf_b b, uint32_t self, uint32_t path_flags, uint32_t path, uint32_t size, uint32_t oflags,
                   uint32_t flags, uint32_t out);
void hf_p2_readlink_at(hf_b b, uint32_t self, uint32_t path, uint32_t size, uint32_t out);
void hf_p2_remove_directory_at(hf_b b, uint32_t self, uint32_t path, uint32_t size, uint32_t out);
void hf_p2_rename_at(hf_b b, uint32_t self, uint32_t old_path, uint32_t old_size, uint32_t new_dir, uint32_t new_path,
                     uint32_t new_size, uint32_t out);
void hf_p2_symlink_at(hf_b b, uint32_t self, uint32_t target, uint32_t target_size, uint32_t path, uint32_t size,
                      uint32_t out);
void hf_p2_unlink_file_at(hf_b b, uint32_t self, uint32_t path, uint32_t size, uint32_t out);
void hf_p2_metadata_hash_at(hf_b b, uint32_t self, uint32_t flags, uint32_t path, uint32_t size, uint32_t out);
void hf_p2_read_directory(hf_b b, uint32_t self, uint32_t out);
void hf_p2_read_directory_entry(hf_b b, uint32_t self, uint32_t out);
void hf_p2_get_directories(hf_b b, uint32_t out);
void hf_p2_filesystem_error_code(hf_b b, uint32_t error, uint32_t out);

/* enum error-code, with ok before it. */
enum fs_code {
	FS_OK = -1,
	FS_ACCESS,
	FS_WOULD_BLOCK,
	FS_ALREADY,
	FS_BAD_DESCRIPTOR,
	FS_BUSY,
	FS_DEADLOCK,
	FS_QUOTA,
	FS_EXIST,
	FS_FILE_TOO_LARGE,
	FS_ILLEGAL_BYTE_SEQUENCE,
	FS_IN_PROGRESS,
	FS_INTERRUPTED,
	FS_INVALID,
	FS_IO,
	FS_IS_DIRECTORY,
	FS_LOOP,
	FS_TOO_MANY_LINKS,
	FS_MESSAGE_SIZE,
	FS_NAME_TOO_LONG,
	FS_NO_DEVICE,
	FS_NO_ENTRY,
	FS_NO_LOCK,
	FS_INSUFFICIENT_MEMORY,
	FS_INSUFFICIENT_SPACE,
	FS_NOT_DIRECTORY,
	FS_NOT_EMPTY,
	FS_NOT_RECOVERABLE,
	FS_UNSUPPORTED,
	FS_NO_TTY,
	FS_NO_SUCH_DEVICE,
	FS_OVERFLOW,
	FS_NOT_PERMITTED,
	FS_PIPE,
	FS_READ_ONLY,
	FS_INVALID_SEEK,
	FS_TEXT_FILE_BUSY,
	FS_CROSS_DEVICE,
	FS_CODES,
};

/* flags open-flags */
enum { CREATE = 1, DIRECTORY = 2, EXCLUSIVE = 4, TRUNCATE = 8 };
/* flags path-flags */
enum { FOLLOW = 1 };
/* variant new-timestamp: three arguments */
#define NO_CHANGE 0, 0, 0
#define NOW 1, 0, 0
#define TIME(seconds, nanoseconds) 2, (seconds), (nanoseconds)

/* Puts the text into the component's memory; expands to two arguments, its address and its size. */
#define AT(text) P2_FS_PATH, poke_text(component->program, P2_FS_PATH, text)
#define TO(text) P2_FS_OTHER, poke_text(component->program, P2_FS_OTHER, text)

/* Runs `guest` as the component's code. It must return. The component is then at its end, and freed. */
void p2_must_return(struct p2_program *component, void (*guest)(struct p2_program *));

/* Returns the code of the result at P2_OUT. `payload` is the offset of its value. */
enum fs_code fs_result(struct p2_program *component, uint32_t payload);
/* The same for result<_, error-code>. */
#define fs_status(component) fs_result(component, 1)
/* Makes the call, which must have this result. */
#define FS_IS(payload, call, code) ((call), CHECK_EQ(fs_result(component, payload), code))
#define STATUS(call, code) FS_IS(1, call, code)

/* Returns the handle of the preopen with this name. */
uint32_t fs_preopen(struct p2_program *component, const char *name);
/* Calls open-at, which must succeed, and returns the handle. */
uint32_t fs_open(struct p2_program *component, uint32_t dir, const char *path, uint32_t oflags, uint32_t flags);
enum fs_code fs_try_open(struct p2_program *component, uint32_t dir, const char *path, uint32_t oflags, uint32_t flags);
void fs_drop(struct p2_program *component, uint32_t descriptor);
/* Calls get-flags, which must succeed. */
uint32_t fs_flags(struct p2_program *component, uint32_t descriptor);
/* Returns the list at P2_OUT + `at`. */
const char *fs_list(struct p2_program *component, uint32_t at, uint32_t *count);
/* Checks a list of bytes. */
void fs_list_is(struct p2_program *component, uint32_t at, const char *text);

#endif
