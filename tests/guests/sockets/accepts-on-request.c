/* A server that accepts one connection for each byte of its stdin, and keeps it open without reading. It ends with its stdin. */
#include <sys/socket.h>
#include <unistd.h>

#include "../c/check.h"

int main(void)
{
	for (char byte; read(0, &byte, 1) == 1;) {
		CHECK(accept(3, NULL, NULL) > 3);
		CHECK_EQ(write(1, "a", 1), 1);
	}
	return 0;
}
