/* Each kernel error that a file system can return has a code of wasi:filesystem, and each of the 37 codes has an error; network errors have none.
 * filesystem-error-code returns the code of a stream's error. */
#include "support/p2_fs.h"
#include "wasi/p2/error.h"

static const struct {
	int error;
	enum fs_code code;
} rows[] = {
	{HF_EACCES, FS_ACCESS},
	{HF_EAGAIN, FS_WOULD_BLOCK},
	{HF_EALREADY, FS_ALREADY},
	{HF_EBADF, FS_BAD_DESCRIPTOR},
	{HF_EBUSY, FS_BUSY},
	{HF_EDEADLK, FS_DEADLOCK},
	{HF_EDQUOT, FS_QUOTA},
	{HF_EEXIST, FS_EXIST},
	{HF_EFBIG, FS_FILE_TOO_LARGE},
	{HF_EILSEQ, FS_ILLEGAL_BYTE_SEQUENCE},
	{HF_EINPROGRESS, FS_IN_PROGRESS},
	{HF_EINTR, FS_INTERRUPTED},
	{HF_EINVAL, FS_INVALID},
	{HF_EIO, FS_IO},
	{HF_EISDIR, FS_IS_DIRECTORY},
	{HF_ELOOP, FS_LOOP},
	{HF_EMLINK, FS_TOO_MANY_LINKS},
	{HF_EMSGSIZE, FS_MESSAGE_SIZE},
	{HF_ENAMETOOLONG, FS_NAME_TOO_LONG},
	{HF_ENODEV, FS_NO_DEVICE},
	{HF_ENOENT, FS_NO_ENTRY},
	{HF_ENOLCK, FS_NO_LOCK},
	{HF_ENOMEM, FS_INSUFFICIENT_MEMORY},
	{HF_ENOSPC, FS_INSUFFICIENT_SPACE},
	{HF_ENOTDIR, FS_NOT_DIRECTORY},
	{HF_ENOTEMPTY, FS_NOT_EMPTY},
	{HF_ENOTRECOVERABLE, FS_NOT_RECOVERABLE},
	{HF_ENOTSUP, FS_UNSUPPORTED},
	{HF_ENOSYS, FS_UNSUPPORTED},
	{HF_ENOTTY, FS_NO_TTY},
	{HF_ENXIO, FS_NO_SUCH_DEVICE},
	{HF_EOVERFLOW, FS_OVERFLOW},
	{HF_EPERM, FS_NOT_PERMITTED},
	{HF_ENOTCAPABLE, FS_NOT_PERMITTED},
	{HF_EPIPE, FS_PIPE},
	{HF_EROFS, FS_READ_ONLY},
	{HF_ESPIPE, FS_INVALID_SEEK},
	{HF_ETXTBSY, FS_TEXT_FILE_BUSY},
	{HF_EXDEV, FS_CROSS_DEVICE},
	{HF_EMFILE, FS_INSUFFICIENT_MEMORY},
};

static void guest(struct p2_program *component)
{
	unsigned codes[FS_CODES] = {0};
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint32_t error = hf__p2_give(component->b, &hf__p2_error(component->p2, rows[i].error)->base);
		hf_p2_filesystem_error_code(component->b, error, P2_OUT);
		CHECK_EQ(peek_u8(component->program, P2_OUT), 1);
		CHECK_EQ(peek_u8(component->program, P2_OUT + 1), rows[i].code);
		codes[rows[i].code]++;
	}
	CHECK_EQ(FS_CODES, 37);
	for (unsigned code = 0; code < FS_CODES; code++)
		CHECK(codes[code]);
	static const int others[] = {HF_ECONNRESET, HF_ECONNREFUSED, HF_EADDRINUSE, HF_ETIMEDOUT, HF_ENOTCONN, HF_E2BIG};
	for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
		uint32_t error = hf__p2_give(component->b, &hf__p2_error(component->p2, others[i])->base);
		hf_p2_filesystem_error_code(component->b, error, P2_OUT);
		CHECK_EQ(peek_u8(component->program, P2_OUT), 0);
	}
}

int main(void)
{
	p2_must_return(p2_begin(), guest);
	return done();
}
