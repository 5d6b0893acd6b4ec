/* call.c - calls between guests; call.h explains the protocol. */
#include "links/call.h"

#include <string.h>

#include "kernel/process.h"
#include "platform/alloc.h"

/* How often a side polls before it sleeps: for 30 to 50 us, about the cost of two wake-ups on a busy machine. After polling in vain it polls for a
 * shorter time, but every 16th time for the full time, so that neither sleeps any more once both sides are fast enough. */
#define LOOKS_MOST 1024
#define LOOKS_LEAST 128
#define LOOKS_TURN 16
#define LOOKS 16

#define ARROW_SIZE 5

/* Bytes of a ring. Larger data is streamed through it. */
#define RING_LEAST 4096
#define RING_MOST 262144

/* The most bytes in one transfer: its result is an int32_t. */
#define PIECE_MOST (UINT32_C(1) << 30)

#define BYTES_TAGS UINT32_C(0xaaaaaaaa)
_Static_assert(HF_CALL_TAG_TEXT >= 2 && HF_CALL_TAG_BYTES >= 2 && HF_CALL_TAG_NUMBER < 2 && HF_CALL_TAG_BIGINT < 2,
               "the upper bit of a tag says that bytes follow");
_Static_assert(HF_CALL_VALUES <= 16, "tags are two bits each");
_Static_assert(offsetof(struct hf_message, fn) == HF_CALL_FN && offsetof(struct hf_message, tags) == HF_CALL_TAGS &&
                   offsetof(struct hf_message, count) == HF_CALL_COUNT &&
                   offsetof(struct hf_message, values) == HF_CALL_VALUES_AT &&
                   offsetof(struct hf_call, text) == HF_CALL_TEXT_AT &&
                   offsetof(struct hf_call, ask) == HF_CALL_ASK_AT &&
                   offsetof(struct hf_call, answer) == HF_CALL_ANSWER_AT,
               "JavaScript uses these offsets");

/* ---- small things ---- */

/* A thread holds a lock only in the kernel, so no thread is terminated while it holds one. */
static void lock(hf_word *word)
{
	uint32_t held = 0;
	if (atomic_compare_exchange_strong(word, &held, 1))
		return;
	while (atomic_exchange(word, 2))
		(void)hf_plat_wait(word, 2, HF_FOREVER);
}

static void unlock(hf_word *word)
{
	if (atomic_exchange(word, 0) == 2)
		hf_plat_wake(word, 1);
}

/* Called when the other side is a few instructions away from changing the word. */
static void wait_a_moment(hf_word *word, uint32_t value)
{
	for (int i = 0; i < 1000; i++)
		if (atomic_load(word) != value)
			return;
	(void)hf_plat_wait_for(word, value, 20000);
}

static bool cas(hf_word *word, uint32_t from, uint32_t to)
{
	return atomic_compare_exchange_strong(word, &from, to);
}

/* For words that other threads may see late: in wasm every atomic store is sequentially consistent, and so costs a locked instruction. */
static void set(hf_word *word, uint32_t value)
{
#if defined(__wasm__)
	*(volatile uint32_t *)(void *)word = value;
#else
	atomic_store_explicit(word, value, memory_order_relaxed);
#endif
}

static uint32_t state_of(struct hf_call *call)
{
	return atomic_load(&call->shared.state) & ~(uint32_t)HF_CALL_SLEEPS;
}

/* The value of `word` keeps the thread from leaving until `then` is stored there; after that the thread may be gone. */
static void wake(struct hf_thread *thread, hf_word *word, uint32_t then)
{
	hf_word *park = &thread->park;
	(void)atomic_fetch_add(park, 1);
	bool asleep = atomic_load(&thread->parked);
	(void)atomic_exchange(word, then);
	if (asleep)
		hf_plat_wake(park, 1); /* only needs the address */
}

static uint32_t looks(struct hf_patience *patience)
{
	return ++patience->waits % LOOKS_TURN == 0 ? LOOKS_MOST : patience->looks;
}

/* Polling ended without a result. */
static void was_in_vain(struct hf_patience *patience)
{
	if (patience->looks > LOOKS_LEAST)
		patience->looks /= 2;
}

/* A block that begins a cache line: the heap aligns to less than that. */
static void *aligned(size_t size, void **block)
{
	*block = hf_alloc_zeroed(size + 63);
	return *block ? (void *)(((uintptr_t)*block + 63) & ~(uintptr_t)63) : NULL;
}

