// What is run live: each kind of mistake, in which language, and what a right answer says of it.

export const ROUTES = [
  'GET /products/{}',
  'GET /search',
  'POST /cart',
  'GET /orders/{}',
  'POST /checkout',
  'GET /report',
] as const;
export type Route = (typeof ROUTES)[number];
export type Language = 'node' | 'python' | 'go';

/** What grows: one unit of work, a group that cannot be told apart, every request, the clock, or open connections. */
export type Cause = 'unit' | 'group' | 'total-traffic' | 'clock' | 'connections';

export interface Kind {
  readonly name: string;
  readonly language: Language;
  readonly cause: Cause;
  /** The route that leaks; of a group the first one alone does, but who calls it calls the second one too. */
  readonly routes: readonly Route[];
  /** Where the memory lies, when the managed heap is not it. */
  readonly outside?: 'external' | 'outside';
  /** What the service tells of its own memory after full collections, and which of that the leak adds to. */
  readonly measure: readonly string[];
}

/** In an order that mixes the languages: Node takes the most of a processor. */
export const KINDS: readonly Kind[] = [
  { name: 'map', language: 'node', cause: 'unit', routes: ['GET /search'], measure: ['heap'] },
  { name: 'go-list', language: 'go', cause: 'unit', routes: ['GET /orders/{}'], measure: ['heap'] },
  { name: 'lru', language: 'python', cause: 'unit', routes: ['GET /search'], measure: ['heap'] },
  { name: 'listener', language: 'node', cause: 'unit', routes: ['POST /cart'], measure: ['heap'] },
  {
    name: 'goroutine',
    language: 'go',
    cause: 'unit',
    routes: ['POST /checkout'],
    measure: ['heap', 'stacks'],
  },
  { name: 'global-list', language: 'python', cause: 'unit', routes: ['POST /cart'], measure: ['heap'] },
  { name: 'timer', language: 'node', cause: 'unit', routes: ['POST /checkout'], measure: ['heap'] },
  { name: 'go-clock', language: 'go', cause: 'clock', routes: [], measure: ['heap'] },
  { name: 'clock', language: 'python', cause: 'clock', routes: [], measure: ['heap'] },
  { name: 'closure', language: 'node', cause: 'unit', routes: ['GET /orders/{}'], measure: ['heap'] },
  {
    name: 'fragmentation',
    language: 'go',
    cause: 'unit',
    routes: ['GET /products/{}'],
    outside: 'outside',
    measure: ['rss'],
  },
  { name: 'sse', language: 'python', cause: 'connections', routes: [], measure: ['heap'] },
  { name: 'sessions', language: 'node', cause: 'total-traffic', routes: [], measure: ['heap'] },
  {
    name: 'promise',
    language: 'node',
    cause: 'group',
    routes: ['GET /products/{}', 'POST /cart'],
    measure: ['heap'],
  },
  {
    name: 'buffers',
    language: 'node',
    cause: 'unit',
    routes: ['GET /products/{}'],
    outside: 'external',
    measure: ['external'],
  },
];

/** Event streams are opened besides the routes, by the kind that leaks them. */
export const opensStreams = ({ cause }: Kind): boolean => cause === 'connections';
