/* SPDX-License-Identifier: ISC */
/* link_rig.h's milter, as link_rig.c sees it. */

#ifndef LINK_PEER_H
#define LINK_PEER_H

struct event_base;

void	peer_begin(void);
void	peer_listen(struct event_base *, const char *path);
void	peer_end(void);

#endif /* LINK_PEER_H */
