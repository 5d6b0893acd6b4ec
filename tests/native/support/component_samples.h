/* component_samples.h - complete components, in the text format of component_bytes.h. */
#ifndef HF_TEST_COMPONENT_SAMPLES_H
#define HF_TEST_COMPONENT_SAMPLES_H

/* A command like those of toolchains: an imported interface with a resource, a module, and a component without code that exports `run`. */
#define SAMPLE_COMMAND                                                                                       \
	"C"                                                                                                      \
	"07{ 01 42 04  04 00 'output-stream' 03 01  01 68 00  01 40 01 'self' 01 01 00"                          \
	"    04 00 '[method]output-stream.flush' 01 02 }"                                                        \
	"0a{ 01 00 'wasi:io/streams@0.2.3' 05 00 }"                                                              \
	"06{ 01  01 00 00 '[method]output-stream.flush' }"                                                       \
	"08{ 01  01 00 00 00 }"                                                                                  \
	"02{ 01  01 01 'flush' 00 00 }"                                                                          \
	"01{ M 01{ 02 60 01 7f 00 60 00 01 7f } 02{ 01 'host' 'flush' 00 00 } 03{ 01 01 }"                       \
	"    07{ 01 'run' 00 01 } 0a{ 01 { 00 41 00 0b } } }"                                                    \
	"02{ 01  00 00 01 'host' 12 00 }"                                                                        \
	"06{ 01  00 00 01 01 'run' }"                                                                            \
	"07{ 02  6a 00 00  40 00 00 01 }"                                                                        \
	"08{ 01  00 00 01 00 02 }"                                                                               \
	"04{ C 07{ 02  6a 00 00  40 00 00 00 } 0a{ 01 00 'import-func-run' 01 01 } 0b{ 01 00 'run' 01 00 00 } }" \
	"05{ 01  00 00 01 'import-func-run' 01 01 }"                                                             \
	"0b{ 01 00 'wasi:cli/run@0.2.3' 05 01 00 }"                                                              \
	"00{ 'name' 00 }"

/* A module with a memory, realloc (4 i32 -> i32), f (2 i32 -> i32), and a destructor. */
#define SAMPLE_MODULE                                                                                         \
	"01{ M 01{ 03 60 04 7f 7f 7f 7f 01 7f  60 02 7f 7f 01 7f  60 01 7f 00 } 03{ 03 00 01 02 } 05{ 01 00 01 }" \
	"    07{ 04 'm' 02 00  'realloc' 00 00  'f' 00 01  'drop' 00 02 }"                                        \
	"    0a{ 03 { 00 41 00 0b } { 00 41 00 0b } { 00 0b } } }"

/* Two components with a memory each: the first defines a resource and a function of strings, which the second calls; the two use different string
 * encodings. The second exports a function that takes UTF-16. */
#define SAMPLE_COMPOSITION                                                                              \
	"C"                                                                                                 \
	"04{ C" SAMPLE_MODULE "    02{ 01 00 00 00 }"                                                       \
	"    06{ 04  00 02 01 00 'm'  00 00 01 00 'realloc'  00 00 01 00 'f'  00 00 01 00 'drop' }"         \
	"    07{ 02  3f 7f 01 02  40 01 'text' 73 00 79 }"                                                  \
	"    08{ 04  00 00 01 03 00 03 00 04 00 01  02 00  03 00  04 00 }"                                  \
	"    0b{ 02 00 'thing' 03 00 00  00 'measure' 01 00 00 } }"                                         \
	"04{ C 07{ 01  40 01 'text' 73 00 79 } 0a{ 02 00 'thing' 03 01  00 'measure' 01 00 }" SAMPLE_MODULE \
	"    02{ 01 00 00 00 } 06{ 03  00 02 01 00 'm'  00 00 01 00 'realloc'  00 00 01 00 'f' }"           \
	"    08{ 03  01 00 00 02 02 03 00  00 00 01 03 01 03 00 04 00 00  03 01 }"                          \
	"    0b{ 01 00 'measure-twice' 01 01 00 } }"                                                        \
	"05{ 01  00 00 00 }"                                                                                \
	"06{ 02  03 00 00 'thing'  01 00 00 'measure' }"                                                    \
	"05{ 01  00 01 02 'thing' 03 00  'measure' 01 00 }"                                                 \
	"06{ 01  01 00 01 'measure-twice' }"                                                                \
	"0b{ 02 00 'measure-twice' 01 01 00  00 'both' 05 00 00 }"

#endif
