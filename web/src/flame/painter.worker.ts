import { paintScene, type Scene } from './painter.ts';

// Draws a flame graph beside the page's own thread: laying out, measuring texts and filling thousands of bars would
// hold up the page at every zoom.

/** What changed; the canvas comes first and once. */
export type PainterMessage = Partial<Scene> | { readonly canvas: OffscreenCanvas };

let canvas: OffscreenCanvas | undefined;
let scene: Partial<Scene> = { top: 0 };
let isDue = false;

addEventListener('message', ({ data }: MessageEvent<PainterMessage>) => {
  if ('canvas' in data) canvas = data.canvas;
  else scene = { ...scene, ...data };
  // Once per frame, however often it is scrolled meanwhile.
  if (!isDue) requestAnimationFrame(draw);
  isDue = true;
});

function draw() {
  isDue = false;
  if (canvas && isWhole(scene)) paintScene(canvas, scene);
}

const isWhole = (some: Partial<Scene>): some is Scene =>
  some.model !== undefined && some.theme !== undefined && some.zoom !== undefined;
