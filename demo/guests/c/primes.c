// flags: -I native/guest native/guest/holdfast_plugin.c native/guest/holdfast_json.c
/* A plugin in C, which counts primes. It calls the page, and through it the plugin in Go. */
#include "holdfast_plugin.h"

#include <stdlib.h>

#define MOST 50000000

/* A parameter that is a whole number from 0 to `most`. Fails the request if it is anything else. */
static bool number_of(struct hfp_request *request, const char *name, int64_t most, int64_t *number)
{
	if (hfp_integer(hfp_get(request->params, name), number) && *number >= 0 && *number <= most)
		return true;
	hfp_fail(request, HFP_INVALID_PARAMS, "%s must be a whole number from 0 to %lld", name, (long long)most);
	return false;
}

/* Marks the numbers below `below` that are not prime. The caller frees the result, which may be NULL. */
static char *sieve(int64_t below)
{
	char *composite = calloc((size_t)below + 1, 1);
	for (int64_t i = 2; composite && i * i < below; i++) {
		if (composite[i])
			continue;
		for (int64_t j = i * i; j < below; j += i)
			composite[j] = 1;
	}
	return composite;
}

static bool count_primes(struct hfp_request *request, int64_t *count, int64_t *largest)
{
	int64_t below;
	*count = *largest = 0;
	if (!number_of(request, "below", MOST, &below))
		return false;
	char *composite = sieve(below);
	if (!composite) {
		hfp_fail(request, HFP_INTERNAL_ERROR, "out of memory");
		return false;
	}
	for (int64_t i = 2; i < below; i++) {
		if (!composite[i]) {
			++*count;
			*largest = i;
		}
	}
	free(composite);
	return true;
}

static void primes(struct hfp_request *request)
{
	int64_t count, largest;
	if (!count_primes(request, &count, &largest))
		return;
	hfp_begin_object(&request->result);
	hfp_key(&request->result, "count");
	hfp_write_integer(&request->result, count);
	hfp_key(&request->result, "largest");
	hfp_write_integer(&request->result, largest);
	hfp_end_object(&request->result);
}

/* Calls a method of the page with one number, and passes its result or error on. */
static void forward(struct hfp_request *request, const char *method, const char *name, int64_t number)
{
	struct hfp_writer params = {0};
	struct hfp_reply reply;
	hfp_begin_object(&params);
	hfp_key(&params, name);
	hfp_write_integer(&params, number);
	hfp_end_object(&params);
	if (hfp_call(method, &params, &reply) == HFP_OK)
		hfp_write_value(&request->result, reply.result);
	else
		hfp_fail(request, reply.code ? reply.code : HFP_INTERNAL_ERROR, "%s: %s", method,
		         reply.message ? reply.message : "no answer");
	hfp_reply_free(&reply);
	hfp_writer_free(&params);
}

static void spelled(struct hfp_request *request)
{
	int64_t count, largest;
	if (count_primes(request, &count, &largest))
		forward(request, "go.spell", "number", count);
}

/* Calls Go's "bounce", which calls this one, the requested number of times; the result is the path of the calls. */
static void bounce(struct hfp_request *request)
{
	int64_t times;
	struct hfp_reply reply = {0};
	struct hfp_writer params = {0};
	if (!number_of(request, "times", HFP_NESTED, &times))
		return;
	hfp_begin_object(&params);
	hfp_key(&params, "times");
	hfp_write_integer(&params, times - 1);
	hfp_end_object(&params);
	if (times > 0 && hfp_call("go.bounce", &params, &reply) != HFP_OK) {
		hfp_fail(request, HFP_INTERNAL_ERROR, "%s", reply.message ? reply.message : "no answer");
	} else {
		hfp_begin_array(&request->result);
		hfp_write_string(&request->result, "C");
		for (size_t i = 0; reply.result && i < reply.result->size; i++)
			hfp_write_value(&request->result, hfp_at(reply.result, i));
		hfp_end_array(&request->result);
	}
	hfp_reply_free(&reply);
	hfp_writer_free(&params);
}

static void crash(struct hfp_request *request)
{
	(void)request;
	__builtin_trap();
}

int main(void)
{
	static const struct hfp_method methods[] = {
		{"primes", primes}, {"spelled", spelled}, {"bounce", bounce}, {"crash", crash}, {0}};
	return hfp_serve(methods) == HFP_OK ? 0 : 1;
}
