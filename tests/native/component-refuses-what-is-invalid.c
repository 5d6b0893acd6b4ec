/* Invalid components are refused, with a message about what is wrong: an index, a sort, a type, a name, an option. Similar valid ones are accepted. */
#include <stdlib.h>

#include "support/component_bytes.h"
#include "support/component_samples.h"

#define MALFORMED HF_COMPONENT_MALFORMED
#define INVALID HF_COMPONENT_INVALID

/* An instance of the module, with its memory and its functions, which become core functions: 0 realloc, 1 f, 2 drop. */
#define INSTANCE                                                                                          \
	"C" SAMPLE_MODULE "02{ 01 00 00 00 } 06{ 04  00 02 01 00 'm'  00 00 01 00 'realloc'  00 00 01 00 'f'" \
	"  00 00 01 00 'drop' }"

/* `what`: why it is refused; NULL: it is not. */
static void check_or_refuse(struct bytes *bytes, const char *what)
{
	if (what)
		check_refused_bytes(bytes, INVALID, what);
	else
		hf_component_close(component_of(bytes));
	free(bytes->at);
}

static void grammar(void)
{
	check_refused("", MALFORMED, "cut off");
	check_refused("M", MALFORMED, "not a component");
	check_refused("C 0d{ 00 }", MALFORMED, "unknown section: 13");
	check_refused("C 07 05 01", MALFORMED, "cut off");
	check_refused("C 07{ 01 7f 00 }", MALFORMED, "longer than its contents");
	check_refused("C 07{ 05 7f }", MALFORMED, "longer than its section");
	check_refused("C 07{ 01 5f }", MALFORMED, "unknown type: 95");
	check_refused("C 07{ 01 71 01 'a' 00 01 }", MALFORMED, "does not end in 0: 1");
	check_refused("C 07{ 01 40 00 01 01 }", MALFORMED, "unknown kind of results: 1");
	check_refused("C 06{ 01 01 03 00 00 }", MALFORMED, "unknown kind of alias: 3");
	check_refused("C 0a{ 01 03 'a' 01 00 }", MALFORMED, "unknown kind of name: 3");
	check_refused("C 0a{ 01 00 02 c3 28 01 00 }", MALFORMED, "not UTF-8");
	check_refused("C 08{ 01 50 }", MALFORMED, "unknown canonical function 80");
	check_refused("C 01{ C }", MALFORMED, "a core module does not start");
	check_refused("C 00{ }", MALFORMED, "cut off");
	check_accepted("C");
	check_accepted("C 00{ 'any' ff } 07{ 00 }");
}

static void types(void)
{
	check_refused("C 07{ 01 70 00 }", INVALID, "there is no type 0");
	check_refused("C 07{ 02 40 00 01 00 70 00 }", INVALID, "not the type of a value");
	check_refused("C 07{ 02 7f 69 00 }", INVALID, "not a resource type");
	check_refused("C 07{ 01 72 00 }", INVALID, "a record must not be empty");
	check_refused("C 07{ 01 6f 00 }", INVALID, "a tuple must not be empty");
	check_refused("C 07{ 01 6d 00 }", INVALID, "an enum must not be empty");
	check_refused("C 07{ 01 72 02 'a-b' 7f 'A-b' 7f }", INVALID, "the name \"A-b\" is used twice");
	check_refused("C 07{ 01 72 01 'a_b' 7f }", INVALID, "not in kebab case");
	check_refused("C 07{ 01 72 01 'a--b' 7f }", INVALID, "not in kebab case");
	check_refused("C 07{ 01 72 01 '1' 7f }", INVALID, "not in kebab case");
	check_refused("C 07{ 03 3f 7f 00 68 00 40 00 00 01 }", INVALID, "result contains a borrow");
	check_refused("C 07{ 01 3f 7d 00 }", INVALID, "represented by an i32");
	check_refused("C 07{ 01 42 01 01 3f 7f 00 }", INVALID, "a resource is defined in a type");
	check_refused("C 07{ 01 42 01 03 00 'a' 03 01 }", MALFORMED, "the type of an instance has imports");
	check_refused(INSTANCE "07{ 01 3f 7f 01 01 }", INVALID, "a destructor must take an i32");
	check_accepted(INSTANCE "07{ 01 3f 7f 01 02 }");
	check_accepted("C 07{ 03 72 02 'a-b' 7f 'A-c' 7d 6e 01 'x' 6a 01 00 01 01 }");
	check_accepted("C 07{ 04 3f 7f 00 69 00 68 00 40 01 'x' 02 00 01 }");
}

