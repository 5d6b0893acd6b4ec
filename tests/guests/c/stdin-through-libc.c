// forms: wrapped
/* scanf, getline and getchar on one stdin, which ends in the middle of a line.
 *
 * guest:
 *   stdin: "42 3.5 word\nA line of its own\nxyz"
 */
#include "check.h"

#include <stdlib.h>

int main(void)
{
	int number;
	double real;
	char word[16], *line = NULL;
	size_t room = 0;

	CHECK_EQ(scanf("%d %lf %15s", &number, &real, word), 3);
	CHECK_EQ(number, 42);
	CHECK(real == 3.5);
	CHECK(strcmp(word, "word") == 0);
	CHECK_EQ(getchar(), '\n');
	CHECK_EQ(getline(&line, &room, stdin), 18);
	CHECK(strcmp(line, "A line of its own\n") == 0);
	CHECK_EQ(getchar(), 'x');
	CHECK_EQ(getline(&line, &room, stdin), 2);
	CHECK_EQ(getchar(), EOF);
	CHECK(feof(stdin) && !ferror(stdin));
	free(line);
	return 0;
}
