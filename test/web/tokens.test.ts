import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

// Recomputes what the design promises, from the sheet that is shipped: contrasts (WCAG 2.2) and how far apart the five
// line colours stay for colour-blind eyes (Machado 2009, full severity; distance in OKLab × 100).

const sheet = (name: string) => readFileSync(new URL(`../../web/src/${name}`, import.meta.url), 'utf8');
const flame = sheet('flame/flame.css');
type Rgb = readonly [number, number, number];

function tokens(selector: string, css = sheet('styles/tokens.css')): Map<string, Rgb> {
  const block = css.slice(css.indexOf(`${selector} {`), css.indexOf('}', css.indexOf(`${selector} {`)));
  const found = [...block.matchAll(/(--[\w-]+): #([0-9a-f]{6});/g)];
  const rgb = (hex: string) =>
    [0, 2, 4].map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255) as unknown as Rgb;
  return new Map(found.map(([, name = '', hex = '']) => [name, rgb(hex)]));
}
const linear = (c: Rgb) =>
  c.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)) as unknown as Rgb;
const luminance = (c: Rgb) => {
  const [r, g, b] = linear(c);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a: Rgb, b: Rgb) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

type Matrix = readonly [Rgb, Rgb, Rgb];
const times = (m: Matrix, [x, y, z]: Rgb) => m.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Rgb;
const SIGHT: Record<string, Matrix> = {
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const LMS: Matrix = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const LAB: Matrix = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];
const oklab = (c: Rgb) => times(LAB, times(LMS, c).map((v) => Math.cbrt(v)) as unknown as Rgb);
const distance = (a: Rgb, b: Rgb) => 100 * Math.hypot(...oklab(a).map((v, i) => v - oklab(b)[i]!));

describe.each([
  ['light', ':root'],
  ['dark', ':root[data-theme="dark"]'],
])('tokens of the %s theme', (_, selector) => {
  const of = tokens(selector);
  const paper = of.get('--paper')!;

  it.each(['--ink', '--ink-2', '--ink-3', '--growth', '--floor', '--deploy', '--gap'])(
    '%s is text on paper: ≥ 4.5',
    (name) => {
      expect(contrast(of.get(name)!, paper)).toBeGreaterThanOrEqual(4.5);
    },
  );
  it.each([
    '--growth-mark',
    '--floor-mark',
    '--deploy-mark',
    '--gap-mark',
    '--raw',
    '--bar',
    '--line-strong',
  ])('%s is a mark on paper: ≥ 3', (name) => {
    expect(contrast(of.get(name)!, paper)).toBeGreaterThanOrEqual(3);
  });
  it.each(Object.keys(SIGHT))('line colours stay apart for %s eyes: ≥ 8', (kind) => {
    const seen = ['--growth-mark', '--floor-mark', '--deploy-mark', '--gap-mark', '--raw'].map(
      (name) => times(SIGHT[kind]!, linear(of.get(name)!)).map((v) => Math.max(0, v)) as unknown as Rgb,
    );
    const pairs = seen.flatMap((a, i) => seen.slice(i + 1).map((b) => distance(a, b)));
    expect(Math.min(...pairs)).toBeGreaterThanOrEqual(8);
  });
});

describe.each([':root', ':root[data-theme="dark"]'])('flame colours of %s', (selector) => {
  const of = tokens(selector, flame);
  it('let the text on them be read: ≥ 4.5', () => {
    const grounds = [...of.keys()].filter((name) => name !== '--f-text');
    expect(grounds).toHaveLength(15);
    for (const name of grounds)
      expect(contrast(of.get('--f-text')!, of.get(name)!), name).toBeGreaterThanOrEqual(4.5);
  });
  it.each(Object.keys(SIGHT))(
    'tell grew from shrank for %s eyes, at their weakest steps too: ≥ 8',
    (kind) => {
      const seen = (name: string) =>
        times(SIGHT[kind]!, linear(of.get(name)!)).map((v) => Math.max(0, v)) as unknown as Rgb;
      for (const up of ['--d-up-1', '--d-up-2', '--d-up-3'])
        for (const down of ['--d-dn-1', '--d-dn-2', '--d-dn-3'])
          expect(distance(seen(up), seen(down)), `${up} ${down}`).toBeGreaterThanOrEqual(8);
    },
  );
});
