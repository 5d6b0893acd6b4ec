/* fs.c - what the functions of wasi:filesystem have in common. */
#include "wasi/p2/fs.h"

#include "fs/siphash.h"
#include "wasi/p2/destroy.h"
#include "wasi/p2/error.h"

#define NS_PER_SECOND UINT64_C(1000000000)

/* ---- error codes ---- */

/* One more than the place in enum error-code; 0: none. */
static const uint8_t codes[] = {
	[HF_EACCES] = 1,        [HF_EAGAIN] = 2,
	[HF_EALREADY] = 3,      [HF_EBADF] = 4,
	[HF_EBUSY] = 5,         [HF_EDEADLK] = 6,
	[HF_EDQUOT] = 7,        [HF_EEXIST] = 8,
	[HF_EFBIG] = 9,         [HF_EILSEQ] = 10,
	[HF_EINPROGRESS] = 11,  [HF_EINTR] = 12,
	[HF_EINVAL] = 13,       [HF_EIO] = 14,
	[HF_EISDIR] = 15,       [HF_ELOOP] = 16,
	[HF_EMLINK] = 17,       [HF_EMSGSIZE] = 18,
	[HF_ENAMETOOLONG] = 19, [HF_ENODEV] = 20,
	[HF_ENOENT] = 21,       [HF_ENOLCK] = 22,
	[HF_ENOMEM] = 23,       [HF_EMFILE] = 23, /* WIT has no code for a full table of descriptors */
	[HF_ENOSPC] = 24,       [HF_ENOTDIR] = 25,
	[HF_ENOTEMPTY] = 26,    [HF_ENOTRECOVERABLE] = 27,
	[HF_ENOTSUP] = 28,      [HF_ENOSYS] = 28,
	[HF_ENOTTY] = 29,       [HF_ENXIO] = 30,
	[HF_EOVERFLOW] = 31,    [HF_EPERM] = 32,
	[HF_ENOTCAPABLE] = 32,  [HF_EPIPE] = 33,
	[HF_EROFS] = 34,        [HF_ESPIPE] = 35,
	[HF_ETXTBSY] = 36,      [HF_EXDEV] = 37,
};

int hf__p2_fs_code(int error)
{
	uint32_t number = (uint32_t)-error;
	return number < sizeof codes ? codes[number] - 1 : -1;
}

uint8_t hf__p2_fs_type(uint8_t filetype)
{
	/* In the order of enum descriptor-type: unknown, block-device, character-device, directory, fifo, symbolic-link, regular-file, socket. */
	static const uint8_t types[] = {
		[HF_FILETYPE_BLOCK_DEVICE] = 1,  [HF_FILETYPE_CHARACTER_DEVICE] = 2, [HF_FILETYPE_DIRECTORY] = 3,
		[HF_FILETYPE_REGULAR_FILE] = 6,  [HF_FILETYPE_SOCKET_DGRAM] = 7,     [HF_FILETYPE_SOCKET_STREAM] = 7,
		[HF_FILETYPE_SYMBOLIC_LINK] = 5,
	};
	return filetype < sizeof types ? types[filetype] : 0;
}

static void sys_filesystem_error_code(hf_b b, uint32_t error, uint32_t out)
{
	const struct hf_p2_error *of = hf__p2_borrow(b, HF_P2_ERROR, error);
	if (!of || hf__p2_check(b, out, 2, 1) < 0)
		return;
	int code = hf__p2_fs_code(-of->code);
	const uint8_t option[2] = {code >= 0, (uint8_t)code};
	hf__p2_store(b, out, option, code >= 0 ? 2 : 1);
}

P2_VOID_DOOR(filesystem_error_code, (uint32_t error, uint32_t out), error, out)

/* ---- files and descriptors ---- */

void hf__p2_destroy_file(struct hf_p2_object *object)
{
	const struct hf_p2_file *file = (const struct hf_p2_file *)(const void *)object;
	if (!file->preopen)
		(void)hf_fd_close(&object->p2->thread->process->fds, file->fd);
}

int hf__p2_give_descriptor(hf_b b, uint32_t fd, bool preopen, uint32_t flags, uint32_t *handle)
{
	struct hf_p2_file *file = hf__p2_object(b->p2, sizeof *file, HF_P2_FILE, NULL);
	if (!file) {
		if (!preopen)
			(void)hf_fd_close(&b->p2->thread->process->fds, fd);
		return -HF_ENOMEM;
	}
	file->fd = fd;
	file->preopen = preopen;
	struct hf_p2_descriptor *descriptor = hf__p2_object(b->p2, sizeof *descriptor, HF_P2_DESCRIPTOR, &file->base);
	hf__p2_unref(&file->base); /* the descriptor's reference is left */
	if (!descriptor)
		return -HF_ENOMEM;
	descriptor->flags = flags;
	*handle = hf__p2_give(b, &descriptor->base);
	return *handle ? 0 : -HF_EINTR;
}

