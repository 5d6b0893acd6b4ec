/* exports.h - exports.def as C: a prototype for each export. */
#ifndef HOLDFAST_EXPORTS_H
#define HOLDFAST_EXPORTS_H

#include <holdfast/layouts.h>

struct connection;
struct hf_pipe;
struct hf_removal;
struct hf_thread;
struct hf_vnode;
struct port;
struct session;

#if defined(__wasm__)
#include <names.h> /* tools/abi.mjs */
#define HF_EXPORTED(name) __attribute__((export_name(HF_NAME_OF_##name)))
#else
#define HF_EXPORTED(name)
#endif
#define X(result, name, ...) HF_EXPORTED(name) result hf_##name(__VA_ARGS__);
#include <holdfast/exports.def>
#undef X

#endif
