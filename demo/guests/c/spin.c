/* The worst neighbour: an endless loop without a system call. Only terminating its worker ends it. */
#include <stdint.h>
#include <stdio.h>

int main(void)
{
	volatile uint64_t count = 0;

	puts("for (;;) count++;");
	puts("No system call from here on: nothing can interrupt this program from within.");
	puts("Watch the frames. Stop, or Ctrl-C, ends it.");
	fflush(stdout);
	for (;;)
		count++;
}
