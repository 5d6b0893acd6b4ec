// flags: -I native/guest native/guest/holdfast_plugin.c native/guest/holdfast_json.c
/* A plugin: the smallest call, one that computes, and one that calls the page many times at once. */
#include "holdfast_plugin.h"

#include <stdlib.h>

static void ping(struct hfp_request *request)
{
	hfp_write_string(&request->result, "pong");
}

/* Params: [limit]. The result is the number of primes below it. */
static void prime_sieve(struct hfp_request *request)
{
	int64_t limit = 0, primes = 0;
	hfp_integer(hfp_at(request->params, 0), &limit);
	char *composite = calloc((size_t)limit, 1);
	for (int64_t i = 2; i < limit; i++) {
		if (composite[i])
			continue;
		primes++;
		for (int64_t j = i * i; j < limit; j += i)
			composite[j] = 1;
	}
	free(composite);
	hfp_write_integer(&request->result, primes);
}

/* Params: [number]. Makes that many calls of the page's method `ping` at once. The result is how many were answered. */
static void call_page(struct hfp_request *request)
{
	int64_t number = 0, answered = 0;
	hfp_integer(hfp_at(request->params, 0), &number);
	struct hfp_outgoing *calls = calloc((size_t)number, sizeof *calls);
	for (int64_t i = 0; i < number; i++)
		calls[i] = (struct hfp_outgoing){.method = "ping"};
	hfp_call_many(calls, (size_t)number);
	for (int64_t i = 0; i < number; i++) {
		answered += calls[i].reply.outcome == HFP_OK;
		hfp_reply_free(&calls[i].reply);
	}
	free(calls);
	hfp_write_integer(&request->result, answered);
}

int main(void)
{
	static const struct hfp_method methods[] = {
		{"ping", ping}, {"prime_sieve", prime_sieve}, {"call_page", call_page}, {0}};
	return hfp_serve(methods) == HFP_OK ? 0 : 1;
}