/* ---- who waits for whom ---- */

/* The most waits that one search follows: there are no more workers than that, and this many calls of `follow` fit on the stack (worker/probe.ts). */
#define STEPS_MOST 128
#define FOUND -1

static bool takes_calls(struct hf_callee_node *node)
{
	return atomic_load(&node->serves) && atomic_load(&node->waits) < HF_FRAMES_MAX - 1;
}

/* Returns FOUND if a call that `at` runs in this frame (0: has yet to take) cannot end before `self` continues; with `note`, also stores the path in
 * the nodes. Otherwise returns how many steps are left. */
static int32_t follow(struct hf_callees *all, uint32_t self, uint32_t at, uint32_t frame, int32_t steps, bool note)
{
	struct hf_callee_node *node = &all->nodes[at];
	if (frame == 0 && takes_calls(node))
		return steps;
	if (at == self)
		return FOUND;
	uint32_t waits = atomic_load(&node->waits);
	for (uint32_t i = frame ? frame : 1; i <= waits && i < HF_FRAMES_MAX && steps > 0; i++) {
		uint32_t word = atomic_load(&node->waits_for[i]), next = HF_WAIT_CALLEE(word);
		if (!next)
			continue;
		steps = follow(all, self, next, HF_WAIT_FRAME(word), steps - 1, note);
		if (steps == FOUND) {
			if (note)
				node->next = next;
			return FOUND;
		}
	}
	return steps > 0 ? steps : 0;
}

static uint32_t put(struct hf_call *call, uint32_t at, const char *text, uint32_t size)
{
	memcpy(call->text + at, text, size);
	return at + size;
}

/* The module in the browser has no data section, so this is not a string literal. */
static uint32_t put_arrow(struct hf_call *call, uint32_t at)
{
	char *text = call->text + at;
	text[0] = ' ';
	text[1] = (char)0xe2; /* U+2192 */
	text[2] = (char)0x86;
	text[3] = (char)0x92;
	text[4] = ' ';
	return at + ARROW_SIZE;
}

/* Writes the names along the cycle, from self to self, as far as they fit. There is always room for the last one. */
static void put_chain(struct hf_callees *all, uint32_t self, struct hf_call *call)
{
	const struct hf_callee_node *own = &all->nodes[self], *node;
	uint32_t at = put(call, 0, own->name, own->name_size), next = call->callee->node;
	for (uint32_t steps = 0; next != self && steps < HF_CALLEES_MAX; steps++) {
		node = &all->nodes[next];
		next = node->next;
		if (at > HF_CALL_TEXT - 2 * (HF_CALLEE_NAME + ARROW_SIZE))
			continue;
		at = put_arrow(call, at);
		at = put(call, at, node->name, node->name_size);
	}
	at = put_arrow(call, at);
	call->shared.count = put(call, at, own->name, own->name_size);
}

/* Called when the thread of `own` is about to wait: marks the calls that it serves as taken, and clears the waits of those that it has answered,
 * although their callers may not have noticed yet. */
static void tell_callers(struct hf_callee *own)
{
	lock(&own->lock);
	for (struct hf_call *call = own->calls; call; call = call->next) {
		if (!call->place || (!call->served && !call->owed))
			continue;
		/* The exchanges fail if the caller is gone, or is in another wait. */
		hf_word *word = &own->all->nodes[call->place & 0xff].waits_for[call->place >> 8];
		uint32_t taken = call->wait | call->frame << 8;
		if (call->served)
			(void)cas(word, call->wait, taken);
		else
			(void)(cas(word, call->wait, 0) || cas(word, taken, 0));
		call->owed = false;
	}
	unlock(&own->lock);
}

/* Records that the thread, which serves `own`, waits in its next frame. */
static void begin_wait(struct hf_callee *own, struct hf_call *call)
{
	call->ask.place = 0;
	if (!own)
		return;
	struct hf_callee_node *node = &own->all->nodes[own->node];
	uint32_t frame = atomic_load(&node->waits) + 1;
	call->ask.place = own->node | frame << 8;
	call->ask.wait = call->callee->node | ++own->number << 16;
	set(&node->waits_for[frame], call->ask.wait);
	(void)atomic_exchange(&node->waits, frame);
	if (own->serves_some)
		tell_callers(own);
}

