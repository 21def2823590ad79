// Loaded before every test file, and by child processes through `--import`: TIDEMARK_TEST_CLOCK_SHIFT_DAYS lets all of
// them live on another day, so that no test can depend on the one on which it was written.

export const SHIFT_VARIABLE = 'TIDEMARK_TEST_CLOCK_SHIFT_DAYS';
const DAY_MS = 86_400_000;
const shiftMs = Number(process.env[SHIFT_VARIABLE] || 0) * DAY_MS;

if (shiftMs !== 0) {
  const Real = Date;
  const now = () => Real.now() + shiftMs;
  globalThis.Date = new Proxy(Real, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    apply: () => new Real(now()).toString(),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
}
