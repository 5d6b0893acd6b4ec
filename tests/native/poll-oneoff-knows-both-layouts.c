/* wasi_snapshot_preview1 and wasi_unstable have different layouts for subscriptions and the same layout for events. */
#include "support/program.h"

#include <stddef.h>
#include <string.h>

#include "wasi/abi.h"

enum { IN = 1024, OUT = 8192, COUNT = 64 };

static struct program *program;

static void subscribe_clock(bool unstable, uint32_t index, uint32_t id, uint64_t timeout, uint16_t flags)
{
	if (unstable) {
		struct wasi_unstable_subscription sub = {.userdata = 100 + index, .tag = HF_EVENTTYPE_CLOCK};
		sub.u.clock.identifier = 0x5555;
		sub.u.clock.rest.id = id;
		sub.u.clock.rest.timeout = timeout;
		sub.u.clock.rest.flags = flags;
		poke(program, IN + index * (uint32_t)sizeof sub, &sub, sizeof sub);
	} else {
		struct wasi_subscription sub = {.userdata = 100 + index, .tag = HF_EVENTTYPE_CLOCK};
		sub.u.clock.id = id;
		sub.u.clock.timeout = timeout;
		sub.u.clock.flags = flags;
		poke(program, IN + index * (uint32_t)sizeof sub, &sub, sizeof sub);
	}
}

static void subscribe_fd(bool unstable, uint32_t index, uint8_t tag, uint32_t fd)
{
	if (unstable) {
		struct wasi_unstable_subscription sub = {.userdata = 100 + index, .tag = tag, .u.fd = fd};
		poke(program, IN + index * (uint32_t)sizeof sub, &sub, sizeof sub);
	} else {
		struct wasi_subscription sub = {.userdata = 100 + index, .tag = tag, .u.fd = fd};
		poke(program, IN + index * (uint32_t)sizeof sub, &sub, sizeof sub);
	}
}

static uint32_t poll(bool unstable, uint32_t count)
{
	return (unstable ? hf_un_poll_oneoff : hf_p1_poll_oneoff)(IN, OUT, count, COUNT);
}

static struct wasi_event event(uint32_t index)
{
	struct wasi_event event;
	CHECK(index < peek_u32(program, COUNT));
	memcpy(&event, program->guest->memory + OUT + index * sizeof event, sizeof event);
	return event;
}

static void check_event(uint32_t index, uint64_t userdata, uint16_t error, uint8_t type, uint64_t bytes, uint16_t flags)
{
	struct wasi_event e = event(index);
	CHECK_EQ(e.userdata, userdata);
	CHECK_EQ(e.error, error);
	CHECK_EQ(e.type, type);
	CHECK_EQ(e.bytes, bytes);
	CHECK_EQ(e.flags, flags);
}

static void check_clocks(bool unstable)
{
	/* The earliest wins; a deadline that has passed is due at once. */
	subscribe_clock(unstable, 0, HF_CLOCK_MONOTONIC, UINT64_MAX, 0);
	subscribe_clock(unstable, 1, HF_CLOCK_MONOTONIC, 1, HF_SUBCLOCK_ABSTIME);
	subscribe_clock(unstable, 2, HF_CLOCK_REALTIME, 1, HF_SUBCLOCK_ABSTIME);
	subscribe_clock(unstable, 3, HF_CLOCK_MONOTONIC, UINT64_MAX, HF_SUBCLOCK_ABSTIME);
	subscribe_clock(unstable, 4, HF_CLOCK_REALTIME, 0, 0);
	CHECK_ERR(poll(unstable, 5), 0);
	CHECK_EQ(peek_u32(program, COUNT), 3);
	check_event(0, 101, 0, HF_EVENTTYPE_CLOCK, 0, 0);
	check_event(1, 102, 0, HF_EVENTTYPE_CLOCK, 0, 0);
	check_event(2, 104, 0, HF_EVENTTYPE_CLOCK, 0, 0);
	/* The wait lasts at least as long as requested. */
	uint64_t start = hf_plat_monotonic();
	subscribe_clock(unstable, 0, HF_CLOCK_REALTIME, 2500000, 0);
	CHECK_ERR(poll(unstable, 1), 0);
	CHECK(hf_plat_monotonic() - start >= 2500000);
	check_event(0, 100, 0, HF_EVENTTYPE_CLOCK, 0, 0);
	start = hf_plat_monotonic();
	subscribe_clock(unstable, 0, HF_CLOCK_MONOTONIC, start + 1500000, HF_SUBCLOCK_ABSTIME);
	CHECK_ERR(poll(unstable, 1), 0);
	CHECK(hf_plat_monotonic() - start >= 1500000);
}