static void end_wait(struct hf_callee *own)
{
	if (!own)
		return;
	struct hf_callee_node *node = &own->all->nodes[own->node];
	uint32_t frame = atomic_load(&node->waits);
	set(&node->waits_for[frame], 0);
	set(&node->waits, frame - 1);
}

/* Begins the wait. False: it would be a deadlock. */
static bool may_wait(struct hf_callee *own, struct hf_call *call)
{
	begin_wait(own, call);
	if (!own)
		return true;
	struct hf_callees *all = own->all;
	if (follow(all, own->node, call->callee->node, 0, STEPS_MOST, false) != FOUND)
		return true;
	/* Several threads may have found the same cycle. They search again one at a time, and the first one breaks it. */
	lock(&all->deciding);
	bool refused = follow(all, own->node, call->callee->node, 0, STEPS_MOST, true) == FOUND;
	if (refused) {
		put_chain(all, own->node, call);
		end_wait(own);
	}
	unlock(&all->deciding);
	return !refused;
}

/* A thread takes no calls while it streams bytes. */
static void set_serves(struct hf_callee *own, bool serves)
{
	if (own && own->reentrant)
		atomic_store(&own->all->nodes[own->node].serves, serves);
}

/* Copies a prepared message to the shared part, just before the state announces it. */
static void pass(struct hf_message *to, const struct hf_message *from)
{
	uint32_t count = from->count < HF_CALL_VALUES ? from->count : HF_CALL_VALUES;
	to->fn = from->fn;
	to->tags = from->tags;
	to->count = from->count;
	to->place = from->place;
	to->wait = from->wait;
	for (uint32_t i = 0; i < count; i++)
		to->values[i].bits = from->values[i].bits;
}

/* Advances the state if the callee still owns it, and wakes the caller. Returns whether the caller slept. */
static bool move_on(struct hf_call *call, uint32_t to)
{
	hf_word *word = &call->shared.state;
	for (;;) {
		uint32_t state = atomic_load(word), plain = state & ~(uint32_t)HF_CALL_SLEEPS;
		if (plain != HF_CALL_ASKED && plain != HF_CALL_TAKEN)
			return false;
		if (state == plain && cas(word, state, to))
			return false;
		if (state != plain && cas(word, state, HF_CALL_ANSWERING)) {
			wake(call->caller, word, to);
			return true;
		}
	}
}

/* ---- the callee's side: its thread finds the next call ---- */

static bool is_asked(struct hf_call *call)
{
	return state_of(call) == HF_CALL_ASKED && !call->served;
}

static void take(struct hf_callee *own, struct hf_call *call)
{
	call->served = true;
	call->place = call->shared.place & ~HF_CALL_STREAMS;
	if (call->place) {
		call->wait = call->shared.wait;
		call->frame = atomic_load(&own->all->nodes[own->node].waits) + 1;
		own->serves_some = true;
	}
	if (call->shared.place & HF_CALL_STREAMS)
		(void)move_on(call, HF_CALL_TAKEN);
}

static void free_call(struct hf_call *call)
{
	if (call->pipe) {
		hf_pipe_drop_reader(call->pipe);
		hf_pipe_drop_writer(call->pipe);
	}
	hf_free(call->block);
}

/* Frees the slots that their callers will not touch again. */
static void sweep(struct hf_callee *own)
{
	struct hf_call *dead = NULL;
	lock(&own->lock);
	for (struct hf_call **link = &own->calls; *link;) {
		struct hf_call *call = *link;
		if (atomic_load(&call->gone) != 2 || call->served) {
			link = &call->next;
			continue;
		}
		*link = call->next;
		call->next = dead;
		dead = call;
		if (atomic_load(&own->hot) == call)
			atomic_store(&own->hot, NULL);
	}
	unlock(&own->lock);
	while (dead) {
		struct hf_call *next = dead->next;
		free_call(dead);
		dead = next;
	}
}

/* Searches the list, starting after the slot that was served last, so that no caller starves. */
static struct hf_call *search(struct hf_callee *own, uint32_t bell)
{
	struct hf_call *found = NULL, *hot = atomic_load(&own->hot);
	bool more = false, gone = false;
	lock(&own->lock);
	struct hf_call *from = hot && hot->next ? hot->next : own->calls, *call = from;
	while (call) {
		gone = gone || atomic_load(&call->gone) == 2;
		if (is_asked(call)) {
			more = found != NULL;
			found = found ? found : call;
		}
		call = call->next ? call->next : own->calls;
		if (call == from || more)
			break;
	}
	unlock(&own->lock);
	if (found && found != hot) {
		atomic_store(&own->hot, found);
		/* Its caller may have seen its own slot in `hot`, and so not rung. */
		more = more || (hot && is_asked(hot));
	}
	own->heard = more ? bell - 1 : bell;
	if (found)
		take(own, found);
	if (gone)
		sweep(own);
	return found;
}

