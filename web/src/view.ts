import { usePlace } from './router.ts';
import { serverNow } from './status.ts';
import type { Range, Zone } from './time.ts';

export interface View {
  readonly zone: Zone;
  readonly range: Range;
  readonly now: number;
}

/** What the URL says about time, and the server's clock. */
export function useView(): View {
  const { query } = usePlace();
  return {
    zone: query.get('tz') === 'local' ? 'local' : 'utc',
    range: { from: query.get('from'), to: query.get('to') },
    now: serverNow(),
  };
}
