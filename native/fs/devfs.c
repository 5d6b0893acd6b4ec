/* devfs.c - null, zero, full, random, and the names of the standard streams. They have no state except their reference counts, which have no effect.
 */
#include "fs/devfs.h"

#include "fs/memfs.h"
#include "fs/random.h"

#include <string.h>

#define DEVFS_DEV 1

static int null_read(struct hf_vnode *vnode, uint64_t offset, struct hf_uio *uio)
{
	(void)vnode, (void)offset, (void)uio;
	return 0;
}

static int zero_read(struct hf_vnode *vnode, uint64_t offset, struct hf_uio *uio)
{
	(void)vnode, (void)offset;
	(void)hf_uio_zero_user(uio, uio->resid < SIZE_MAX ? (size_t)uio->resid : SIZE_MAX);
	return 0;
}

static int random_read(struct hf_vnode *vnode, uint64_t offset, struct hf_uio *uio)
{
	(void)vnode, (void)offset;
	uint8_t bytes[512];
	while (uio->resid > 0) {
		size_t n = uio->resid < sizeof bytes ? (size_t)uio->resid : sizeof bytes;
		hf_random(bytes, n);
		(void)hf_uio_to_user(uio, bytes, n);
	}
	memset(bytes, 0, sizeof bytes);
	return 0;
}

static int swallow(struct hf_vnode *vnode, uint64_t offset, bool append, struct hf_uio *uio, uint64_t *end)
{
	(void)vnode, (void)append;
	*end = offset + uio->resid;
	uio->resid = 0;
	return 0;
}

static int full_write(struct hf_vnode *vnode, uint64_t offset, bool append, struct hf_uio *uio, uint64_t *end)
{
	(void)vnode, (void)append;
	*end = offset;
	return uio->resid == 0 ? 0 : -HF_ENOSPC;
}

static int stream_read(struct hf_vnode *vnode, uint64_t offset, struct hf_uio *uio)
{
	(void)vnode, (void)offset, (void)uio;
	return -HF_ENXIO;
}

static int stream_write(struct hf_vnode *vnode, uint64_t offset, bool append, struct hf_uio *uio, uint64_t *end)
{
	(void)vnode, (void)append, (void)uio;
	*end = offset;
	return -HF_ENXIO;
}

static int getattr(struct hf_vnode *vnode, struct hf_attr *out)
{
	*out = (struct hf_attr){.dev = DEVFS_DEV, .ino = vnode->ino, .filetype = vnode->filetype, .nlink = 1};
	return 0;
}

/* A device has no times, and its attributes cannot be changed. */
static int set_times(struct hf_vnode *vnode, const uint64_t *atim, const uint64_t *mtim)
{
	(void)vnode, (void)atim, (void)mtim;
	return -HF_EPERM;
}

/* The first reference to each is never released. */
static void never_destroyed(struct hf_vnode *vnode)
{
	(void)vnode;
	hf_plat_panic(__FILE_NAME__, __LINE__, "a device lost more references than it had");
}

#define OPS(read_op, write_op)                                                                                         \
	{                                                                                                                  \
		.read = (read_op), .write = (write_op), .getattr = getattr, .set_times = set_times, .destroy = never_destroyed \
	}

static const struct hf_vnode_ops null_ops = OPS(null_read, swallow);
static const struct hf_vnode_ops zero_ops = OPS(zero_read, swallow);
static const struct hf_vnode_ops full_ops = OPS(zero_read, full_write);
static const struct hf_vnode_ops random_ops = OPS(random_read, swallow);
static const struct hf_vnode_ops stream_ops = OPS(stream_read, stream_write);

#define DEVICE(number, operations)                                                                    \
	{                                                                                                 \
		.refs = 1, .ops = (operations), .ino = 1 + (number), .filetype = HF_FILETYPE_CHARACTER_DEVICE \
	}

static struct hf_vnode devices[HF_DEV_COUNT] = {
	[HF_DEV_NULL] = DEVICE(HF_DEV_NULL, &null_ops),       [HF_DEV_ZERO] = DEVICE(HF_DEV_ZERO, &zero_ops),
	[HF_DEV_FULL] = DEVICE(HF_DEV_FULL, &full_ops),       [HF_DEV_RANDOM] = DEVICE(HF_DEV_RANDOM, &random_ops),
	[HF_DEV_STDIN] = DEVICE(HF_DEV_STDIN, &stream_ops),   [HF_DEV_STDOUT] = DEVICE(HF_DEV_STDOUT, &stream_ops),
	[HF_DEV_STDERR] = DEVICE(HF_DEV_STDERR, &stream_ops),
};

struct hf_vnode *hf_device(enum hf_device device)
{
	return hf_vnode_ref(&devices[device]);
}

int hf_device_descriptor(const struct hf_vnode *vnode)
{
	return vnode->ops == &stream_ops ? (int)(vnode->ino - devices[HF_DEV_STDIN].ino) : -1;
}

static const struct {
	const char *name;
	enum hf_device device;
} names[] = {
	{"null", HF_DEV_NULL},      {"zero", HF_DEV_ZERO},   {"full", HF_DEV_FULL},     {"random", HF_DEV_RANDOM},
	{"urandom", HF_DEV_RANDOM}, {"stdin", HF_DEV_STDIN}, {"stdout", HF_DEV_STDOUT}, {"stderr", HF_DEV_STDERR},
};

#define NAMES (sizeof names / sizeof names[0])

static int fill(struct hf_vnode *dir)
{
	for (size_t i = 0; i < NAMES; i++) {
		int err = hf_memfs_attach(dir, names[i].name, &devices[names[i].device]);
		if (err) {
			while (i-- > 0)
				(void)dir->ops->unlink(dir, names[i].name, strlen(names[i].name));
			return err;
		}
	}
	return 0;
}

int hf_devfs_populate(struct hf_vnode *root)
{
	struct hf_vnode *dir;
	if (root->filetype != HF_FILETYPE_DIRECTORY)
		return -HF_ENOTDIR;
	int err = root->ops->create(root, "dev", 3, HF_FILETYPE_DIRECTORY, &dir);
	if (err)
		return err;
	err = fill(dir);
	hf_vnode_unref(dir);
	if (err)
		(void)root->ops->rmdir(root, "dev", 3);
	return err;
}
