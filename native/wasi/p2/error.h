/* error.h - wasi:io/error: what went wrong in a stream. */
#ifndef HF_WASI_P2_ERROR_H
#define HF_WASI_P2_ERROR_H

#include "wasi/p2/object.h"

struct hf_p2_error {
	struct hf_p2_object base;
	bool http;     /* of a body's stream: http-error-code translates it */
	uint16_t code; /* HF_E*: filesystem-error-code and network-error-code translate it */
};

/* NULL: no memory. */
struct hf_p2_error *hf__p2_error(struct hf_p2 *p2, int code);

#endif
