/** Characters that are handed on at once: a whole file may be longer than a string can be, and lines are too short to be sent alone. */
const PIECE = 65_536;

/** Texts one after the other as UTF-8, in pieces, each made when it is asked for. */
export function* textPieces(texts: Iterable<string>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE) continue;
    yield encoder.encode(piece);
    piece = '';
  }
  if (piece !== '') yield encoder.encode(piece);
}