static void check_wrong(bool unstable)
{
	/* An error in one subscription is an event, due at once. */
	subscribe_clock(unstable, 0, HF_CLOCK_MONOTONIC, UINT64_MAX, 0);
	subscribe_fd(unstable, 1, HF_EVENTTYPE_FD_READ, 77);
	subscribe_clock(unstable, 2, HF_CLOCK_PROCESS_CPUTIME, 1, 0);
	subscribe_clock(unstable, 3, 9, 1, 0);
	subscribe_fd(unstable, 4, HF_EVENTTYPE_FD_WRITE, 0);
	CHECK_ERR(poll(unstable, 5), 0);
	CHECK_EQ(peek_u32(program, COUNT), 4);
	check_event(0, 101, HF_EBADF, HF_EVENTTYPE_FD_READ, 0, 0);
	check_event(1, 102, HF_ENOTSUP, HF_EVENTTYPE_CLOCK, 0, 0);
	check_event(2, 103, HF_EINVAL, HF_EVENTTYPE_CLOCK, 0, 0);
	check_event(3, 104, HF_EBADF, HF_EVENTTYPE_FD_WRITE, 0, 0);
	/* Invalid subscriptions fail the whole call. */
	subscribe_fd(unstable, 1, 3, 0);
	CHECK_ERR(poll(unstable, 2), HF_EINVAL);
	subscribe_clock(unstable, 1, HF_CLOCK_MONOTONIC, 0, 2);
	CHECK_ERR(poll(unstable, 2), HF_EINVAL);
}

static void check_streams(bool unstable)
{
	char byte[4];
	subscribe_fd(unstable, 0, HF_EVENTTYPE_FD_READ, 0);
	subscribe_fd(unstable, 1, HF_EVENTTYPE_FD_WRITE, 1);
	subscribe_fd(unstable, 2, HF_EVENTTYPE_FD_READ, 0);
	subscribe_clock(unstable, 3, HF_CLOCK_MONOTONIC, 0, 0);
	CHECK_ERR(poll(unstable, 3), 0);
	CHECK_EQ(peek_u32(program, COUNT), 1);
	check_event(0, 101, 0, HF_EVENTTYPE_FD_WRITE, HF_PIPE_SIZE, 0);
	CHECK_EQ(program_feed(program, "abc", 3), 3);
	CHECK_ERR(poll(unstable, 4), 0);
	CHECK_EQ(peek_u32(program, COUNT), 4);
	check_event(0, 100, 0, HF_EVENTTYPE_FD_READ, 3, 0);
	check_event(2, 102, 0, HF_EVENTTYPE_FD_READ, 3, 0);
	check_event(3, 103, 0, HF_EVENTTYPE_CLOCK, 0, 0);
	poke_iov(program, 256, 512, 3);
	CHECK_ERR(hf_p1_fd_read(0, 256, 1, 64), 0);
	CHECK_EQ(program_take(program, 1, byte, 4), 0);
}

static void check_files(bool unstable, uint32_t file)
{
	subscribe_fd(unstable, 0, HF_EVENTTYPE_FD_READ, file);
	subscribe_fd(unstable, 1, HF_EVENTTYPE_FD_WRITE, file);
	CHECK_ERR(poll(unstable, 2), 0);
	CHECK_EQ(peek_u32(program, COUNT), 2);
	check_event(0, 100, 0, HF_EVENTTYPE_FD_READ, 5, 0);
	check_event(1, 101, 0, HF_EVENTTYPE_FD_WRITE, 1, 0);
}

/* More subscriptions than fit on the stack; the events overwrite them, because the two arrays may overlap. */
static void check_many(bool unstable)
{
	for (uint32_t i = 0; i < 100; i++)
		subscribe_clock(unstable, i, HF_CLOCK_MONOTONIC, i % 2 ? UINT64_MAX : 0, 0);
	CHECK_ERR((unstable ? hf_un_poll_oneoff : hf_p1_poll_oneoff)(IN, IN, 100, COUNT), 0);
	CHECK_EQ(peek_u32(program, COUNT), 50);
	for (uint32_t i = 0; i < 50; i++)
		CHECK_EQ(peek_u64(program, IN + i * 32), 100 + 2 * i);
}

static void check_ends(void)
{
	program_close(program, 0);
	program_close(program, 1);
	subscribe_fd(false, 0, HF_EVENTTYPE_FD_READ, 0);
	subscribe_fd(false, 1, HF_EVENTTYPE_FD_WRITE, 1);
	CHECK_ERR(poll(false, 2), 0);
	check_event(0, 100, 0, HF_EVENTTYPE_FD_READ, 0, HF_EVENT_HANGUP);
	check_event(1, 101, 0, HF_EVENTTYPE_FD_WRITE, 0, HF_EVENT_HANGUP);
}

int main(void)
{
	program = program_begin();
	CHECK_OK(f_put(program->fs.root, "/file", "12345"));
	uint32_t file = open_path(program, "file", 0, READ_WRITE, 0);
	for (int unstable = 0; unstable < 2; unstable++) {
		check_clocks(unstable);
		check_wrong(unstable);
		check_streams(unstable);
		check_files(unstable, file);
		check_many(unstable);
	}
	check_ends();
	program_end(program);
	return done();
}
