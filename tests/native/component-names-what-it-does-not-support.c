/* The message names an unsupported feature and, for WASI 0.3, the interfaces, which come after the feature's first use. */
#include "support/component_bytes.h"
#include "support/component_samples.h"

static void check(const char *text, const char *what)
{
	check_refused(text, HF_COMPONENT_UNSUPPORTED, what);
}

int main(void)
{
	check("C 07{ 01 42 02  01 43 00 00 79  04 00 'run' 01 00 } 0a{ 01 00 'wasi:cli/stdin@0.3.0' 05 00 }"
	      "0b{ 01 00 'wasi:cli/run@0.3.0' 05 00 00 }",
	      "it needs WASI 0.3, which is not supported: wasi:cli/stdin@0.3.0, wasi:cli/run@0.3.0 (it uses async "
	      "functions)");
	check("C 07{ 01 43 00 01 00 }", "async functions");
	check("C 07{ 01 66 00 }", "streams");
	check("C 07{ 01 65 01 7f }", "futures");
	check("C 07{ 01 64 }", "error contexts");
	check("C 07{ 01 70 64 }", "error contexts");
	check("C 07{ 01 67 7f 04 }", "lists of a fixed length");
	check("C 07{ 01 63 73 7f }", "maps");
	check("C 08{ 01 09 01 00 00 }", "task.return");
	check("C 08{ 01 1f }", "waitable-set.new");
	check("C 08{ 01 42 00 }", "thread.available-parallelism");
	check("C 07{ 01 40 00 01 00 } 0a{ 01 00 'f' 01 00 } 08{ 01 01 00 00 01 06 }", "async functions");
	check("C 07{ 01 40 00 01 00 } 0a{ 01 00 '[async]f' 01 00 }", "async functions");
	check("C 07{ 01 3e 7f 00 00 }", "async destructors");
	check("C 09{ 00 00 00 }", "start functions");
	check("C 0c{ 01 7f 01 00 }", "values");
	check("C 0a{ 01 00 'v' 02 01 7f }", "values");
	check("C 03{ 01 50 00 } 0a{ 01 00 'm' 00 11 00 }", "it imports a core module, \"m\"");
	check("C 07{ 01 41 00 } 0a{ 01 00 'c' 04 00 }", "it imports a component, \"c\"");
	check("C 01{ M 05{ 01 04 01 } 07{ 01 'm' 02 00 } } 02{ 01 00 00 00 } 06{ 01 00 02 01 00 'm' }"
	      "07{ 01 40 00 01 00 } 0a{ 01 00 'f' 01 00 } 08{ 01 01 00 00 01 03 00 }",
	      "memories with 64-bit addresses");
	/* The names of WASI 0.3 interfaces may come after broken bytes. */
	check("C 07{ 01 66 00 } 0b{ 01 00 'wasi:cli/run@0.3.0' 05 00 00 } 0a{ 05 00 }", "wasi:cli/run@0.3.0");
	check("C 07{ 01 66 00 } 0b 7f 01", "streams");
	return done();
}
