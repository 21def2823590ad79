import { createHash } from 'node:crypto';
import type { Upload } from '../../lib/jobs/raw-segment.ts';
import { uploadId } from '../../lib/model/ids.ts';
import { bucketStart, type Step } from '../../lib/model/partition.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/model/units.ts';
import type { Draw } from './draw.ts';
import { type Focus, focusOf } from './focus.ts';

/** One upload that somebody is going to send, and what it is worth: computed from the drawing, not by the product. */
export interface Planned {
  readonly upload: Omit<Upload, 'receivedAt'>;
  readonly sentAt: number;
  /** How far the clock of every door that it comes to is off. */
  readonly doorOffsetMs: number;
  readonly state: 'done' | 'rejected';
  /** Empty unless it is done. */
  readonly pieces: readonly Piece[];
}

/** One finished request of a service. */
export interface Piece {
  readonly project: string;
  readonly service: string;
  readonly unit: string;
  readonly endMs: number;
  readonly durationUs: number;
}

/** Histories play on one day of the future, whatever the day is. */
export const START_MS = Date.UTC(2031, 4, 6, 0, 30);
export const PROJECTS = ['red', 'blue'];
export const SERVICES = ['shop', 'cart', 'mail'];
const UNITS = 3;
const INSTANCES = 12;
/** What share of uploads is of which sort; the rest is spans of the last minutes. */
const SORTS = { broken: 0.04, late: 0.05, old: 0.1, wrongDoor: 0.3, bothProjects: 0.1 };

/** What differs from history to history: uploads of one partition merge, those of many do not. */
export interface Flavour {
  readonly uploads: number;
  readonly services: readonly string[];
  readonly projects: readonly string[];
  /** How long uploads are sent. */
  readonly activeMs: number;
  /** Most data are of one minute so long before the begin, whenever they come; else of the half hour before they come. */
  readonly hotMs: number | undefined;
  /** Some doors' clocks are a day off. */
  readonly wrongDoors: boolean;
  /** Into how many shards partitions are split. */
  readonly shards: number;
  /** After each, in which what was sent expires, as many uploads are sent once more. */
  readonly silences: readonly Silence[];
  /** What workers do most. */
  readonly focus: Focus;
  /** Share of processes whose clock is a day off. */
  readonly wrongClocks: number;
  /** The later release writes what the present one cannot read. */
  readonly newCodecs: boolean;
  /** Share of uploads that tell of memory. */
  readonly memory: number;
  /** In the end all is replayed once more, by somebody whom nothing befalls. */
  readonly isReplayed: boolean;
}

interface Silence {
  readonly days: number;
  /** Whoever replays stands still meanwhile. */
  readonly isReplayLeft: boolean;
}

/** Of one history, whose place says what it is about, unless `focus` does. */
export const drawFlavour = (draw: Draw, history: number, focus = focusOf(history)): Flavour => {
  // A scan looks at the present, and finds something where much is said of one service.
  const scanned = focus === 'scan';
  // What is swept stays unlisted where nobody else writes.
  const hot = !scanned && draw.chance(focus === 'sweep orphans' ? 0.3 : 0.7);
  const silences = Array.from({ length: focus === 'expire' ? 3 : draw.pick([0, 0, 0, 1]) }, () => ({
    days: draw.whole(20, 40),
    isReplayLeft: draw.chance(0.5),
  }));
  return {
    focus,
    memory: scanned ? 0.6 : 0.15,
    uploads: draw.whole(20, focus === 'expire' ? 40 : hot ? 120 : 60),
    services: SERVICES.slice(0, draw.whole(1, scanned ? 1 : hot ? 2 : SERVICES.length)),
    projects: PROJECTS.slice(0, draw.whole(1, scanned ? 1 : PROJECTS.length)),
    activeMs: draw.whole(scanned ? 120 : 10, hot || scanned ? 300 : 100) * MINUTE_MS,
    // Of the day before, so that its hour and its day are rolled up while uploads for them still come.
    hotMs: hot ? 125 * MINUTE_MS : undefined,
    newCodecs: draw.chance(0.7),
    wrongDoors: draw.chance(0.15),
    wrongClocks: focus === 'sweep orphans' ? 0.5 : 0.2,
    shards: draw.pick([1, 1, 1, 2, 3]),
    silences,
    // What was sent before a silence has expired.
    isReplayed: silences.length === 0 && draw.chance(0.3),
  };
};

/** Uploads sent from `beginMs`, in no order. Numbers begin at `first`. */
export const planUploads = (draw: Draw, flavour: Flavour, beginMs: number, first: number): Planned[] =>
  Array.from({ length: flavour.uploads }, (_, n) => plan(draw, flavour, beginMs, first + n)).flat();

