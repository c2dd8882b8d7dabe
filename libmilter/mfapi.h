/* SPDX-License-Identifier: ISC */
/*
 * The milter API, for sources written for any libmilter: names, prototypes,
 * values and the order in struct smfiDesc are its interface.  This library
 * serves smtpd(8) where the other one listens on a socket; see libmilter(8).
 *
 * Functions return MI_SUCCESS, or MI_FAILURE: a bad argument, not allowed here
 * or not negotiated, no memory, or smtpd is gone.
 */

#ifndef _LIBMILTER_MFAPI_H
#define _LIBMILTER_MFAPI_H

#include <sys/types.h>
#include <sys/socket.h>

#ifndef __cplusplus
#include <stdbool.h>
#endif

#include "mfdef.h"

/* Milters' sources count on it where the system's headers have none. */
#ifndef __P
#define __P(args)	args
#endif

#ifndef SMFI_VERSION
#define SMFI_VERSION		0x01000001
#endif
#define SM_LM_VRS_MAJOR(v)	(((v) & 0x7f000000) >> 24)
#define SM_LM_VRS_MINOR(v)	(((v) & 0x007fff00) >> 8)
#define SM_LM_VRS_PLVL(v)	((v) & 0x0000007f)

#define MI_SUCCESS		0
#define MI_FAILURE		(-1)

#ifndef _SOCK_ADDR
#define _SOCK_ADDR		struct sockaddr
#endif
#define LIBMILTER_API		extern

/* What a callback returns: all of it for the message, but for a recipient. */
#define SMFIS_CONTINUE		0
#define SMFIS_REJECT		1
#define SMFIS_DISCARD		2
#define SMFIS_ACCEPT		3	/* no more of this message */
#define SMFIS_TEMPFAIL		4
#define SMFIS_NOREPLY		7	/* if negotiated */
#define SMFIS_SKIP		8	/* no more of the body, if negotiated */
#define SMFIS_ALL_OPTS		10	/* xxfi_negotiate: all that is offered */

#ifdef __cplusplus
extern "C" {
#endif
/* Of the library, whatever it is compiled with. */
#pragma GCC visibility push(default)

typedef int			 sfsistat;
typedef struct smfi_str		 SMFICTX;
typedef struct smfi_str		*SMFICTX_PTR;
typedef struct smfiDesc		 smfiDesc_str;
typedef struct smfiDesc		*smfiDesc_ptr;

/* What is NULL is not called, and not sent. */
struct smfiDesc {
	char		*xxfi_name;
	int		 xxfi_version;		/* SMFI_VERSION */
	unsigned long	 xxfi_flags;		/* SMFIF_* */

	/* NULL for an address that is neither IP nor local. */
	sfsistat	(*xxfi_connect)(SMFICTX *, char *, _SOCK_ADDR *);
	sfsistat	(*xxfi_helo)(SMFICTX *, char *);
	/* The address in <>, the parameters, NULL. */
	sfsistat	(*xxfi_envfrom)(SMFICTX *, char **);
	sfsistat	(*xxfi_envrcpt)(SMFICTX *, char **);
	sfsistat	(*xxfi_header)(SMFICTX *, char *, char *);
	sfsistat	(*xxfi_eoh)(SMFICTX *);
	sfsistat	(*xxfi_body)(SMFICTX *, unsigned char *, size_t);
	sfsistat	(*xxfi_eom)(SMFICTX *);
	/* Instead of xxfi_eom, unless the milter itself ended the message. */
	sfsistat	(*xxfi_abort)(SMFICTX *);
	/* Once for each session. */
	sfsistat	(*xxfi_close)(SMFICTX *);
	sfsistat	(*xxfi_unknown)(SMFICTX *, const char *);
	sfsistat	(*xxfi_data)(SMFICTX *);
	/* SMFIF_*, SMFIP_*, 0, 0: what is offered, and what is wanted. */
	sfsistat	(*xxfi_negotiate)(SMFICTX *, unsigned long,
			    unsigned long, unsigned long, unsigned long,
			    unsigned long *, unsigned long *, unsigned long *,
			    unsigned long *);
};

/* Before and while it runs. */
extern int	 smfi_register(struct smfiDesc);
extern int	 smfi_setconn(char *);			/* not used */
extern int	 smfi_opensocket(bool);			/* there is none */
extern int	 smfi_setbacklog(int);
extern int	 smfi_settimeout(int);
extern int	 smfi_setdbg(int);
extern size_t	 smfi_setmaxdatasize(size_t);
extern int	 smfi_version(unsigned int *, unsigned int *, unsigned int *);
extern int	 smfi_main(void);
extern int	 smfi_stop(void);
extern int	 mi_stop(void);

/* In any callback. */
extern char	*smfi_getsymval(SMFICTX *, char *);
extern void	*smfi_getpriv(SMFICTX *);
extern int	 smfi_setpriv(SMFICTX *, void *);
extern int	 smfi_setreply(SMFICTX *, char *, char *, char *);
extern int	 smfi_setmlreply(SMFICTX *, const char *, const char *, ...);

/* In xxfi_negotiate. */
extern int	 smfi_setsymlist(SMFICTX *, int, char *);

/* In xxfi_eom. */
extern int	 smfi_addheader(SMFICTX *, char *, char *);
extern int	 smfi_chgheader(SMFICTX *, char *, int, char *);
extern int	 smfi_insheader(SMFICTX *, int, char *, char *);
extern int	 smfi_chgfrom(SMFICTX *, char *, char *);
extern int	 smfi_addrcpt(SMFICTX *, char *);
extern int	 smfi_addrcpt_par(SMFICTX *, char *, char *);
extern int	 smfi_delrcpt(SMFICTX *, char *);
extern int	 smfi_replacebody(SMFICTX *, unsigned char *, int);
extern int	 smfi_quarantine(SMFICTX *, char *);
extern int	 smfi_progress(SMFICTX *);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* _LIBMILTER_MFAPI_H */
