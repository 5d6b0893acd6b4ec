/* children.c - descriptors of a guest that starts programs (web/children.ts): the program's file, and pipes. The guest's thread waits during these calls.
 * Coordinator thread only; nothing here blocks. */
#include <holdfast/exports.h>

#include "coordinator/session.h"
#include "kernel/process.h"
#include "kernel/vnode_file.h"
#include "wasi/sys.h"

/* Gets the file of one of the guest's descriptors, for c_fs_read and c_fs_close. Returns -ESRCH if the guest has ended, -EBADF for a descriptor that is not
 * open for reading, and -EACCES if it is not a regular file. */
int32_t hf_c_child_program(struct session *session, uint32_t fd, struct hf_vnode **out)
{
	struct hf_process *process = session ? hf_session_process(session) : NULL;
	struct hf_fd_view view;
	int result = process ? hf_fd_get_from_outside(&process->fds, fd, 0, &view) : -HF_ESRCH;
	if (result < 0)
		return result;
	if (!hf_file_has_vnode(view.file) || view.file->filetype != HF_FILETYPE_REGULAR_FILE)
		result = -HF_EACCES;
	else if (!(view.rights & HF_RIGHT_FD_READ))
		result = -HF_EBADF;
	else
		*out = hf_vnode_ref(hf_vnode_file(view.file)->vnode);
	hf_fd_put(&view);
	return result;
}

static int open_end(struct hf_process *process, struct hf_pipe *pipe, enum hf_access end)
{
	struct hf_file *file;
	int result = hf_file_open_pipe(pipe, end, HF_FILETYPE_UNKNOWN, &file);
	if (result < 0)
		return result;
	uint64_t rights = HF_RIGHTS_STREAM & ~(end == HF_READ ? HF_RIGHT_FD_WRITE : HF_RIGHT_FD_READ);
	return hf_fd_insert(&process->fds, file, rights, 0);
}

/* Creates a pipe for the guest. Returns the descriptor of the reading end and, in the upper half, of the writing end; or -ESRCH, -ENOMEM, or -EMFILE
 * if the guest has no descriptors left, or it and its relatives no pipes. */
int32_t hf_c_child_pipe(struct session *session)
{
	struct hf_process *process = session ? hf_session_process(session) : NULL;
	struct hf_pipe *pipe;
	int result =
		process ? hf_pipe_create_counted(process->limits.pipe_bytes, &process->payer->pipes, &pipe) : -HF_ESRCH;
	if (result < 0)
		return result;
	int reader = open_end(process, pipe, HF_READ);
	if (reader < 0) {
		hf_pipe_drop_writer(pipe);
		return reader;
	}
	int writer = open_end(process, pipe, HF_WRITE);
	if (writer >= 0)
		return reader | writer << 16;
	(void)hf_fd_close(&process->fds, (uint32_t)reader);
	return writer;
}
