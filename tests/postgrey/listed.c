/* SPDX-License-Identifier: ISC */
/*
 * usage: listed clients|recipients FILE
 *
 * For each line of stdin, "address name" or a mailbox: 1 if FILE has it, else
 * 0.  For tests that ask others the same.  Exits 1 if FILE is no list.
 */

#include <sys/types.h>

#include <stdio.h>
#include <string.h>

#include "lists.h"
#include "log.h"

static int
client_listed(const struct list *l, char *line)
{
	struct addr	 a;
	char		*name = line;

	line = strsep(&name, " ");
	if (addr_parse(&a, line) == -1)
		fatalx("not an address: %s", line);
	return list_match_client(l, &a, name);
}

int
main(int argc, char *argv[])
{
	struct list	*l;
	char		 line[1024];
	int		 clients;

	if (argc != 3)
		fatalx("usage: listed clients|recipients FILE");
	clients = strcmp(argv[1], "clients") == 0;
	l = list_new(clients ? LIST_CLIENTS : LIST_RECIPIENTS);
	if (list_add_file(l, argv[2]) == -1)
		return 1;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		(void)printf("%d\n", clients ? client_listed(l, line) :
		    list_match_address(l, line));
	}
	list_free(l);
	return 0;
}