static struct hf_call *next_call(struct hf_callee *own)
{
	uint32_t bell = atomic_load(&own->bell);
	if (bell != own->heard)
		return search(own, bell);
	struct hf_call *hot = atomic_load_explicit(&own->hot, memory_order_relaxed);
	if (!hot || !is_asked(hot))
		return NULL;
	take(own, hot);
	return hot;
}

static bool has_calls(struct hf_callee *own)
{
	struct hf_call *hot = atomic_load_explicit(&own->hot, memory_order_relaxed);
	return atomic_load(&own->bell) != own->heard || (hot && is_asked(hot));
}

/* Returns whether it slept. Any thread. */
static bool wake_server(struct hf_callee *callee)
{
	if (atomic_load(&callee->server) != HF_SERVER_SLEEPS || !cas(&callee->server, HF_SERVER_SLEEPS, HF_SERVER_WAKING))
		return false;
	wake(callee->thread, &callee->server, HF_SERVER_AWAKE);
	return true;
}

/* Makes its thread search the list. Any thread. */
static void ring(struct hf_callee *callee)
{
	(void)atomic_fetch_add(&callee->bell, 1);
	(void)wake_server(callee);
}

static void may_be_woken(struct hf_thread *self, struct hf_callee *own)
{
	own->thread = self;
	atomic_store(&own->server, HF_SERVER_SLEEPS);
}

static void is_awake(struct hf_callee *own)
{
	if (!cas(&own->server, HF_SERVER_SLEEPS, HF_SERVER_AWAKE))
		while (atomic_load(&own->server) == HF_SERVER_WAKING)
			wait_a_moment(&own->server, HF_SERVER_WAKING);
}

/* ---- bytes ---- */

static uint64_t bytes_of(const struct hf_message *message)
{
	uint64_t total = 0;
	if (message->tags & BYTES_TAGS)
		for (uint32_t i = 0; i < message->count && i < HF_CALL_VALUES; i++)
			if (message->tags >> (2 * i) & 2)
				total += message->values[i].size;
	return total;
}

/* Ensures a ring for this many bytes, or one of the largest size. Called by the side that is about to send values, while the ring is empty. */
static bool make_ring(struct hf_call *call, uint64_t total)
{
	uint32_t size = call->ring ? call->ring : RING_LEAST;
	while (size < RING_MOST && size < total)
		size *= 2;
	if (size == call->ring)
		return true;
	if (hf_pipe_create(size, &call->spare) < 0) /* not a local variable: the module in the browser has no stack */
		return call->pipe != NULL;
	struct hf_callee *callee = call->callee;
	lock(&callee->lock);
	struct hf_pipe *old = call->pipe;
	call->pipe = call->spare;
	call->ring = size;
	if (atomic_load(&call->gone) || atomic_load(&callee->closed))
		(void)hf_pipe_end(call->pipe);
	unlock(&callee->lock);
	if (old) {
		hf_pipe_drop_reader(old);
		hf_pipe_drop_writer(old);
	}
	return true;
}

/* Writes all bytes of the values. Ignores the end of the other side, which the following wait detects. */
static void send(struct hf_call *call, const struct hf_message *message)
{
	for (uint32_t i = 0; i < message->count && i < HF_CALL_VALUES; i++) {
		uint32_t pointer = message->values[i].pointer,
				 left = message->tags >> (2 * i) & 2 ? message->values[i].size : 0;
		while (left) {
			uint32_t part = left < PIECE_MOST ? left : PIECE_MOST;
			if (hf_pipe_move(call->pipe, HF_MOVE_WRITE, pointer, part) != (int32_t)part)
				return;
			pointer += part;
			left -= part;
		}
	}
}

/* The thread has read all of a stream. The other side is about to take calls again, but this thread may call it sooner. */
static void has_read(struct hf_thread *self, struct hf_call *call)
{
	struct hf_callee *callee = call->callee;
	uint32_t other = self == call->caller ? callee->node : call->place & 0xff;
	atomic_store(&callee->all->nodes[other].serves, 1);
}

