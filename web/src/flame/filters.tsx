import { filterText, type Term, termsIn } from '../../../lib/flame/filter-text.ts';
import { hrefWith, usePlace } from '../router.ts';

/** Along what a graph is divided: of the URL, as the API takes them. */
export const PICKS = ['type', 'unit', 'version', 'instance'] as const;
export const FILTER_KEYS = ['focus', 'ignore'] as const;

/** What the URL picks of a graph, and what it filters, as the API takes them. */
export function pickedOf(query: URLSearchParams): URLSearchParams {
  const picked = new URLSearchParams();
  for (const key of [...PICKS, ...FILTER_KEYS]) {
    const value = query.get(key);
    if (value) picked.set(key, value);
  }
  return picked;
}

type FilterKey = (typeof FILTER_KEYS)[number];

const WORDS: Readonly<Record<FilterKey, string>> = { focus: 'Only stacks with', ignore: 'Without' };

/** Which stacks are left of the picture; a click on a term takes it away. */
export function Filters() {
  const { query } = usePlace();
  const shown = FILTER_KEYS.map((key) => ({ key, terms: termsIn(query.get(key) ?? '') }));
  if (shown.every(({ terms }) => terms.length === 0)) return null;
  return (
    <p class="row small filters">
      {shown.map(
        ({ key, terms }) =>
          terms.length > 0 && (
            <span key={key}>
              {WORDS[key]}{' '}
              {terms.map((term) => (
                <a
                  key={term.text}
                  class="chip mono"
                  href={hrefWith({ [key]: filterText(terms.filter((one) => one !== term)) })}
                  aria-label={`${WORDS[key]} ${term.text}: take this filter away`}
                >
                  {term.text} <span aria-hidden="true">×</span>
                </a>
              ))}
            </span>
          ),
      )}
    </p>
  );
}

/** Filters by what is searched for. */
export function FilterFound({ text }: { text: string }) {
  const { query } = usePlace();
  const term = { text, isWhole: false };
  return (
    <>
      <a class="btn bare" href={hrefWith({ focus: filterText([term]), q: null, frame: null })}>
        Only these
      </a>
      <a class="btn bare" href={hrefWithout(query, term)}>
        Without these
      </a>
    </>
  );
}

/** Of a name that no address could hold, as it may be in C++ and Rust, its beginning. */
export const wholeTerm = (name: string): Term =>
  name.length > NAME_CHARS
    ? { text: name.slice(0, NAME_CHARS), isWhole: false }
    : { text: name, isWhole: true };
const NAME_CHARS = 1000;

/** Only the stacks with this function. */
export const hrefToOnly = (name: string): string => hrefWith({ focus: filterText([wholeTerm(name)]) });

/** The same stacks but those with this one: what was ignored before stays so. */
export const hrefWithout = (query: URLSearchParams, term: Term): string =>
  hrefWith({
    ignore: filterText([...termsIn(query.get('ignore') ?? ''), term]),
    q: null,
    frame: null,
  });