static void aliases(void)
{
	check_refused("C 06{ 01 01 00 00 'f' }", INVALID, "there is no instance 0");
	check_refused("C 05{ 01 01 00 } 06{ 01 01 00 00 'f' }", INVALID, "no export \"f\"");
	check_refused("C 07{ 01 7f } 05{ 01 01 01 00 't' 03 00 } 06{ 01 01 00 00 't' }", INVALID,
	              "the export \"t\" of an instance is a type, not a function");
	check_refused("C 02{ 01 01 00 } 06{ 01 00 00 01 00 'f' }", INVALID, "a core instance has no export \"f\"");
	check_refused("C 06{ 01 03 02 01 00 }", INVALID, "a scope that does not exist");
	check_refused("C 06{ 01 03 02 00 00 }", INVALID, "there is no type 0");
	check_refused("C 06{ 01 01 02 00 00 }", INVALID, "an outer alias cannot refer to a function");
	/* A component does not see what is defined after it, even if it is instantiated later. */
	check_refused("C 04{ C 06{ 01 03 02 01 00 } } 07{ 01 7f } 05{ 01 00 00 00 }", INVALID, "there is no type 0");
	check_refused("C 07{ 01 3f 7f 00 } 04{ C 06{ 01 03 02 01 00 } }", INVALID, "leaves its component");
	check_refused("C 07{ 02 3f 7f 00 69 00 } 04{ C 06{ 01 03 02 01 01 } }", INVALID, "leaves its component");
	/* An instance type that refers to the resource through its own alias. */
	check_refused("C 07{ 02 3f 7f 00 42 02 02 03 02 01 00 04 00 'r' 03 00 00 } 04{ C 06{ 01 03 02 01 01 } }", INVALID,
	              "leaves its component");
	check_accepted("C 07{ 02 3f 7f 00 42 02 02 03 02 01 00 04 00 'r' 03 00 00 }");
	check_accepted("C 07{ 01 7f } 04{ C 06{ 01 03 02 01 00 } }");
}

static void names(void)
{
	check_refused("C 07{ 01 40 00 01 00 } 0a{ 02 00 'a' 01 00 00 'A' 01 00 }", INVALID, "the name \"A\" is used twice");
	check_refused("C 07{ 01 40 00 01 00 } 0a{ 01 00 'a:b' 01 00 }", INVALID, "nor an interface name");
	check_refused("C 07{ 01 40 00 01 00 } 0a{ 01 00 'a:b/c@1.x' 01 00 }", INVALID, "nor an interface name");
	check_refused("C 07{ 01 40 00 01 00 } 0a{ 01 00 '[method]a.b' 01 00 }", INVALID,
	              "names a resource that does not exist");
	check_refused("C 07{ 01 40 00 01 00 } 0a{ 02 00 'a' 03 01 00 '[method]a.b' 01 00 }", INVALID,
	              "has no first parameter \"self\"");
	check_refused("C 07{ 01 40 00 00 79 } 0a{ 02 00 'a' 03 01 00 '[constructor]a' 01 00 }", INVALID,
	              "does not return the resource");
	check_refused("C 07{ 01 40 00 01 00 } 0a{ 01 02 'f' 01 00 'a:b/c' 01 00 }", INVALID, "but is not an instance");
	check_refused("C 07{ 01 42 00 } 0a{ 01 02 'f' 01 00 'a' 05 00 }", INVALID, "cannot implement the interface \"a\"");
	check_refused("C 07{ 01 40 00 01 00 } 0a{ 01 00 'a:b:c/d' 01 00 }", INVALID, "nor an interface name");
	check_accepted("C 07{ 01 42 00 } 0a{ 01 02 'f' 01 00 'a:b/c' 05 00 }");
	check_accepted("C 07{ 01 40 00 00 79 } 0a{ 02 00 'a' 03 01 00 '[static]a.b' 01 00 }");
	check_accepted("C 07{ 01 40 00 01 00 } 0a{ 04 00 'a:b/c@1.2.3-rc.1+b' 01 00 00 'a:b/c' 01 00 01 'a-B2-c' 01 00"
	               " 02 'a:b/d@0.2' 01 01 '.3' 01 00 }");
}