bool hf_call_receive(struct hf_thread *self, struct hf_call *call, uint32_t how, uintptr_t to, uint32_t size)
{
	int32_t part = 1;
	uint32_t all = size;
	hf_door_enter(self);
	for (; size && part > 0; to += (uint32_t)part, size -= (uint32_t)part)
		if ((part = hf_pipe_move(call->pipe, how, to, size < PIECE_MOST ? size : PIECE_MOST)) <= 0)
			break;
	if (part > 0 && call->left && (call->left -= all) == 0)
		has_read(self, call);
	hf_door_leave(self);
	return part > 0;
}

/* ---- answers ---- */

/* Returns whether this woke a thread, which then needs a core. */
static bool answer(struct hf_call *call)
{
	call->served = false;
	call->owed = call->place;
	pass(&call->shared, &call->answer);
	return !cas(&call->shared.state, HF_CALL_ASKED, HF_CALL_ANSWERED) && move_on(call, HF_CALL_ANSWERED);
}

static void answer_with_bytes(struct hf_callee *own, struct hf_call *call)
{
	uint64_t total = bytes_of(&call->answer);
	if (total && !make_ring(call, total)) {
		call->answer.tags = call->answer.count = 0;
		call->answer.fn = 1; /* the call failed, without a text */
		total = 0;
	}
	bool first = total <= call->ring; /* or there are none */
	if (total && first)
		send(call, &call->answer);
	call->left = first || !own->reentrant ? 0 : total;
	if (!first)
		set_serves(own, false);
	(void)answer(call);
	if (!first) {
		send(call, &call->answer);
		set_serves(own, true);
	}
}

void hf_call_answer(struct hf_thread *self, struct hf_callee *own, struct hf_call *call)
{
	hf_door_enter(self);
	answer_with_bytes(own, call);
	hf_door_leave(self);
}

/* ---- waiting for a call ---- */

static bool is_nudged(struct hf_callee *own, uint32_t received)
{
	return (int32_t)(atomic_load(&own->nudges) - received) > 0;
}

/* Pauses between two polls. Wasm has no instruction for a pause. A loop that only loads slows down the other side if both run on threads of one
 * core, and often takes the cache line away before that side has written the whole message; locked instructions on a separate word do neither. */
static void relax(struct hf_patience *patience)
{
#if defined(__wasm__)
	for (int i = 0; i < 4; i++)
		(void)atomic_fetch_add(&patience->idle, 1);
#else
	(void)patience;
	hf_plat_relax();
#endif
}

/* Polls for a while: until the thread of `own` has calls, or the state of `call` is at least `until`. One of them may be NULL. */
static void look(struct hf_patience *patience, bool woken, struct hf_callee *own, struct hf_call *call, uint32_t until)
{
	if (woken && !hf_thread_may_spin(1)) /* the woken thread is not counted yet */
		return;
	for (uint32_t left = looks(patience); left == LOOKS_MOST || hf_thread_may_spin(0); left -= LOOKS) {
		for (int i = 0; i < LOOKS; i++) {
			if ((call && state_of(call) >= until) || (own && has_calls(own))) {
				patience->looks = LOOKS_MOST;
				return;
			}
			relax(patience);
		}
		if (left == LOOKS) {
			was_in_vain(patience);
			return;
		}
	}
}

/* Returns 0, or -HF_EINTR when the thread must stop. */
static int sleep_for_calls(struct hf_thread *self, struct hf_callee *own, uint32_t received)
{
	int result = 0;
	uint32_t ticket = hf_park_ticket(self);
	may_be_woken(self, own);
	if (!has_calls(own) && !is_nudged(own, received))
		result = hf_park(self, ticket, HF_FOREVER, HF_PARK_AT_ONCE);
	is_awake(own);
	return result;
}

struct hf_call *hf_call_next(struct hf_thread *self, struct hf_callee *own, struct hf_call *answered, uint32_t received)
{
	struct hf_call *call;
	bool spun = false;
	hf_door_enter(self);
	bool woken = answered && answer(answered);
	while (!(call = next_call(own)) && !is_nudged(own, received)) {
		if (!spun)
			look(&own->patience, woken, own, NULL, 0);
		else if (sleep_for_calls(self, own, received) < 0)
			break; /* hf_door_leave unwinds it */
		spun = !spun;
	}
	hf_door_leave(self);
	return call;
}

/* ---- the caller's side ---- */