/* ---- methods ---- */

bool hf__p2_fs_begin(struct hf_p2_fs_call *call, hf_b b, uint32_t self, uint32_t out, uint32_t size, uint32_t alignment)
{
	call->b = b;
	call->out = out;
	call->self = hf__p2_borrow(b, HF_P2_DESCRIPTOR, self);
	if (!call->self || hf__p2_check(b, out, size, alignment) < 0)
		return false;
	call->result = hf_fd_get_any(&b->p2->thread->process->fds, hf__p2_fd_of(call->self), &call->view);
	if (call->result < 0)
		call->view.file = NULL;
	return true;
}

void hf__p2_fs_put_back(struct hf_p2_fs_call *call)
{
	if (call->view.file)
		hf_fd_put(&call->view);
	call->view.file = NULL;
}

void hf__p2_fs_end(struct hf_p2_fs_call *call, void *ok, uint32_t size, uint32_t payload)
{
	hf__p2_fs_put_back(call);
	if (call->result >= 0) {
		hf__p2_store(call->b, call->out, ok, size);
		return;
	}
	int code = hf__p2_fs_code(call->result);
	const uint8_t failed = 1, value = (uint8_t)(code >= 0 ? code : hf__p2_fs_code(-HF_EIO));
	hf__p2_store(call->b, call->out, &failed, 1);
	hf__p2_store(call->b, call->out + payload, &value, 1);
}

void hf__p2_fs_end_status(struct hf_p2_fs_call *call)
{
	uint8_t ok = 0;
	hf__p2_fs_end(call, &ok, 1, 1);
}

/* ---- times, attributes, hashes ---- */

static int new_time(hf_b b, const struct hf_p2_new_time *time, uint64_t now, uint64_t *ns, const uint64_t **out)
{
	*out = time->kind == 0 ? NULL : ns;
	*ns = now;
	if (time->kind < 2)
		return 0;
	if (time->kind > 2)
		return hf__p2_trap_at(b->p2, "a new-timestamp has no case #", time->kind);
	if (time->nanoseconds >= NS_PER_SECOND)
		return -HF_EINVAL;
	if (time->seconds > (UINT64_MAX - time->nanoseconds) / NS_PER_SECOND)
		return -HF_EOVERFLOW;
	*ns = time->seconds * NS_PER_SECOND + time->nanoseconds;
	return 0;
}

int hf__p2_new_times(hf_b b, const struct hf_p2_new_time times[2], uint64_t ns[2], const uint64_t *out[2])
{
	uint64_t now = times[0].kind == 1 || times[1].kind == 1 ? hf_plat_realtime() : 0;
	int result = new_time(b, &times[0], now, &ns[0], &out[0]);
	return result < 0 ? result : new_time(b, &times[1], now, &ns[1], &out[1]);
}

static void put_time(struct hf_p2_fs_time *out, uint64_t ns)
{
	out->some = 1;
	out->seconds = ns / NS_PER_SECOND;
	out->nanoseconds = ns % NS_PER_SECOND;
}

void hf__p2_fs_put_stat(struct hf_p2_fs_stat *out, const struct hf_attr *attr)
{
	out->failed = 0;
	out->value.type = hf__p2_fs_type(attr->filetype);
	out->value.links = attr->nlink;
	out->value.size = attr->size;
	put_time(&out->value.atim, attr->atim);
	put_time(&out->value.mtim, attr->mtim);
	put_time(&out->value.ctim, attr->ctim);
}

void hf__p2_fs_put_hash(struct hf_p2_fs_hash *out, const struct hf_attr *attr)
{
	/* The key is no secret, so that a hash is the same in each process: the input is what `stat` reports and the inode number, which is no secret
	 * either (preview 1 reports it). */
	static const struct hf_siphash_key key = {UINT64_C(0x686f6c6466617374), UINT64_C(0x6d65746164617461)};
	const uint64_t object[] = {attr->dev, attr->ino},
				   state[] = {attr->dev, attr->ino, attr->size, attr->mtim, attr->ctim};
	out->lower = hf__siphash24(&key, object, sizeof object);
	out->upper = hf__siphash24(&key, state, sizeof state);
}
