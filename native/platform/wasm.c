/* wasm.c - the platform in workers of a browser or of Node: a few imports from worker/kernel.ts. How threads wait is in atomics.c and single.c.
 *
 * Every worker instantiates this module over the same memory, with a separate stack and thread-local storage. */
#include "platform/platform.h"

#include <string.h>

#include <holdfast/errno.h>
#include <holdfast/imports.h>
#include <holdfast/layouts.h>

#include "platform/heap.h"
#include "platform/lock.h"
#include "platform/wasm.h"

_Thread_local void (*hf__stack_probe)(int never);
_Thread_local const hf_word *hf_stop_word;
static _Thread_local double clock_offset_ms;
/* A guest is unwound by a trap, because no guest can catch a trap: an exception would stop at its `catch_all`. */
static _Thread_local bool unwinding;
static _Atomic uint64_t realtime_offset;
static _Atomic uint32_t cores = 1;

/* Called after a call to JavaScript, which may have used up the engine's heap: Node then ends the worker at the next function that checks its stack,
 * which must happen here and not under the next lock. The coordinator has no probe, and no guest that fills its heap. */
static void end_here_if_ever(void)
{
	if (hf__stack_probe)
		hf__stack_probe(0);
}

/* Workers have different time origins; the offset, set once at boot, aligns their clocks. */
uint64_t hf_plat_monotonic(void)
{
	double now = js_now();
	end_here_if_ever();
	return (uint64_t)((now + clock_offset_ms) * 1e6);
}

uint64_t hf_plat_realtime(void)
{
	return hf_plat_monotonic() + atomic_load_explicit(&realtime_offset, memory_order_relaxed);
}

void hf__wasm_sync_realtime(void)
{
	/* Date.now() advances in steps of 1 ms: follow the wall clock only when it was set, not at each step. */
	const uint64_t tolerance = 20000000;
	uint64_t date = (uint64_t)(js_date() * 1e6), mine = hf_plat_realtime();
	if (date > mine + tolerance || date + tolerance < mine)
		atomic_store(&realtime_offset, date - hf_plat_monotonic());
}

/* Measures the smallest step of performance.now(), in milliseconds: 0.005 in Chromium, 0.02 in Firefox, 1 in a page that is not isolated; in Node the
 * time that a call takes. Returns the smallest of 16 steps, or of those that 20,000 calls (some milliseconds) see; 1 if there are none. */
static double smallest_step(void)
{
	double last = js_now(), smallest = 1;
	for (int looks = 20000, steps = 16; looks && steps; looks--) {
		double now = js_now(), step = now - last;
		if (step <= 0)
			continue;
		last = now;
		steps--;
		if (step < smallest)
			smallest = step;
	}
	return smallest;
}

/* Measured when the first program requests it, because few do. */
uint64_t hf_plat_clock_resolution(void)
{
	static _Atomic uint32_t resolution;
	uint32_t known = atomic_load_explicit(&resolution, memory_order_relaxed);
	if (known == 0) {
		known = (uint32_t)(smallest_step() * 1e6 + 0.5);
		known = known ? known : 1;
		atomic_store_explicit(&resolution, known, memory_order_relaxed);
	}
	return known;
}

void hf_plat_entropy(void *buffer, size_t size)
{
	js_entropy(buffer, size);
	end_here_if_ever();
}

uint32_t hf_plat_cores(void)
{
	return atomic_load_explicit(&cores, memory_order_relaxed);
}

_Static_assert(HF_PLAT_MALLOC_SKEW == HF_HEAP_SKEW, "raw memory is the heap's");

static struct hf_lock heap_lock = HF_LOCK_INIT(HF_RANK_LEAF);
static struct hf_heap heap;

static bool grow(struct hf_heap *which, uint64_t size)
{
	uint64_t pages = ((uintptr_t)which->base + size + HF_WASM_PAGE - 1) / HF_WASM_PAGE;
	size_t there = __builtin_wasm_memory_size(0);
	return pages <= there || __builtin_wasm_memory_grow(0, (size_t)pages - there) != SIZE_MAX;
}

extern char __heap_base;
static uintptr_t data_end = (uintptr_t)&__heap_base;

/* Emscripten's startup code for the first thread takes the coordinator's thread-local storage from here. */
uintptr_t *emscripten_get_sbrk_ptr(void);
uintptr_t *emscripten_get_sbrk_ptr(void)
{
	return &data_end;
}

void hf__wasm_boot_memory(uint64_t maximum, uint64_t base)
{
	uint64_t start = (data_end + 15) & ~(uintptr_t)15;
	if (start < base)
		start = base;
	/* No block ends at 4 GiB, which is not an address. */
	hf_heap_init(&heap, (void *)(uintptr_t)start, maximum > start ? maximum - start - 1 : 0, grow);
}

void *hf_plat_malloc(enum hf_zone zone, size_t size)
{
	hf_lock_near(&heap_lock);
	void *block = hf_heap_alloc(&heap, zone, size);
	hf_unlock_near(&heap_lock);
	return block;
}

void hf_plat_free(void *block)
{
	hf_lock_near(&heap_lock);
	hf_heap_free(&heap, block);
	hf_unlock_near(&heap_lock);
}

void hf_plat_flag_raise(uint32_t flag, uint32_t bits)
{
	if (flag)
		js_flag_raise(flag, bits);
}

void hf_plat_flag_lower(uint32_t flag, uint32_t bits)
{
	if (flag)
		js_flag_lower(flag, bits);
}

void hf_plat_unwind(void)
{
	unwinding = true;
	__builtin_trap();
}

bool hf__wasm_unwound(void)
{
	bool was = unwinding;
	unwinding = false;
	return was;
}

void hf_plat_panic(const char *file, int line, const char *message)
{
	char text[256], digits[12];
	size_t size = 0, at = sizeof digits;
	for (unsigned n = (unsigned)line; n || at == sizeof digits; n /= 10)
		digits[--at] = (char)('0' + n % 10);
	const char *parts[] = {file, ":", NULL, ": ", message};
	for (int i = 0; i < 5; i++) {
		const char *part = parts[i] ? parts[i] : digits + at;
		size_t length = parts[i] ? strlen(part) : sizeof digits - at;
		if (length > sizeof text - size)
			length = sizeof text - size;
		memcpy(text + size, part, length);
		size += length;
	}
	js_panic(text, size);
}

void hf__wasm_boot(double offset_ms)
{
	clock_offset_ms = offset_ms;
}

void hf__wasm_boot_cores(uint32_t core_count)
{
	atomic_store(&cores, core_count ? core_count : 1);
	hf__wasm_sync_realtime();
}