/* Abandons the call: the thread must stop, or its callee has ended. The slot is not used again. */
static void leave(struct hf_call *call)
{
	hf_word *word = &call->shared.state;
	for (;;) {
		uint32_t state = atomic_load(word), plain = state & ~(uint32_t)HF_CALL_SLEEPS;
		if (plain == HF_CALL_ANSWERING)
			wait_a_moment(word, state);
		else if (plain != HF_CALL_ASKED && plain != HF_CALL_TAKEN)
			return;
		else if (cas(word, state, HF_CALL_ABANDONED))
			break;
	}
	/* The callee may be waiting for bytes that will not come, or for room. */
	lock(&call->callee->lock);
	if (call->pipe)
		(void)hf_pipe_end(call->pipe);
	unlock(&call->callee->lock);
}

/* Returns whether the callee slept. */
static bool publish(struct hf_call *call)
{
	struct hf_callee *callee = call->callee;
	pass(&call->shared, &call->ask);
	(void)atomic_exchange(&call->shared.state, HF_CALL_ASKED);
	if (atomic_load(&callee->hot) != call)
		(void)atomic_fetch_add(&callee->bell, 1);
	return wake_server(callee);
}

static int sleep_for_answer(struct hf_thread *self, struct hf_callee *serves, struct hf_call *call, uint32_t until)
{
	int result = 0;
	uint32_t ticket = hf_park_ticket(self);
	uint32_t state = atomic_fetch_or(&call->shared.state, HF_CALL_SLEEPS) & ~(uint32_t)HF_CALL_SLEEPS;
	if (serves)
		may_be_woken(self, serves);
	/* Do not sleep in ANSWERING: the caller's wake-up may already have happened. */
	if (state < until && state != HF_CALL_ANSWERING && !(serves && has_calls(serves)) &&
	    !atomic_load(&call->callee->closed))
		result = hf_park(self, ticket, HF_FOREVER, HF_PARK_AT_ONCE);
	if (serves)
		is_awake(serves);
	(void)atomic_fetch_and(&call->shared.state, ~(uint32_t)HF_CALL_SLEEPS);
	return result;
}

/* Waits until the state is at least `until`: TAKEN or ANSWERED. */
static uintptr_t await(struct hf_thread *self, struct hf_callee *own, struct hf_call *call, uint32_t until, bool woken)
{
	struct hf_callee *serves =
		own && own->reentrant && atomic_load(&own->all->nodes[own->node].waits) < HF_FRAMES_MAX - 1 ? own : NULL;
	for (bool spun = false;; spun = !spun) {
		uint32_t state = state_of(call);
		if (state == HF_CALL_ENDED)
			return HF_CALL_HAS_ENDED;
		if (state >= until && state != HF_CALL_ANSWERING)
			return HF_CALL_IS_ANSWERED;
		struct hf_call *other = serves ? next_call(serves) : NULL;
		if (other)
			return (uintptr_t)other;
		int result = 0;
		if (!spun)
			look(&call->patience, woken, serves, call, until);
		else
			result = sleep_for_answer(self, serves, call, until);
		if (result < 0 || (atomic_load(&call->callee->closed) && state_of(call) < HF_CALL_ANSWERING)) {
			leave(call);
			return HF_CALL_HAS_ENDED;
		}
	}
}

/* Puts the arguments' bytes into the ring before it publishes the call; more than fit there are streamed once the call is taken. */
static uintptr_t ask(struct hf_thread *self, struct hf_callee *own, struct hf_call *call)
{
	uint64_t total = bytes_of(&call->ask);
	if (total && !make_ring(call, total))
		return HF_CALL_NO_MEMORY;
	call->streams = total > call->ring;
	if (call->streams)
		call->ask.place |= HF_CALL_STREAMS;
	if (total)
		call->left = call->streams && own && own->reentrant ? total : 0;
	if (total && !call->streams)
		send(call, &call->ask);
	return await(self, own, call, call->streams ? HF_CALL_TAKEN : HF_CALL_ANSWERED, publish(call));
}

/* Called when the callee has taken the call and reads. */
static uintptr_t stream(struct hf_thread *self, struct hf_callee *own, struct hf_call *call)
{
	call->streams = false;
	set_serves(own, false);
	send(call, &call->ask);
	set_serves(own, true);
	return await(self, own, call, HF_CALL_ANSWERED, false);
}

