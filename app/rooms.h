/*
 * app/rooms.h - the rooms of `floe serve`: who is where, and whom a message goes to. Pure: no
 * sockets.
 *
 * A room has a name and at most two members; it exists while it has one. A member is whatever the
 * caller says (a connection); the table keeps a pointer to it and never looks inside.
 */
#ifndef FLOE_APP_ROOMS_H
#define FLOE_APP_ROOMS_H

#include <stdbool.h>
#include <stddef.h>

#define ROOM_NAME_MAX   64
#define ROOM_MEMBER_MAX 2

typedef struct room {
    char name[ROOM_NAME_MAX + 1]; /* empty: free */
    void *members[ROOM_MEMBER_MAX];
} room;

typedef struct rooms {
    room *table; /* the caller's, zeroed */
    size_t max;
} rooms;

typedef enum rooms_verdict {
    ROOMS_OK,
    ROOMS_ROOM_FULL,  /* two are in it already */
    ROOMS_TABLE_FULL, /* no further room; nothing changed */
    ROOMS_BAD_NAME    /* not 1 to 64 letters, digits, '-', '_' or '.' */
} rooms_verdict;

/* Put a member, who is in no room, into the room of this name, which is made if need be. */
rooms_verdict rooms_join(rooms *all, const char *name, void *member, room **joined);
/* Take a member out; an empty room is gone. */
void rooms_leave(room *from, const void *member);
/* The one beside `member`; NULL if it is alone. */
void *rooms_get_other(const room *in, const void *member);
size_t rooms_count(const rooms *all); /* rooms in use */

#endif