static void instances(void)
{
	check_refused("C 02{ 01 00 00 00 }", INVALID, "there is no core module 0");
	check_refused("C 05{ 01 00 00 00 }", INVALID, "there is no component 0");
	check_refused("C 01{ M 01{ 01 60 00 00 } 02{ 01 'a' 'b' 00 00 } } 02{ 01 00 00 00 }", INVALID,
	              "imports from \"a\"");
	check_refused("C 01{ M 01{ 01 60 00 00 } 02{ 01 'a' 'b' 00 00 } } 02{ 02 01 00 00 00 01 'a' 12 00 }", INVALID,
	              "import \"a\" \"b\" is missing");
	check_refused(INSTANCE "01{ M 01{ 01 60 00 00 } 02{ 01 'a' 'm' 00 00 } } 02{ 01 00 01 01 'a' 12 00 }", INVALID,
	              "import \"a\" \"m\" is of another kind");
	check_refused(INSTANCE "01{ M 01{ 01 60 00 00 } 02{ 01 'a' 'f' 00 00 } } 02{ 01 00 01 01 'a' 12 00 }", INVALID,
	              "import \"a\" \"f\" is a function of another type");
	check_accepted(INSTANCE "01{ M 01{ 01 60 02 7f 7f 01 7f } 02{ 01 'a' 'f' 00 00 } } 02{ 01 00 01 01 'a' 12 00 }");
	check_refused("C 02{ 02 01 00 01 02 'a' 00 00 'a' 00 00 }", INVALID, "there is no core function 0");
	check_refused(INSTANCE "02{ 01 01 02 'a' 00 00 'a' 00 00 }", INVALID, "the name \"a\" is used twice");
	check_refused("C 04{ C 07{ 01 40 00 01 00 } 0a{ 01 00 'a' 01 00 } } 05{ 01 00 00 00 }", INVALID,
	              "imports \"a\", but gets no such argument");
	check_refused("C 07{ 01 40 00 00 79 } 0a{ 01 00 'f' 01 00 }"
	              "04{ C 07{ 01 40 00 01 00 } 0a{ 01 00 'a' 01 00 } } 05{ 01 00 00 01 'a' 01 00 }",
	              INVALID, "\"a\" does not match its type");
	check_refused("C 07{ 01 7f } 04{ C 07{ 01 40 00 01 00 } 0a{ 01 00 'a' 01 00 } } 05{ 01 00 00 01 'a' 03 00 }",
	              INVALID, "\"a\" is a type where a function is expected");
	/* Each use of an instance type makes new resource types. */
	check_refused("C 07{ 01 42 01 04 00 'r' 03 01 } 0a{ 02 00 'a' 05 00 00 'b' 05 00 }"
	              "06{ 02 03 00 00 'r' 03 00 01 'r' }"
	              "04{ C 0a{ 02 00 'x' 03 01 00 'y' 03 00 00 } } 05{ 01 00 00 02 'x' 03 01 'y' 03 02 }",
	              INVALID, "it is another type");
	check_accepted("C 07{ 01 42 01 04 00 'r' 03 01 } 0a{ 02 00 'a' 05 00 00 'b' 05 00 }"
	               "06{ 02 03 00 00 'r' 03 00 01 'r' }"
	               "04{ C 0a{ 02 00 'x' 03 01 00 'y' 03 00 00 } } 05{ 01 00 00 02 'x' 03 01 'y' 03 01 }");
	/* A component that is never instantiated is validated, too. */
	check_refused("C 04{ C 07{ 01 40 00 01 00 } 0a{ 01 00 'a' 01 00 } 08{ 01 01 00 01 00 } }", INVALID,
	              "there is no function 1");
}

