import { go, hrefWith, usePlace } from '../router.ts';

/** `sort=p95` or `sort=-p95` in the URL; undefined means the table's own order. */
export function useSort(first: string): { by: string; down: boolean } {
  const text = usePlace().query.get('sort') ?? first;
  return text.startsWith('-') ? { by: text.slice(1), down: true } : { by: text, down: false };
}

export function sorted<T>(rows: readonly T[], key: (row: T) => number | string | null, down: boolean): T[] {
  const order = (a: T, b: T) => {
    const [left, right] = [key(a), key(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null); // unknown last
    const less = typeof left === 'string' ? left.localeCompare(String(right)) : left - Number(right);
    return down ? -less : less;
  };
  return [...rows].sort(order);
}

/** A head that sorts. Numbers begin with the largest, names with A. */
export function SortHead({
  by,
  sort,
  num = false,
  className = '',
  children,
}: {
  by: string;
  sort: { by: string; down: boolean };
  num?: boolean;
  className?: string;
  children: string;
}) {
  const on = sort.by === by;
  const down = on ? !sort.down : num;
  return (
    <th
      class={`${num ? 'num' : ''} ${className}`}
      scope="col"
      aria-sort={on ? (sort.down ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" onClick={() => go(hrefWith({ sort: `${down ? '-' : ''}${by}` }), 'replace')}>
        {children}
        <span aria-hidden="true" class="arrow">
          {on ? (sort.down ? ' ↓' : ' ↑') : ''}
        </span>
      </button>
    </th>
  );
}
