/* SPDX-License-Identifier: ISC */
/*
 * Numbers and letters of the milter protocol, version 6 and before.  Names and
 * values are the interface of milters' sources, which ask for some of them by
 * the preprocessor: so all are macros.
 */

#ifndef _LIBMILTER_MFDEF_H
#define _LIBMILTER_MFDEF_H

/* A packet: its length, then a letter, then data. */
#define MILTER_LEN_BYTES	4
#define MILTER_OPTLEN		12	/* of SMFIC_OPTNEG without macros */
#define MILTER_CHUNK_SIZE	65535	/* longest piece of a body */
#define MILTER_MAX_DATA_SIZE	65535	/* longest data */

#define SMFI_PROT_VERSION	6

/* From the MTA. */
#define SMFIC_ABORT		'A'	/* the message is over */
#define SMFIC_BODY		'B'
#define SMFIC_CONNECT		'C'
#define SMFIC_MACRO		'D'	/* of the command that comes next */
#define SMFIC_BODYEOB		'E'	/* end of body, end of message */
#define SMFIC_HELO		'H'
#define SMFIC_QUIT_NC		'K'	/* another client follows */
#define SMFIC_HEADER		'L'
#define SMFIC_MAIL		'M'
#define SMFIC_EOH		'N'	/* end of header */
#define SMFIC_OPTNEG		'O'
#define SMFIC_QUIT		'Q'
#define SMFIC_RCPT		'R'
#define SMFIC_DATA		'T'
#define SMFIC_UNKNOWN		'U'	/* a command that is none */

/* From the milter: answers, */
#define SMFIR_SHUTDOWN		'4'
#define SMFIR_ACCEPT		'a'
#define SMFIR_CONTINUE		'c'
#define SMFIR_DISCARD		'd'
#define SMFIR_CONN_FAIL		'f'
#define SMFIR_PROGRESS		'p'	/* none yet: wait on */
#define SMFIR_REJECT		'r'
#define SMFIR_SKIP		's'	/* no more of these */
#define SMFIR_TEMPFAIL		't'
#define SMFIR_REPLYCODE		'y'
/* and changes, at the end of the message. */
#define SMFIR_ADDRCPT		'+'
#define SMFIR_DELRCPT		'-'
#define SMFIR_ADDRCPT_PAR	'2'	/* with parameters */
#define SMFIR_REPLBODY		'b'
#define SMFIR_CHGFROM		'e'
#define SMFIR_ADDHEADER		'h'
#define SMFIR_INSHEADER		'i'
#define SMFIR_SETSYMLIST	'l'	/* reserved: lists go with OPTNEG */
#define SMFIR_CHGHEADER		'm'
#define SMFIR_QUARANTINE	'q'

/* SMFIC_CONNECT: what the client's address is. */
#define SMFIA_UNKNOWN		'U'
#define SMFIA_UNIX		'L'
#define SMFIA_INET		'4'
#define SMFIA_INET6		'6'

/* Stages that macros belong to. */
#define SMFIM_NOMACROS		(-1)
#define SMFIM_FIRST		0
#define SMFIM_CONNECT		0
#define SMFIM_HELO		1
#define SMFIM_ENVFROM		2
#define SMFIM_ENVRCPT		3
#define SMFIM_DATA		4
#define SMFIM_EOM		5
#define SMFIM_EOH		6
#define SMFIM_LAST		6

/* What a milter may do. */
#define SMFIF_NONE		0x00000000L
#define SMFIF_ADDHDRS		0x00000001L
#define SMFIF_CHGBODY		0x00000002L
#define SMFIF_MODBODY		SMFIF_CHGBODY
#define SMFIF_ADDRCPT		0x00000004L
#define SMFIF_DELRCPT		0x00000008L
#define SMFIF_CHGHDRS		0x00000010L
#define SMFIF_QUARANTINE	0x00000020L
#define SMFIF_CHGFROM		0x00000040L
#define SMFIF_ADDRCPT_PAR	0x00000080L
#define SMFIF_SETSYMLIST	0x00000100L

#define SMFI_V1_ACTS		0x0000000FL
#define SMFI_V2_ACTS		0x0000003FL
#define SMFI_CURR_ACTS		0x000001FFL

/* What it does not want to be sent, */
#define SMFIP_NOCONNECT		0x00000001L
#define SMFIP_NOHELO		0x00000002L
#define SMFIP_NOMAIL		0x00000004L
#define SMFIP_NORCPT		0x00000008L
#define SMFIP_NOBODY		0x00000010L
#define SMFIP_NOHDRS		0x00000020L
#define SMFIP_NOEOH		0x00000040L
#define SMFIP_NOUNKNOWN		0x00000100L
#define SMFIP_NODATA		0x00000200L
/* what it does not answer, */
#define SMFIP_NR_HDR		0x00000080L
#define SMFIP_NOHREPL		SMFIP_NR_HDR
#define SMFIP_NR_CONN		0x00001000L
#define SMFIP_NR_HELO		0x00002000L
#define SMFIP_NR_MAIL		0x00004000L
#define SMFIP_NR_RCPT		0x00008000L
#define SMFIP_NR_DATA		0x00010000L
#define SMFIP_NR_UNKN		0x00020000L
#define SMFIP_NR_EOH		0x00040000L
#define SMFIP_NR_BODY		0x00080000L
/* and how else it wants it. */
#define SMFIP_SKIP		0x00000400L	/* SMFIR_SKIP may come */
#define SMFIP_RCPT_REJ		0x00000800L	/* refused ones too */
#define SMFIP_HDR_LEADSPC	0x00100000L	/* blanks before values stay */
#define SMFIP_MDS_256K		0x10000000L
#define SMFIP_MDS_1M		0x20000000L

#define SMFI_V1_PROT		0x0000003FL
#define SMFI_V2_PROT		0x0000007FL
#define SMFI_CURR_PROT		0x001FFFFFL

#endif /* _LIBMILTER_MFDEF_H */
