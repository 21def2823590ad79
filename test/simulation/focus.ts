/**
 * Some jobs write little in most histories: of twenty histories in a row, `weight` are about each. What workers do most are
 * then `operations`: readers and sweeps have nobody to race against but those who replace segments.
 */
export const FOCUS = {
  none: about(1),
  read: about(1, 'read', 'compact', 'sweep orphans'),
  'sweep orphans': about(1, 'sweep orphans', 'compact'),
  compact: about(1, 'compact'),
  'roll up': about(4, 'roll up'),
  replay: about(4, 'replay'),
  'sweep uploads': about(1, 'sweep uploads'),
  scan: about(4, 'scan'),
  expire: about(3, 'expire'),
};
export type Focus = keyof typeof FOCUS;
const FOCUSES = (Object.keys(FOCUS) as Focus[]).flatMap((focus) =>
  Array<Focus>(FOCUS[focus].weight).fill(focus),
);
/** Shares no factor with their number: neighbours differ, and twenty in a row are all of them. */
const STRIDE = 7;

/** What the n-th history is about. */
export const focusOf = (history: number): Focus => FOCUSES[(history * STRIDE) % FOCUSES.length] as Focus;

function about(weight: number, ...operations: readonly string[]) {
  return { weight, operations };
}