function plan(draw: Draw, flavour: Flavour, beginMs: number, number: number): Planned[] {
  const sentAt = beginMs + draw.whole(0, flavour.activeMs);
  const project = draw.pick(flavour.projects);
  const doorOffsetMs = flavour.wrongDoors && draw.chance(SORTS.wrongDoor) ? draw.pick([-DAY_MS, DAY_MS]) : 0;
  if (draw.chance(SORTS.broken)) {
    const body = `{"resourceSpans": [${number}`;
    return [planned({ project, body, sentAt, doorOffsetMs, pieces: [], state: 'rejected' })];
  }
  const ageMs = draw.chance(SORTS.late)
    ? draw.whole(60 * HOUR_MS, 70 * HOUR_MS)
    : draw.chance(SORTS.old)
      ? draw.whole(HOUR_MS, 16 * HOUR_MS)
      : flavour.hotMs === undefined
        ? draw.whole(0, flavour.focus === 'scan' ? MINUTE_MS : 30 * MINUTE_MS)
        : sentAt - beginMs + flavour.hotMs - draw.whole(0, MINUTE_MS);
  const endMs = sentAt - ageMs;
  if (draw.chance(flavour.memory)) {
    const instance = `pod-${draw.whole(1, INSTANCES)}`;
    const memory = memoryOf(draw.pick(flavour.services), instance, number, endMs);
    const body = JSON.stringify({ resourceMetrics: [memory] });
    // An instance whose readings come through a wrong door is taken for one with a wrong clock after five of them, and what
    // becomes of the next depends on how many were analysed: they go through right ones.
    const state = ageMs <= 2 * DAY_MS ? 'done' : 'rejected';
    return [planned({ project, route: 'otlp-metrics', body, sentAt, doorOffsetMs: 0, pieces: [], state })];
  }
  // By the clock of its door: one that is a day behind takes the present for the future.
  const seenAgeMs = ageMs + doorOffsetMs;
  const accepted = seenAgeMs >= -5 * MINUTE_MS && seenAgeMs <= 2 * DAY_MS;
  const state = accepted ? 'done' : 'rejected';
  const pieces = drawnPieces(draw, flavour.services, number, endMs);
  const body = JSON.stringify({ resourceSpans: pieces.map(spanOf) });
  const projects = draw.chance(SORTS.bothProjects) ? flavour.projects : [project];
  return projects.map((name) =>
    planned({
      project: name,
      body,
      sentAt,
      doorOffsetMs,
      state,
      pieces: accepted ? pieces.map((piece) => ({ ...piece, project: name })) : [],
    }),
  );
}

interface Sending extends Omit<Planned, 'upload'> {
  readonly project: string;
  readonly body: string;
  readonly route?: string;
}
function planned({ project, body, route = 'otlp-traces', ...rest }: Sending): Planned {
  const bytes = new TextEncoder().encode(body);
  return {
    ...rest,
    upload: {
      id: idOf(project, route, body),
      project,
      route,
      contentType: 'application/json',
      contentEncoding: '',
      sender: 'simulation',
      keyId: 'open',
      body: bytes,
    },
  };
}

/** As the sender of a direct upload names it, so that an upload may come both ways. */
function idOf(project: string, route: string, body: string) {
  const sha256 = (...parts: readonly (string | Uint8Array)[]) => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
    return hash.digest();
  };
  const identity = createHash('sha256').update(body).digest();
  return uploadId(sha256(project, route, '', identity).toString('hex').slice(0, 32));
}

/** One request of each of some services: a commit to several partitions, between any two of which somebody may crash. */
function drawnPieces(
  draw: Draw,
  services: readonly string[],
  number: number,
  endMs: number,
): Omit<Piece, 'project'>[] {
  const first = draw.whole(0, services.length - 1);
  return Array.from({ length: draw.pick([1, 1, 2, 3]) }, (_, i) => ({
    service: services[(first + i) % services.length] as string,
    unit: `/unit/${draw.whole(1, UNITS)}`,
    endMs,
    // No two uploads are worth the same, so that one that is lost and one that counts twice do not add up to right.
    durationUs: (number + 1) * 1000 + i,
  }));
}

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
const nanos = (ms: number, us = 0) => String(BigInt(ms) * 1_000_000n - BigInt(us) * 1000n);

const spanOf = ({ service, unit, endMs, durationUs }: Omit<Piece, 'project'>) => ({
  // An instance of its own: from five exports of the same age the product would conclude that a sender's clock is wrong.
  resource: { attributes: [text('service.name', service), text('service.instance.id', `pod ${durationUs}`)] },
  scopeSpans: [
    {
      spans: [
        {
          traceId: durationUs.toString(16).padStart(32, '1'),
          spanId: durationUs.toString(16).padStart(16, '2'),
          kind: 2,
          name: unit,
          startTimeUnixNano: nanos(endMs, durationUs),
          endTimeUnixNano: nanos(endMs),
          attributes: [text('http.request.method', 'GET'), text('http.route', unit)],
        },
      ],
    },
  ],
});

/** Of the last minutes: rules look back for five. */
const POINTS = 20;
const POINTS_EACH_MS = 20 * SECOND_MS;
export const LIMIT_BYTES = 100_000_000;
/** Memory near its limit, so that a scan has something to look at. */
const memoryOf = (service: string, instance: string, number: number, endMs: number) => ({
  resource: {
    attributes: [text('service.name', service), text('service.instance.id', instance)],
  },
  scopeMetrics: [
    {
      metrics: [
        {
          name: 'process.memory.usage',
          unit: 'By',
          gauge: {
            dataPoints: Array.from({ length: POINTS }, (_, i) => ({
              timeUnixNano: nanos(endMs - i * POINTS_EACH_MS - number),
              asInt: String(LIMIT_BYTES - i),
            })),
          },
        },
      ],
    },
  ],
});

/** What a set of uploads adds up to: place → how many requests and how long they took. */
export type Sums = Map<string, { requests: number; durationUs: number }>;
export const placeOf = (project: string, service: string, start: number, unit: string) =>
  JSON.stringify([project, service, start, unit]);

export function sumsOf(uploads: Iterable<Planned>, step: Step): Sums {
  const sums: Sums = new Map();
  for (const { pieces } of uploads) {
    for (const { project, service, unit, endMs, durationUs } of pieces) {
      const place = placeOf(project, service, bucketStart(endMs, step), unit);
      const sum = sums.get(place) ?? { requests: 0, durationUs: 0 };
      sums.set(place, { requests: sum.requests + 1, durationUs: sum.durationUs + durationUs });
    }
  }
  return sums;
}
