/* io/io_rest.c - see io/io_rest.h. */
#include "io/io_rest.h"

#include <sys/mman.h>

#include "sctp/sctp_rest.h"

void floe_io_rest_init(floe_io_rest *rest, floe_span pages, const floe_sctp_assoc *sctp)
{
    *rest = (floe_io_rest){
        .pages = pages, .motion = floe_sctp_rest_get_motion(sctp), .due_at = FLOE_TIME_NEVER};
}

void floe_io_rest_look(floe_io_rest *rest, floe_sctp_assoc *sctp, floe_time now)
{
    uint32_t motion = floe_sctp_rest_get_motion(sctp);
    if (motion != rest->motion) {
        rest->motion = motion;
        rest->due_at = floe_time_after(now, FLOE_IO_REST_AFTER);
    } else if (now >= rest->due_at && floe_sctp_rest_begin(sctp)) {
        /* Who refuses leaves the pages as they are, which is right as well. */
        (void)madvise(rest->pages.ptr, rest->pages.len, MADV_DONTNEED);
        rest->due_at = FLOE_TIME_NEVER;
    }
}
