// SPDX-License-Identifier: GPL-2.0
/* An ordinary program: shows its arguments and user, and ends by a signal. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		puts(argv[i]);
	fflush(stdout);
	fprintf(stderr, "uid %d\n", getuid());
	return raise(SIGUSR1);
}
