/* A composition: each instance of a component has its own steps, even if two are of the same component; equal modules appear once; a call between
 * components is a lower of a lift; an exported instance exports its functions and resources. */
#include <stdlib.h>
#include <string.h>

#include "support/component_bytes.h"
#include "support/component_samples.h"

static unsigned count(const char *text, const char *what)
{
	unsigned found = 0;
	for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
		found++;
	return found;
}

int main(void)
{
	check_steps(SAMPLE_COMPOSITION, "instance -\n"
	                                "instance 0\n"
	                                "module 21 84\n"
	                                "instantiate 0\n"
	                                "alias 2 0 \"m\"\n"
	                                "alias 0 0 \"realloc\"\n"
	                                "alias 0 0 \"f\"\n"
	                                "alias 0 0 \"drop\"\n"
	                                "func 0 \"text\" 12 6 \"ii\" \"i\"\n"
	                                "lift 1 1 13 0 0 - 0\n"
	                                "resource 1 2\n"
	                                "resource.new 1 0\n"
	                                "resource.drop 1 0\n"
	                                "resource.rep 1 0\n"
	                                "instance 0\n"
	                                "instantiate 0\n"
	                                "alias 2 1 \"m\"\n"
	                                "alias 0 1 \"realloc\"\n"
	                                "alias 0 1 \"f\"\n"
	                                "lower 2 0 1 - 2\n"
	                                "lift 2 7 13 1 6 - 1\n"
	                                "resource.drop 2 0\n"
	                                "export \"\" \"measure-twice\" 1\n"
	                                "export-resource \"both\" \"thing\" 0\n"
	                                "export \"both\" \"measure\" 0\n");
	struct bytes twice = bytes_of("C 04{ C 07{ 01 3f 7f 00 } 0b{ 01 00 'r' 03 00 00 } }"
	                              "05{ 02  00 00 00  00 00 00 } 0b{ 02  00 'a' 05 00 00  00 'b' 05 01 00 }");
	char *steps = component_steps(&twice);
	CHECK_EQ(count(steps, "resource 1 -\n"), 1);
	CHECK_EQ(count(steps, "resource 2 -\n"), 1);
	CHECK_EQ(count(steps, "export-resource \"a\" \"r\" 0\n"), 1);
	CHECK_EQ(count(steps, "export-resource \"b\" \"r\" 1\n"), 1);
	free(steps);
	free(twice.at);
	return done();
}
