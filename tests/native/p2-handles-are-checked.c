/* Using a handle that does not exist, was dropped, or is of another type traps, and so does dropping a handle that is lent. */
#include "support/p2.h"

static void of_nothing(struct p2_program *component)
{
	(void)hf_p2_pollable_ready(component->b, 1);
}

static void of_zero(struct p2_program *component)
{
	(void)hf_p2_subscribe_duration(component->b, 0);
	(void)hf_p2_pollable_ready(component->b, 0);
}

static void of_largest(struct p2_program *component)
{
	(void)hf_p2_subscribe_duration(component->b, 0);
	hf_p2_drop(component->b, HF_P2_POLLABLE, UINT32_MAX);
}

static void dropped_twice(struct p2_program *component)
{
	uint32_t handle = hf_p2_subscribe_duration(component->b, 0);
	hf_p2_drop(component->b, HF_P2_POLLABLE, handle);
	hf_p2_drop(component->b, HF_P2_POLLABLE, handle);
}

static void of_another_type(struct p2_program *component)
{
	uint32_t handle = hf_p2_subscribe_duration(component->b, 0);
	hf_p2_error_to_debug_string(component->b, handle, P2_OUT);
}

static void dropped_as_another_type(struct p2_program *component)
{
	uint32_t handle = hf_p2_subscribe_duration(component->b, 0);
	hf_p2_drop(component->b, HF_P2_ERROR, handle);
}

static void dropped_while_lent(struct p2_program *component)
{
	uint32_t handle = hf_p2_subscribe_duration(component->b, 0);
	CHECK(hf_p2_lift_borrow(component->instance, HF_P2_POLLABLE, handle) != 0);
	hf_p2_drop(component->b, HF_P2_POLLABLE, handle);
}

static void given_away_while_lent(struct p2_program *component)
{
	uint32_t handle = hf_p2_subscribe_duration(component->b, 0);
	CHECK(hf_p2_lift_borrow(component->instance, HF_P2_POLLABLE, handle) != 0);
	(void)hf_p2_lift_own(component->instance, HF_P2_POLLABLE, handle);
}

static void borrowed_given_away(struct p2_program *component)
{
	uint32_t handle = hf_p2_lower_borrow(component->instance, HF_P2_TYPE_OF_GUEST, 7, 1);
	(void)hf_p2_lift_own(component->instance, HF_P2_TYPE_OF_GUEST, handle);
}

static void too_many(struct p2_program *component)
{
	for (;;)
		CHECK(hf_p2_subscribe_duration(component->b, 0) <= HF_P2_HANDLES_MAX);
}

static void handles_are_reused(struct p2_program *component)
{
	for (int i = 0; i < 3 * HF_P2_HANDLES_MAX; i++)
		hf_p2_drop(component->b, HF_P2_POLLABLE, hf_p2_subscribe_duration(component->b, 0));
	CHECK_EQ(component->p2->handles, 0);
	CHECK_EQ(hf_p2_subscribe_duration(component->b, 0), 1);
}

/* A pollable is given from one instance to another, and lent to a third. */
static void pass_from_instance_to_instance(struct p2_program *component)
{
	struct hf_p2_instance *second = hf_p2_instance(component->p2), *third = hf_p2_instance(component->p2);
	uint32_t handle = hf_p2_subscribe_duration(component->b, 0);
	uintptr_t rep = hf_p2_lift_own(component->instance, HF_P2_POLLABLE, handle);
	uint32_t given = hf_p2_lower_own(second, HF_P2_POLLABLE, rep);
	CHECK_EQ(hf_p2_lift_borrow(second, HF_P2_POLLABLE, given), (int64_t)rep);
	uint32_t lent = hf_p2_lower_borrow(third, HF_P2_POLLABLE, rep, 1);
	struct hf_usermem *mem = &component->program->guest->mem;
	hf_b b = hf_p2_bind(third, mem->copy_in, mem->copy_out, mem->pages, NULL);
	CHECK_EQ(hf_p2_pollable_ready(b, lent), 1);
	CHECK_EQ(hf_p2_borrows(third, 1), 1);
	hf_p2_drop(b, HF_P2_POLLABLE, lent);
	CHECK_EQ(hf_p2_borrows(third, 1), 0);
	hf_p2_end_lend(second, given);
	CHECK_EQ(hf_p2_resource_drop(second, HF_P2_POLLABLE, given), 0);
	CHECK_EQ(component->p2->handles, 0);
	hf_p2_release(component->p2,
	              hf_p2_lift_own(component->instance, HF_P2_POLLABLE, hf_p2_subscribe_duration(component->b, 0)));
}

/* A nested call drops the handle that the outer one has borrowed, and keeps its own. */
static void borrows_are_counted_for_each_call(struct p2_program *component)
{
	uint32_t type = hf_p2_new_type(component->p2);
	uint32_t outer = hf_p2_lower_borrow(component->instance, type, 5, 1);
	uint32_t inner = hf_p2_lower_borrow(component->instance, type, 6, 2);
	CHECK_EQ(hf_p2_resource_drop(component->instance, type, outer), 0);
	CHECK_EQ(hf_p2_borrows(component->instance, 2), 1);
	CHECK_EQ(hf_p2_borrows(component->instance, 1), 0);
	CHECK_EQ(hf_p2_resource_drop(component->instance, type, inner), 0);
	CHECK_EQ(hf_p2_borrows(component->instance, 2), 0);
}

static void components_have_types_of_their_own(struct p2_program *component)
{
	uint32_t type = hf_p2_new_type(component->p2), other = hf_p2_new_type(component->p2);
	CHECK(type >= HF_P2_TYPE_OF_GUEST && other != type);
	uint32_t handle = hf_p2_resource_new(component->instance, type, 0xfffffff0);
	CHECK_EQ(hf_p2_resource_rep(component->instance, type, handle), 0xfffffff0);
	CHECK_EQ(hf_p2_resource_drop(component->instance, type, handle), (int64_t)(HF_P2_DESTROY | 0xfffffff0));
	uint32_t borrowed = hf_p2_lower_borrow(component->instance, type, 5, 1);
	CHECK_EQ(hf_p2_resource_drop(component->instance, type, borrowed), 0);
	(void)hf_p2_resource_new(component->instance, type, 1); /* is freed with the state */
}

int main(void)
{
	p2_traps(of_nothing, "wasi:io/poll [method]pollable.ready: there is no handle 1");
	p2_traps(of_zero, "wasi:io/poll [method]pollable.ready: there is no handle 0");
	p2_traps(of_largest, "resource.drop: there is no handle 4294967295");
	p2_traps(dropped_twice, "resource.drop: there is no handle 1");
	p2_traps(of_another_type, "wasi:io/error [method]error.to-debug-string: handle 1 is of another resource type");
	p2_traps(dropped_as_another_type, "resource.drop: handle 1 is of another resource type");
	p2_traps(dropped_while_lent, "resource.drop: handle 1 is lent");
	p2_traps(given_away_while_lent, "passing a resource: handle 1 is lent");
	p2_traps(borrowed_given_away, "passing a resource: handle 1 is borrowed, and cannot be given away");
	p2_traps(too_many, "wasi:clocks/monotonic-clock subscribe-duration: the component has more than 16384 handles");
	p2_runs(handles_are_reused);
	p2_runs(pass_from_instance_to_instance);
	p2_runs(borrows_are_counted_for_each_call);
	p2_runs(components_have_types_of_their_own);
	return done();
}
