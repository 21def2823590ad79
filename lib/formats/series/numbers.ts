/** How programs write that there is no value. */
const EMPTY_WORD = /^(|-|nan|null|none|nil|na|n\/a|[+-]?inf(inity)?)$/i;

/** What `docker stats` writes behind an amount, its limit, is passed over. */
const AMOUNT = /^([+-]?\d+(?:[.,]\d+)?)\s*(?:%|B|([KMGT])(i?)B?)?(?:\s+\/\s+\d.*)?$/i;

/** Two groups of thousands, or one and decimals behind another mark: then the mark between the groups is no decimal point. */
const GROUPED = /^[+-]?\d{1,3}([,.'’\s])\d{3}(?=\1\d{3}|(?!\1)[.,]\d)(?:\1\d{3})*(?![\d]|\1)/;

/**
 * Numbers; with a decimal comma where columns are not separated by one; `1,234,567` and `1.234.567,8`; and as dashboards and
 * `kubectl top` write amounts: `191 MiB` and `191Mi` in units of 1,024, `200 MB` and `200M` of 1,000, `45 %`. NaN for others.
 */
export function numberOf(cell: string): number {
  const text = cell.trim();
  if (text === '') return Number.NaN;
  const number = Number(text);
  if (!Number.isNaN(number)) return number;
  const mark = markIn(text);
  const [, amount = '', unit = '', binary = ''] =
    AMOUNT.exec(mark === undefined ? text : without(text, mark)) ?? [];
  if (amount === '') return Number.NaN;
  return (
    Number(amount.replace(',', '.')) *
    (binary === '' ? 1000 : 1024) ** ' KMGT'.indexOf(unit.toUpperCase() || ' ')
  );
}

/** The mark between thousands, where a number can have it for nothing else. */
const markIn = (text: string): string | undefined => GROUPED.exec(text)?.[1];

/** Of a number that may have the mark between its thousands; what is left of it is a decimal point. */
const without = (text: string, mark: string): string => text.replaceAll(mark, '');

/**
 * The mark between thousands in a column of cells: one that a cell has for nothing else, or the comma between columns, which only
 * quotes keep within a cell. `1,234` alone is decimals elsewhere.
 */
export function thousandsOf(cells: Iterable<string>, separator: string | undefined): string | undefined {
  let isSeparator = false;
  for (const cell of cells) {
    const text = cell.trim();
    const mark = markIn(text);
    if (mark !== undefined) return mark;
    if (separator !== ',' || !text.includes(separator)) continue;
    if (!ONE_GROUP.test(text)) return undefined;
    isSeparator = true;
  }
  return isSeparator ? separator : undefined;
}

const ONE_GROUP = /^[+-]?\d{1,3},\d{3}(?!\d)/;

/** A cell of a column that has this mark between its thousands. */
export const groupedNumberOf = (cell: string, mark: string): number => numberOf(without(cell, mark));

export const isText = (cell: string): boolean =>
  Number.isNaN(numberOf(cell)) && !EMPTY_WORD.test(cell.trim());
