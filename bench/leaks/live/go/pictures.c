// A library that decodes pictures: each is made from the one before, which then is kept by its header alone.
#include <stdlib.h>
#include <string.h>

enum { PICTURE = 32768, HEADER = 600 };

static char *before;

char *decode(int shrink) {
  char *picture = malloc(PICTURE);
  char *header = NULL;
  memset(picture, before ? before[0] : 1, PICTURE);
  if (before && shrink) {
    header = realloc(before, HEADER); // in place: what is cut off is too small for any picture to come
  } else if (before) {
    header = malloc(HEADER);
    memcpy(header, before, HEADER);
    free(before);
  }
  before = picture;
  return header;
}
