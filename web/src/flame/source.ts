/** Where the source of a service is read. Each reader's own: some read it at a host, some in an editor. */
export interface SourcePlace {
  /** With `{file}`, `{line}` and `{version}`. */
  readonly address: string;
  /** What paths of profiles begin with and those of the source do not. */
  readonly prefix: string;
}

export interface SourceFrame {
  readonly file: string;
  /** 0: not known. */
  readonly line: number;
  readonly version: string;
}

/** The address of a line; undefined where the template makes none that may be opened. */
export function sourceHref({ address, prefix }: SourcePlace, frame: SourceFrame): string | undefined {
  const path = frame.file.startsWith(prefix) ? frame.file.slice(prefix.length) : frame.file;
  const filled = address
    .replaceAll(
      '{file}',
      path
        .split('/')
        .filter((step) => !['', '.', '..'].includes(step)) // a profile must not climb out of the address
        .map(encodeURIComponent)
        .join('/'),
    )
    .replaceAll('{line}', String(Math.max(1, frame.line)))
    .replaceAll('{version}', encodeURIComponent(frame.version || 'HEAD'));
  return /^(https?|vscode|idea):\/\//.test(filled) ? filled : undefined;
}

const STORE = 'tidemark-source';
type Places = ReadonlyMap<string, SourcePlace>;

const isPlace = (entry: [string, unknown]): entry is [string, SourcePlace] => {
  const { address, prefix } = (entry[1] ?? {}) as Partial<SourcePlace>;
  return typeof address === 'string' && typeof prefix === 'string';
};

function places(): Places {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(STORE) ?? '{}');
    return new Map(Object.entries(kept ?? {}).filter(isPlace));
  } catch {
    return new Map(); // storage is switched off, or holds what somebody else wrote
  }
}

export const sourcePlace = (service: string): SourcePlace | undefined => places().get(service);

export function keepSourcePlace(service: string, place: SourcePlace) {
  try {
    localStorage.setItem(STORE, JSON.stringify(Object.fromEntries([...places(), [service, place]])));
  } catch {
    // Storage is switched off: the place is asked for again on the next page.
  }
}
