import type { Match } from './filter.ts';

/** One of the functions that a filter names: by its whole name, or by part of its name or file. */
export interface Term {
  readonly text: string;
  readonly isWhole: boolean;
}

/** A filter as links and the API carry it: a term a line, whole names in quotes as JSON has them. */
export const termsIn = (text: string): readonly Term[] =>
  text
    .split('\n')
    .map((line) => wholeName(line.trim()) ?? { text: line.trim(), isWhole: false })
    .filter((term) => term.text !== '');

export const filterText = (terms: readonly Term[]): string =>
  terms.map(({ text, isWhole }) => (isWhole ? JSON.stringify(text) : text)).join('\n');

function wholeName(line: string): Term | undefined {
  if (!/^".*"$/.test(line)) return undefined;
  try {
    return { text: String(JSON.parse(line)), isWhole: true };
  } catch {
    return undefined; // quotes of a name as it is
  }
}

/** Functions that any of the terms names; parts are found whatever their case. */
export function matchOf(text: string): Match {
  const terms = termsIn(text);
  const wholes = new Set(terms.filter(({ isWhole }) => isWhole).map((term) => term.text));
  const parts = terms.filter(({ isWhole }) => !isWhole).map((term) => term.text.toLowerCase());
  const isIn = (whole: string) => {
    const lower = whole.toLowerCase();
    return parts.some((part) => lower.includes(part));
  };
  return (name, file) => wholes.has(name) || isIn(name) || isIn(file);
}