/* The types that imports and exports use must have names outside the component. */
static void visible_types(void)
{
	check_refused("C 07{ 02 72 01 'x' 79 40 01 'a' 00 01 00 } 0a{ 01 00 'f' 01 01 }", INVALID,
	              "an import uses a type that is not imported itself");
	check_accepted(
		"C 07{ 01 72 01 'x' 79 } 0a{ 01 00 't' 03 00 00 } 07{ 02 70 01 40 01 'a' 02 01 00 } 0a{ 01 00 'f' 01 03 }");
	/* An import must use the imported type itself, not an equal one. */
	check_refused(
		"C 07{ 01 72 01 'x' 79 } 0a{ 01 00 't' 03 00 00 } 07{ 02 70 00 40 01 'a' 02 01 00 } 0a{ 01 00 'f' 01 03 }",
		INVALID, "an import uses a type that is not imported itself");
	check_refused("C 07{ 01 3f 7f 00 } 0b{ 01 00 'r' 03 00 00 } 07{ 02 69 01 40 00 00 02 } 0a{ 01 00 'f' 01 03 }",
	              INVALID, "is not imported itself");
	check_refused(INSTANCE "07{ 03 72 02 'x' 79 'y' 79 69 00 40 01 'a' 00 00 79 } 08{ 01 00 00 01 00 02 }", INVALID,
	              "not a resource type");
	static const char lifted[] = INSTANCE "07{ 02 72 02 'x' 79 'y' 79 40 01 'a' 00 00 79 } 08{ 01 00 00 01 00 01 }";
	struct bytes bytes = bytes_of(lifted);
	bytes_put(&bytes, "0b{ 01 00 'f' 01 00 00 }");
	check_or_refuse(&bytes, "an export uses a type that is not imported or exported itself");
	bytes = bytes_of(lifted);
	bytes_put(&bytes, "0b{ 01 00 't' 03 00 00 } 07{ 01 40 01 'a' 02 00 79 } 0b{ 01 00 'f' 01 00 01 01 03 }");
	check_or_refuse(&bytes, NULL);
	/* An instance type may use such a type, unless something with that instance type is imported or exported. */
	static const char type[] = "C 07{ 01 42 03 01 72 01 'x' 79 01 40 01 'a' 00 01 00 04 00 'f' 01 01 }";
	check_accepted(type);
	bytes = bytes_of(type);
	bytes_put(&bytes, "0a{ 01 00 'i' 05 00 }");
	check_or_refuse(&bytes, "an import uses a type that is not imported itself");
}

static void core_modules(void)
{
	check_refused("C 01{ M 03{ 00 } 01{ 00 } }", MALFORMED, "out of order");
	check_refused("C 01{ M 01{ 00 } 01{ 00 } }", MALFORMED, "out of order");
	check_refused("C 01{ M 03{ 01 00 } }", MALFORMED, "unknown core type: 0");
	check_refused("C 01{ M 07{ 01 'm' 02 00 } }", MALFORMED, "exports an unknown item: 0");
	check_refused("C 01{ M 02{ 02 'a' 'b' 02 00 01 'a' 'b' 02 00 01 } }", INVALID, "imports \"a\" \"b\" twice");
	check_refused("C 01{ M 05{ 01 00 01 } 07{ 02 'm' 02 00 'm' 02 00 } }", INVALID, "exports \"m\" twice");
	check_accepted("C 01{ M 02{ 02 'a' 'b' 02 00 01 'a' 'c' 02 00 01 } 00{ 'x' } 07{ 02 'm' 02 01 'n' 02 01 } }");
	/* A module matches its declared type if it imports only what is declared, and exports all that is declared. */
	static const char type[] =
		"C 04{ C 03{ 01 50 03 01 60 00 00 00 'a' 'b' 00 00 03 'f' 00 00 } 0a{ 01 00 'm' 00 11 00 } }";
	static const struct {
		const char *module, *what;
	} cases[] = {
		{"01{ M 01{ 01 60 00 00 } 02{ 01 'a' 'b' 00 00 } 07{ 01 'f' 00 00 } }", NULL},
		{"01{ M 01{ 01 60 00 00 } 03{ 01 00 } 07{ 01 'f' 00 00 } }", NULL},
		{"01{ M 01{ 01 60 00 00 } 02{ 01 'a' 'c' 00 00 } 07{ 01 'f' 00 00 } }", "imports \"a\" \"c\""},
		{"01{ M 01{ 01 60 01 7f 00 } 02{ 01 'a' 'b' 00 00 } 07{ 01 'f' 00 00 } }", "imports \"a\" \"b\""},
		{"01{ M 01{ 01 60 00 00 } 02{ 01 'a' 'b' 00 00 } 07{ 01 'g' 00 00 } }", "does not export \"f\""},
		{"01{ M 05{ 01 00 01 } 07{ 01 'f' 02 00 } }", "does not export \"f\""},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bytes bytes = bytes_of(type);
		bytes_put(&bytes, cases[i].module);
		bytes_put(&bytes, "05{ 01 00 00 01 'm' 00 11 00 }");
		check_or_refuse(&bytes, cases[i].what);
	}
}

