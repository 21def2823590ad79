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
        .replace(/^(\.?\/)+/, '')
        .split('/')
        .map(encodeURIComponent)
        .join('/'),
    )
    .replaceAll('{line}', String(Math.max(1, frame.line)))
    .replaceAll('{version}', encodeURIComponent(frame.version || 'HEAD'));
  return /^(https?|vscode|idea):\/\//.test(filled) ? filled : undefined;
}

const STORE = 'tidemark-source';
type Places = Readonly<Record<string, SourcePlace>>;

function places(): Places {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? '{}') as Places;
  } catch {
    return {}; // storage is switched off, or holds what somebody else wrote
  }
}

export const sourcePlace = (service: string): SourcePlace | undefined => places()[service];

export function keepSourcePlace(service: string, place: SourcePlace) {
  try {
    localStorage.setItem(STORE, JSON.stringify({ ...places(), [service]: place }));
  } catch {
    // Storage is switched off: the place is asked for again on the next page.
  }
}
