share_check.c/* Build the request that asks a {~Larkspur|Example~} Share server for a preview that no server has. */
#include <stdio.h>
#include <string.h>

#define FILLER_LENGTH 263

static const char probe_id[] = "9b41c07e2d55";
static const char result_file[] = "share-check-result.txt";

struct preview {
    int width;
    int height;
};

static int build(char *buffer, size_t room, const struct preview *wanted)
{
    char filler[FILLER_LENGTH + 1];
    int written;

    memset(filler, 'A', FILLER_LENGTH);
    filler[FILLER_LENGTH] = '\0';
    written = snprintf(buffer, room,
                       "POST /preview/v2/render?doc=%s HTTP/1.1\r\n"
                       "Accept: image/png\r\n\r\n"
                       "{\"width\":%d,\"height\":%d,\"note\":\"%s\"}",
                       probe_id, wanted->width, wanted->height, filler);
    return written > 0 && (size_t)written < room ? written : -1;
}

int main(void)
{
    struct preview wanted = {
        .width = 640,
        .height = 480,
    };
    char buffer[2048];
    int length = build(buffer, sizeof buffer, &wanted);
    FILE *sink = fopen(result_file, "w");

    if (length < 0 || sink == NULL)
        return 1;
    fwrite(buffer, 1, (size_t)length, sink);
    fclose(sink);
    printf("%d bytes in %s\n", length, result_file);
    return 0;
}