static void components_as_arguments(void)
{
	/* Component 0 takes a component that exports a function `f` with a u32 parameter; 1 exports one; 2 exports one without parameters. */
	static const char taker[] = "04{ C 07{ 01 41 02 01 40 01 'x' 79 01 00 04 00 'f' 01 00 } 0a{ 01 00 'c' 04 00 }"
								"    05{ 01 00 00 00 } 06{ 01 01 00 00 'f' } 0b{ 01 00 'f' 01 00 00 } }"
								"04{ C 01{ M 01{ 01 60 01 7f 00 } 03{ 01 00 } 07{ 01 'f' 00 00 } } 02{ 01 00 00 00 }"
								"    06{ 01 00 00 01 00 'f' } 07{ 01 40 01 'x' 79 01 00 } 08{ 01 00 00 00 00 00 }"
								"    0b{ 01 00 'f' 01 00 00 } }"
								"04{ C 01{ M 01{ 01 60 00 00 } 03{ 01 00 } 07{ 01 'f' 00 00 } } 02{ 01 00 00 00 }"
								"    06{ 01 00 00 01 00 'f' } 07{ 01 40 00 01 00 } 08{ 01 00 00 00 00 00 }"
								"    0b{ 01 00 'f' 01 00 00 } }";
	struct bytes bytes = bytes_of("C");
	bytes_put(&bytes, taker);
	bytes_put(&bytes, "05{ 01 00 00 01 'c' 04 02 }");
	check_refused_bytes(&bytes, INVALID, "\"f\" does not match its type");
	bytes.at[bytes.size - 1] = 1;
	check_or_refuse(&bytes, NULL);
}

static void canonical_functions(void)
{
	/* Types: 0 (string) -> u32; 1 () -> string; 2 (u32). */
	static const char *const types = "07{ 03 40 01 'a' 73 00 79  40 00 00 73  40 01 'a' 79 01 00 }";
	static const struct {
		const char *canon, *what;
	} cases[] = {
		{"08{ 01 00 00 01 02 03 00 04 00 00 }", NULL},
		{"08{ 01 00 00 01 01 03 00 00 }", "the canonical option realloc is missing"},
		{"08{ 01 00 00 01 00 00 }", "the canonical option memory is missing"},
		{"08{ 01 00 00 01 01 04 00 00 }", "the canonical option realloc needs memory"},
		{"08{ 01 00 00 01 02 03 00 03 00 00 }", "a canonical option is given twice"},
		{"08{ 01 00 00 01 02 00 01 00 }", "a canonical option is given twice"},
		{"08{ 01 00 00 01 02 03 00 04 01 00 }", "realloc must take four i32"},
		{"08{ 01 00 00 01 01 03 01 00 }", "there is no core memory 1"},
		{"08{ 01 00 00 00 02 03 00 04 00 00 }", "does not have the type of its lift"},
		{"08{ 01 00 00 01 03 03 00 04 00 05 02 00 }", NULL},
		{"08{ 01 00 00 01 03 03 00 04 00 05 01 00 }", "post-return must take"},
		{"08{ 01 00 00 01 00 03 }", "there is no type 3"},
		{"08{ 01 00 00 02 00 02 }", NULL},
		{"0a{ 01 00 'f' 01 01 } 08{ 01 01 00 00 02 03 00 04 00 }", NULL},
		{"0a{ 01 00 'f' 01 01 } 08{ 01 01 00 00 01 03 00 }", "the canonical option realloc is missing"},
		{"0a{ 01 00 'f' 01 00 } 08{ 01 01 00 00 01 03 00 }", NULL},
		{"0a{ 01 00 'f' 01 00 } 08{ 01 01 00 00 00 }", "the canonical option memory is missing"},
		{"0a{ 01 00 'f' 01 02 } 08{ 01 01 00 00 01 05 02 }", "a lower has the canonical option post-return"},
		{"0a{ 01 00 'r' 03 01 } 08{ 01 02 03 }", "not defined in this component"},
		{"0a{ 01 00 'r' 03 01 } 08{ 01 04 03 }", "not defined in this component"},
		{"0a{ 01 00 'r' 03 01 } 08{ 01 03 03 }", NULL},
		{"08{ 01 03 00 }", "not a resource type"},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bytes bytes = bytes_of(INSTANCE);
		bytes_put(&bytes, types);
		bytes_put(&bytes, cases[i].canon);
		check_or_refuse(&bytes, cases[i].what);
	}
}

int main(void)
{
	grammar();
	types();
	aliases();
	names();
	instances();
	visible_types();
	core_modules();
	components_as_arguments();
	canonical_functions();
	return done();
}
