/* SPDX-License-Identifier: ISC */
/* See words.h. */

#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "log.h"
#include "words.h"

char *
words_add(struct words *w, const char *word)
{
	char	**list = reallocarray(w->list, w->n + 1, sizeof(*list));
	char	 *copy = strdup(word);

	if (list == NULL || copy == NULL)
		fatal("words");
	w->list = list;
	return w->list[w->n++] = copy;
}

void
words_clear(struct words *w)
{
	while (w->n > 0)
		free(w->list[--w->n]);
	free(w->list);
	w->list = NULL;
}
