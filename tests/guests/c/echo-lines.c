// forms: wrapped wasip2
/* Echoes each line of stdin as soon as it arrives, through stdio; ends at the end of input.
 *
 * guest:
 *   stdin: "one\n"
 *   stdin: wait 30ms
 *   stdin: "two\nthr"
 *   stdin: wait 30ms
 *   stdin: "ee\n\nlast"
 *   expect-stdout: "1: one\n2: two\n3: three\n4: \n5: last\n"
 */
#include <stdio.h>
#include <string.h>

int main(void)
{
	char line[4096];

	for (int number = 1; fgets(line, sizeof line, stdin); number++) {
		line[strcspn(line, "\n")] = '\0';
		printf("%d: %s\n", number, line);
		fflush(stdout);
	}
	return 0;
}
