// Whose code a frame is, for formats that do not say. A guess from the words of its name and file: see the table in
// docs/formats/profiles.md.

export const LIBRARY = 0;
export const APP = 1;
export const UNKNOWN = -1;

const LIBRARY_FILE = new RegExp(
  [
    '(^|/)node_modules/',
    '^node:',
    '^(internal|bootstrap)/',
    '/(site|dist)-packages/',
    '^<frozen ',
    '/lib/python\\d',
    '/pkg/mod/',
    '(^|/)vendor/', // Go and PHP
    '@v\\d+\\.\\d+', // Go modules of trimmed binaries: example.com/lib@v1.2.3/x.go
    '/go/src/(runtime|internal|net|syscall|os|sync)/',
    '^/usr/(local/)?(go|lib|include)/',
    '/gems/',
    '/lib/ruby/',
    '/rustc/',
    '/\\.cargo/registry/',
    '\\.so(\\.\\d+)*$',
    '^\\[(kernel|vdso|vsyscall)',
    '^/(build|rust/library)/',
  ].join('|'),
);

const LIBRARY_NAME =
  /^(\((root|program|idle|garbage collector|external)\)|Garbage Collection|Non JS threads activity|Node\.js|(java|javax|jdk|sun|com\.sun|kotlin|kotlinx|scala|groovy|org\.(springframework|apache|hibernate|eclipse\.jetty)|io\.netty|reactor)[./])/;

const JAVA_FILE = /\.(java|kt|scala|groovy)$/;
const GO_FILE = /\.(go|s)$/;
/** Old Node: `events.js`, `_stream_readable.js` without a folder are its own. */
const BARE_JS = /^_?[a-z_]+\.js$/;

const GO_STANDARD = new Set(
  (
    'archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go hash ' +
    'html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort strconv strings ' +
    'structs sync syscall testing text time unicode unique unsafe vendor weak type'
  ).split(' '),
);

/** @returns 1: the team's own, 0: a library or the runtime, −1: nothing to go by */
export function guessInApp(name: string, file: string): number {
  if (LIBRARY_NAME.test(name) || LIBRARY_FILE.test(file)) return LIBRARY;
  if (file === '') return UNKNOWN;
  if (GO_FILE.test(file)) return isGoStandard(name) ? LIBRARY : APP;
  if (JAVA_FILE.test(file) || !BARE_JS.test(file)) return APP;
  return LIBRARY;
}

/** `net/http.(*conn).serve` and `runtime.mallocgc`; modules of people have a dot in their first element, or are main. */
function isGoStandard(name: string): boolean {
  const first = /^[^./(]+/.exec(name)?.[0] ?? '';
  const isPath = name.charAt(first.length) === '.' && name.includes('/') && name.indexOf('/') > first.length;
  return !isPath && GO_STANDARD.has(first);
}
