#include "support/pipes.h"

struct hf_pipe *pipe_begin(uint32_t size)
{
	struct hf_pipe *pipe;
	CHECK_OK(hf_pipe_create(size, &pipe));
	return pipe;
}

void pipe_end(struct hf_pipe *pipe)
{
	hf_pipe_drop_reader(pipe);
	hf_pipe_drop_writer(pipe);
}

static struct hf_uio uio_of(struct hf_iov *iov, const void *buffer, uint32_t size)
{
	struct hf_uio uio;
	hf_uio_kernel(&uio, iov, (void *)(uintptr_t)buffer, size);
	return uio;
}

/* An error means that nothing was moved. */
static int outcome(int result, uint32_t size, const struct hf_uio *uio)
{
	CHECK(result == 0 || uio->resid == size);
	return result < 0 ? result : (int)(size - uio->resid);
}

int p_try_read(struct hf_pipe *pipe, void *buffer, uint32_t size, struct hf_waiter *waiter)
{
	struct hf_iov iov;
	struct hf_uio uio = uio_of(&iov, buffer, size);
	return outcome(hf_pipe_try_read(pipe, &uio, waiter), size, &uio);
}

int p_try_write(struct hf_pipe *pipe, const void *bytes, uint32_t size, struct hf_waiter *waiter)
{
	struct hf_iov iov;
	struct hf_uio uio = uio_of(&iov, bytes, size);
	return outcome(hf_pipe_try_write(pipe, &uio, waiter), size, &uio);
}

int p_try_put(struct hf_pipe *pipe, const void *bytes, uint32_t size, struct hf_waiter *waiter)
{
	struct hf_iov iov;
	struct hf_uio uio = uio_of(&iov, bytes, size);
	return outcome(hf_pipe_try_put(pipe, &uio, waiter), size, &uio);
}

int p_read(struct hf_pipe *pipe, void *buffer, uint32_t size, bool nonblock)
{
	struct hf_iov iov;
	struct hf_uio uio = uio_of(&iov, buffer, size);
	return outcome(hf_pipe_read(pipe, hf_self, &uio, nonblock), size, &uio);
}

int p_write(struct hf_pipe *pipe, const void *bytes, uint32_t size, bool nonblock)
{
	struct hf_iov iov;
	struct hf_uio uio = uio_of(&iov, bytes, size);
	return outcome(hf_pipe_write(pipe, hf_self, &uio, nonblock), size, &uio);
}

static void count(struct hf_waiter *waiter)
{
	atomic_fetch_add(&HF_CONTAINER(waiter, struct counting_waiter, waiter)->woken, 1);
}

void counting_waiter_init(struct counting_waiter *waiter)
{
	hf_waiter_init(&waiter->waiter, count);
	atomic_store(&waiter->woken, 0);
}
