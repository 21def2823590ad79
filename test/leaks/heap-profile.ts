import {
  Line,
  Location,
  Function as PprofFunction,
  Profile,
  Sample,
  StringTable,
  ValueType,
} from 'pprof-format';

/** A heap profile as Go writes it: what is in use, by stack of `function file:line`, the innermost first. */
export function heapOf(stacks: ReadonlyMap<readonly string[], number>): Uint8Array<ArrayBuffer> {
  const texts = new StringTable();
  const id = (text: string) => texts.dedup(text);
  const locations = new Map<string, Location>();
  const functions: PprofFunction[] = [];
  const locate = (frame: string): Location => {
    const known = locations.get(frame);
    if (known) return known;
    const [, name = '', file = '', line = '0'] = /^(\S+) (\S+):(\d+)$/.exec(frame) ?? [];
    const one = new PprofFunction({ id: functions.length + 1, name: id(name), filename: id(file) });
    functions.push(one);
    const location = new Location({
      id: functions.length,
      line: [new Line({ functionId: functions.length, line: Number(line) })],
    });
    locations.set(frame, location);
    return location;
  };
  const sample = [...stacks].map(
    ([frames, bytes]) =>
      new Sample({ locationId: frames.map((frame) => locate(frame).id), value: [Math.round(bytes)] }),
  );
  const profile = new Profile({
    sampleType: [new ValueType({ type: id('inuse_space'), unit: id('bytes') })],
    ...{ sample, location: [...locations.values()], function: functions, stringTable: texts },
  });
  return new Uint8Array(profile.encode());
}
