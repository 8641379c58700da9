/* app/rooms.c - see app/rooms.h. */
#include "app/rooms.h"

#include <string.h>

static bool is_name(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= ROOM_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len;
}

static room *find(rooms *all, const char *name)
{
    room *free_one = NULL;
    for (size_t i = 0; i < all->max; i++) {
        room *one = &all->table[i];
        if (strcmp(one->name, name) == 0) {
            return one;
        }
        if (one->name[0] == '\0' && free_one == NULL) {
            free_one = one;
        }
    }
    return free_one;
}

rooms_verdict rooms_join(rooms *all, const char *name, void *member, room **joined)
{
    if (!is_name(name)) {
        return ROOMS_BAD_NAME;
    }
    room *one = find(all, name);
    if (one == NULL) {
        return ROOMS_TABLE_FULL;
    }
    for (size_t i = 0; i < ROOM_MEMBER_MAX; i++) {
        if (one->members[i] == NULL) {
            one->members[i] = member;
            memcpy(one->name, name, strlen(name) + 1);
            *joined = one;
            return ROOMS_OK;
        }
    }
    return ROOMS_ROOM_FULL;
}

void rooms_leave(room *from, const void *member)
{
    size_t left = 0;
    for (size_t i = 0; i < ROOM_MEMBER_MAX; i++) {
        if (from->members[i] == member) {
            from->members[i] = NULL;
        }
        left += from->members[i] != NULL;
    }
    if (left == 0) {
        from->name[0] = '\0';
    }
}

void *rooms_get_other(const room *in, const void *member)
{
    for (size_t i = 0; i < ROOM_MEMBER_MAX; i++) {
        if (in->members[i] != NULL && in->members[i] != member) {
            return in->members[i];
        }
    }
    return NULL;
}

size_t rooms_count(const rooms *all)
{
    size_t count = 0;
    for (size_t i = 0; i < all->max; i++) {
        count += all->table[i].name[0] != '\0';
    }
    return count;
}
