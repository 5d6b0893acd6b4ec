/* The plan of a command: its imports, the instances of its modules in order, and its exports. The inner component, which only passes a function on,
 * leaves no steps. */
#include "support/component_bytes.h"
#include "support/component_samples.h"

int main(void)
{
	check_steps(SAMPLE_COMMAND, "instance -\n"
	                            "resource-imported \"wasi:io/streams@0.2.3\" \"output-stream\"\n"
	                            "borrow 0\n"
	                            "func 0 \"self\" 13 - \"i\" \"\"\n"
	                            "import \"wasi:io/streams@0.2.3\" \"[method]output-stream.flush\" 14\n"
	                            "lower 0 0 - - 0\n"
	                            "bundle \"flush\" 0 0\n"
	                            "module 161 56\n"
	                            "instantiate 0 \"host\" 0\n"
	                            "alias 0 1 \"run\"\n"
	                            "result - -\n"
	                            "func 0 15 \"\" \"i\"\n"
	                            "lift 0 1 16 - - - 0\n"
	                            "instance 0\n"
	                            "export \"wasi:cli/run@0.2.3\" \"run\" 1\n");
	return done();
}
