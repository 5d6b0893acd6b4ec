/* destroy.h - how the objects of each type release what they hold: objects.def names these. They are called in the kernel, never block, and free
 * neither the object nor its reference to its parent. */
#ifndef HF_WASI_P2_DESTROY_H
#define HF_WASI_P2_DESTROY_H

#include "wasi/p2/object.h"

static inline void hf__p2_destroy_nothing(struct hf_p2_object *object)
{
	(void)object;
}

void hf__p2_destroy_file(struct hf_p2_object *object);       /* fs.c */
void hf__p2_destroy_tcp_socket(struct hf_p2_object *object); /* tcp.c */
void hf__p2_destroy_udp_socket(struct hf_p2_object *object); /* udp.c */

void hf__p2_destroy_http_list(struct hf_p2_object *object);         /* http_fields.c */
void hf__p2_destroy_fields(struct hf_p2_object *object);            /* http_fields.c */
void hf__p2_destroy_http_exchange(struct hf_p2_object *object);     /* http_message.c */
void hf__p2_destroy_http_upload(struct hf_p2_object *object);       /* http_body.c */
void hf__p2_destroy_incoming_body(struct hf_p2_object *object);     /* http_body.c */
void hf__p2_destroy_outgoing_body(struct hf_p2_object *object);     /* http_body.c */
void hf__p2_destroy_outgoing_request(struct hf_p2_object *object);  /* http_request.c */
void hf__p2_destroy_future_response(struct hf_p2_object *object);   /* http_response.c */
void hf__p2_destroy_incoming_response(struct hf_p2_object *object); /* http_response.c */
void hf__p2_destroy_incoming_request(struct hf_p2_object *object);  /* http_serve.c */
void hf__p2_destroy_outgoing_response(struct hf_p2_object *object); /* http_serve.c */
void hf__p2_destroy_response_outparam(struct hf_p2_object *object); /* http_serve.c */

#endif
