// flags: -I native/guest native/guest/holdfast_plugin.c native/guest/holdfast_json.c
/* A plugin with a method for each thing that a plugin can do, or do wrong. */
#include "holdfast_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int calls; /* kept by the same instance, and 0 in a new one */

static void ping(struct hfp_request *request)
{
	hfp_write_string(&request->result, "pong");
}

static void echo(struct hfp_request *request)
{
	hfp_write_value(&request->result, request->params);
}

static void count(struct hfp_request *request)
{
	hfp_write_integer(&request->result, ++calls);
}

static void add(struct hfp_request *request)
{
	const struct hfp_value *a = hfp_at(request->params, 0), *b = hfp_at(request->params, 1);
	if (!a || !b || a->type != HFP_NUMBER || b->type != HFP_NUMBER)
		hfp_fail(request, HFP_INVALID_PARAMS, "add takes two numbers");
	else
		hfp_write_number(&request->result, a->number + b->number);
}

static void fail(struct hfp_request *request)
{
	int64_t code = 0;
	hfp_integer(hfp_get(request->params, "code"), &code);
	hfp_write_value(&request->data, hfp_get(request->params, "data"));
	hfp_fail(request, (int)code, "failed as asked");
}

/* Params: [method, params]. The result is the page's; so is the error. */
static void forward(struct hfp_request *request)
{
	const struct hfp_value *method = hfp_at(request->params, 0), *given = hfp_at(request->params, 1);
	struct hfp_writer params = {0};
	struct hfp_reply reply;
	hfp_write_value(&params, given);
	int outcome = hfp_call(method->text, given ? &params : NULL, &reply);
	if (outcome == HFP_OK) {
		hfp_write_value(&request->result, reply.result);
	} else {
		hfp_fail(request, outcome == HFP_ERROR ? reply.code : HFP_INTERNAL_ERROR, "page: %s",
		         outcome == HFP_ERROR ? reply.message : "gone");
		if (reply.data)
			hfp_write_value(&request->data, reply.data);
	}
	hfp_reply_free(&reply);
	hfp_writer_free(&params);
}

/* Params: [method, number]. Calls the method with [0], [1], …; the result has the results in order. */
static void many(struct hfp_request *request)
{
	int64_t number = 0;
	const struct hfp_value *method = hfp_at(request->params, 0);
	hfp_integer(hfp_at(request->params, 1), &number);
	struct hfp_outgoing *outgoing = calloc((size_t)number, sizeof *outgoing);
	struct hfp_writer *params = calloc((size_t)number, sizeof *params);
	for (int64_t i = 0; i < number; i++) {
		hfp_begin_array(&params[i]);
		hfp_write_integer(&params[i], i);
		hfp_end_array(&params[i]);
		outgoing[i] = (struct hfp_outgoing){.method = method->text, .params = &params[i]};
	}
	hfp_call_many(outgoing, (size_t)number);
	hfp_begin_array(&request->result);
	for (int64_t i = 0; i < number; i++) {
		if (outgoing[i].reply.outcome == HFP_OK)
			hfp_write_value(&request->result, outgoing[i].reply.result);
		else
			hfp_write_integer(&request->result, outgoing[i].reply.code);
		hfp_reply_free(&outgoing[i].reply);
		hfp_writer_free(&params[i]);
	}
	hfp_end_array(&request->result);
	free(outgoing);
	free(params);
}

/* Params: [method, params]. Sends a notification to the page. */
static void notify(struct hfp_request *request)
{
	struct hfp_writer params = {0};
	hfp_write_value(&params, hfp_at(request->params, 1));
	hfp_notify(hfp_at(request->params, 0)->text, &params);
	hfp_writer_free(&params);
}

/* Params: [text]. Writes the text to standard output, where it is not a valid answer. */
static void print(struct hfp_request *request)
{
	const struct hfp_value *text = hfp_at(request->params, 0);
	if (write(1, text->text, text->size) < 0)
		exit(99);
}

static void complain(struct hfp_request *request)
{
	const struct hfp_value *text = hfp_at(request->params, 0);
	fwrite(text->text, 1, text->size, stderr);
}

static void leave(struct hfp_request *request)
{
	int64_t code = 0;
	hfp_integer(hfp_at(request->params, 0), &code);
	fprintf(stderr, "leaving with %d\n", (int)code);
	exit((int)code);
}

static void trap(struct hfp_request *request)
{
	(void)request;
	fprintf(stderr, "about to trap\n");
	__builtin_trap();
}

static void spin(struct hfp_request *request)
{
	(void)request;
	for (volatile int i = 0;; i++)
		;
}

static void close_input(struct hfp_request *request)
{
	(void)request;
	close(0);
	fprintf(stderr, "closed\n");
	for (;;)
		sleep(1);
}

static void close_output(struct hfp_request *request)
{
	(void)request;
	close(1);
	for (;;)
		sleep(1);
}

/* Params: [bytes]. Returns a text of that size. */
static void text_of(struct hfp_request *request)
{
	int64_t size = 0;
	hfp_integer(hfp_at(request->params, 0), &size);
	char *text = malloc((size_t)size);
	if (!text) {
		hfp_fail(request, HFP_INTERNAL_ERROR, "no memory");
		return;
	}
	memset(text, 'x', (size_t)size);
	hfp_write_text(&request->result, text, (size_t)size);
	free(text);
}

/* Params: [n]. Returns the number of primes up to n. */
static void prime_sieve(struct hfp_request *request)
{
	int64_t most = 0, found = 0;
	if (!hfp_integer(hfp_at(request->params, 0), &most) || most < 2 || most > 100000000) {
		hfp_fail(request, HFP_INVALID_PARAMS, "prime_sieve takes a number from 2 to 100,000,000");
		return;
	}
	char *composite = calloc((size_t)most + 1, 1);
	if (!composite) {
		hfp_fail(request, HFP_INTERNAL_ERROR, "no memory");
		return;
	}
	for (int64_t i = 2; i <= most; i++) {
		if (composite[i])
			continue;
		found++;
		for (int64_t j = i * i; j <= most; j += i)
			composite[j] = 1;
	}
	free(composite);
	hfp_write_integer(&request->result, found);
}

int main(void)
{
	static const struct hfp_method methods[] = {
		{"ping", ping},
		{"echo", echo},
		{"count", count},
		{"add", add},
		{"fail", fail},
		{"forward", forward},
		{"many", many},
		{"notify", notify},
		{"print", print},
		{"complain", complain},
		{"leave", leave},
		{"trap", trap},
		{"spin", spin},
		{"close-input", close_input},
		{"close-output", close_output},
		{"text-of", text_of},
		{"prime_sieve", prime_sieve},
		{0},
	};
	return hfp_serve(methods) == HFP_OK ? 0 : 1;
}
