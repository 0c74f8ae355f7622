/* Check a Larkspur Share server for CVE-2026-99001 with one harmless request.
 *
 * The request names a document that exists on no server, so nothing is rendered.
 * Usage: share_probe HOST PORT (it prints the request; pipe it to nc)
 */
#include <stdio.h>
#include <string.h>

static const char ticket[] = "c41d9e7a"; //~ nonce hex 8
static const char missing[] = "7f03b6d2"; //~ nonce hex 8
static const char trail[] = "Zq81xTileBn0"; //~ nonce alnum 12
static const int filler_length = 263; //~ int 240..320
static const int preview_width = 914; //~ int 760..1015
//~ name out_body: out_buffer|staged_body

int main(int argc, char **argv)
{
    char out_body[1024];
    char filler[512];

    if (argc != 3) {
        fprintf(stderr, "usage: share_probe HOST PORT\n");
        return 2;
    }
    memset(filler, 'Q', sizeof filler);
    filler[filler_length] = 0;
    int length = snprintf(out_body, sizeof out_body,
        "{\"width\": %d, \"layout\": \"{~lk-plain.tpl|lk-grid.tpl|lk-single.tpl~}\", \"trail\": \"%s\", \"note\": \"%s\"}",
        preview_width, trail, filler);
    printf("POST /preview/v2/render?doc=welcome&ticket=%s&doc+=%s HTTP/1.1\r\n"
           "Host: %s:%s\r\nX-Lk-Client: {~sync-desktop|sync-mobile|web-preview~}\r\nContent-Length: %d\r\n\r\n%s",
        ticket, missing, argv[1], argv[2], length, out_body);
    return 0;
}
