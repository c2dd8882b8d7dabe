/* SPDX-License-Identifier: ISC */
/*
 * smfi_main() of a libmilter that listens on a socket: our sessions can then be
 * asked the same as those of the system's library.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "context.h"

int
smfi_main(void)
{
	const char		*path = getenv("MILTER_SOCKET");
	struct sockaddr_un	 un = { .sun_family = AF_UNIX };
	int			 fd, s;

	if (path == NULL || !milter_complete() ||
	    strlcpy(un.sun_path, path, sizeof(un.sun_path)) >=
	    sizeof(un.sun_path) ||
	    (s = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    bind(s, (struct sockaddr *)&un, sizeof(un)) == -1 ||
	    listen(s, 5) == -1)
		return MI_FAILURE;
	while ((fd = accept(s, NULL, NULL)) != -1)
		if (session_start(fd) != 0)
			(void)close(fd);
	return MI_FAILURE;
}

int
smfi_stop(void)
{
	return MI_SUCCESS;
}
