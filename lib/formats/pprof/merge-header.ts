import { Fault } from '../../model/fault.ts';
import { type Merge, mapString, textOfMerge } from './merge-state.ts';

/** Headers as google/pprof combines them: see combineHeaders in its profile/merge.go. */
export function combineHeader(merge: Merge): void {
  const { header } = merge.file.tables;
  const string = (index: number) => mapString(merge, index);
  const sampleTypes = header.sampleTypes.flatMap(({ type, unit }) => [string(type), string(unit)]);
  const { type, unit } = header.periodType;
  const periodType: [number, number] = [string(type), string(unit)];
  const comments = header.comments.map(string);
  const before = merge.header;
  if (before === undefined) {
    merge.header = {
      sampleTypes,
      periodType,
      dropFrames: string(header.dropFrames),
      keepFrames: string(header.keepFrames),
      comments: [...new Set(comments)],
      timeNanos: header.timeNanos,
      durationNanos: header.durationNanos,
      period: header.period,
      defaultSampleType: string(header.defaultSampleType),
      docUrl: string(header.docUrl),
    };
    return;
  }
  if (!isSame(before.periodType, periodType))
    throw incompatible(merge, 'period types', before.periodType, periodType);
  if (!isSame(before.sampleTypes, sampleTypes))
    throw incompatible(merge, 'sample types', before.sampleTypes, sampleTypes);
  if (before.timeNanos === 0n || header.timeNanos < before.timeNanos) before.timeNanos = header.timeNanos;
  before.durationNanos = BigInt.asIntN(64, before.durationNanos + header.durationNanos);
  if (before.period === 0n || before.period < header.period) before.period = header.period;
  for (const comment of comments) if (!before.comments.includes(comment)) before.comments.push(comment);
  if (before.defaultSampleType === 0) before.defaultSampleType = string(header.defaultSampleType);
  if (before.docUrl === 0) before.docUrl = string(header.docUrl);
}

const isSame = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((x, i) => x === b[i]);

function incompatible(merge: Merge, what: string, a: readonly number[], b: readonly number[]): Fault {
  const text = (place: number) => textOfMerge(merge, place);
  const list = (types: readonly number[]) =>
    types.flatMap((type, i) => (i % 2 === 0 ? [`${text(type)}/${text(types[i + 1]!)}`] : [])).join(', ');
  return new Fault(
    'invalid-input',
    `Cannot merge profiles with different ${what}: ${list(a)} and ${list(b)}`,
  );
}