uintptr_t hf_call(struct hf_thread *self, struct hf_callee *own, struct hf_call *call)
{
	hf_door_enter(self);
	uintptr_t result = HF_CALL_IS_DEADLOCK;
	if (may_wait(own, call)) {
		result = ask(self, own, call);
		if (result == HF_CALL_IS_ANSWERED && call->streams)
			result = stream(self, own, call);
		if (result <= HF_CALL_NO_MEMORY)
			end_wait(own);
	}
	hf_door_leave(self);
	return result;
}

uintptr_t hf_call_resume(struct hf_thread *self, struct hf_callee *own, struct hf_call *call)
{
	hf_door_enter(self);
	uintptr_t result = await(self, own, call, call->streams ? HF_CALL_TAKEN : HF_CALL_ANSWERED, false);
	if (result == HF_CALL_IS_ANSWERED && call->streams)
		result = stream(self, own, call);
	if (result <= HF_CALL_NO_MEMORY)
		end_wait(own);
	hf_door_leave(self);
	return result;
}

struct hf_call *hf_call_open(struct hf_thread *self, struct hf_callee *callee)
{
	void *block;
	hf_door_enter(self);
	struct hf_call *call = aligned(sizeof *call, &block);
	if (call) {
		call->block = block;
		call->callee = callee;
		call->caller = self;
		call->pid = self->process->pid;
		call->patience.looks = LOOKS_MOST;
		lock(&callee->lock);
		call->next = callee->calls;
		callee->calls = call;
		unlock(&callee->lock);
	}
	hf_door_leave(self);
	return call;
}

void hf_call_close(struct hf_thread *self, struct hf_call *call)
{
	struct hf_callee *callee = call->callee;
	hf_door_enter(self);
	atomic_store(&call->gone, 2);
	ring(callee);
	hf_door_leave(self);
}

/* ---- the coordinator ---- */

static uint32_t number(struct hf_callees *all)
{
	for (uint32_t i = 1; i < HF_CALLEES_MAX; i++)
		if (cas(&all->nodes[i].used, 0, 1))
			return i;
	return 0;
}

struct hf_callee *hf_callee_create(struct hf_callees **all, const char *name, uint32_t name_size, bool reentrant)
{
	void *block;
	if (!*all)
		*all = hf_alloc_zeroed(sizeof **all);
	uint32_t node = *all ? number(*all) : 0;
	struct hf_callee *callee = node ? aligned(sizeof *callee, &block) : NULL;
	if (!callee) {
		if (node)
			atomic_store(&(*all)->nodes[node].used, 0);
		return NULL;
	}
	struct hf_callee_node *own = &(*all)->nodes[node];
	own->name_size = name_size < HF_CALLEE_NAME ? name_size : HF_CALLEE_NAME;
	memcpy(own->name, name, own->name_size);
	atomic_store(&own->waits, 0);
	atomic_store(&own->serves, reentrant);
	callee->block = block;
	callee->all = *all;
	callee->node = node;
	callee->reentrant = reentrant;
	callee->patience.looks = LOOKS_MOST;
	return callee;
}

void hf_callee_nudge(struct hf_callee *callee)
{
	(void)atomic_fetch_add(&callee->nudges, 1);
	(void)wake_server(callee);
}

void hf_callee_close(struct hf_callee *callee)
{
	atomic_store(&callee->closed, 1);
	lock(&callee->lock);
	for (struct hf_call *call = callee->calls; call; call = call->next) {
		if (call->pipe)
			(void)hf_pipe_end(call->pipe);
		(void)move_on(call, HF_CALL_ENDED);
	}
	unlock(&callee->lock);
	atomic_store(&callee->all->nodes[callee->node].waits, 0);
}

void hf_callee_forget(struct hf_callee *callee, uint32_t pid, bool dead)
{
	lock(&callee->lock);
	for (struct hf_call *call = callee->calls; call; call = call->next) {
		if (call->pid != pid)
			continue;
		if (call->pipe)
			(void)hf_pipe_end(call->pipe);
		atomic_store(&call->gone, dead ? 2 : 1);
	}
	unlock(&callee->lock);
	if (dead)
		ring(callee);
}

void hf_callee_free(struct hf_callee *callee)
{
	for (struct hf_call *call = callee->calls, *next; call; call = next) {
		next = call->next;
		free_call(call);
	}
	atomic_store(&callee->all->nodes[callee->node].used, 0);
	hf_free(callee->block);
}
