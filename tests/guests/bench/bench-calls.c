// flags: -mexec-model=reactor
// A reactor whose exports the page calls, and which calls a function of the page.
#define EXPORT(name) __attribute__((export_name(#name)))

__attribute__((import_module("page"), import_name("add"))) int page_add(int a, int b);

EXPORT(add) int add(int a, int b)
{
	return a + b;
}

EXPORT(call_page) int call_page(int times)
{
	int sum = 0;
	for (int i = 0; i < times; i++)
		sum = page_add(sum, 1);
	return sum;
}

/* For a library that calls exports without arguments. */
EXPORT(call_page_200) int call_page_200(void)
{
	(void)call_page(200);
	return 0;
}
