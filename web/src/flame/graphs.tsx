import { useCallback, useMemo } from 'preact/hooks';
import { FlameGraph, type FlameGraphProps, ROWS_MAX } from './flame-graph.tsx';
import { type FlameModel, nameAt } from './model.ts';
import { largestCall, sandwichOf } from './sandwich.ts';

/** The graph; or, of a function that was chosen, a graph of its callers over one of its callees. */
export function Graphs({
  isSandwich,
  ...props
}: Omit<FlameGraphProps, 'leave' | 'upward' | 'rowsMax'> & { isSandwich: boolean }) {
  const { model, zoom, setZoom, label } = props;
  const leave = useCallback(() => setZoom(0), [setZoom]);
  const name = isSandwich && zoom > 0 ? model.name[zoom] : undefined;
  const halves = useMemo(() => (name === undefined ? undefined : sandwichOf(model, name)), [model, name]);
  if (!halves) return <FlameGraph key="graph" {...props} leave={leave} />;
  // A click goes on to another function: its callers and callees are what is asked next.
  const half = (of: FlameModel) => ({
    ...props,
    leave,
    model: of,
    zoom: 0,
    setZoom: (node: number) => setZoom(largestCall(model, of.name[node] as number)),
    rowsMax: ROWS_MAX / 2,
  });
  const what = nameAt(model, zoom);
  return (
    <>
      <h3 class="half">Called by</h3>
      <FlameGraph
        key="callers"
        {...half(halves.callers)}
        upward
        label={`Callers of ${what}, the function at the bottom. ${label}`}
      />
      <h3 class="half">Calls</h3>
      {/* The graph of before, so that it keeps the focus. */}
      <FlameGraph key="graph" {...half(halves.callees)} label={`Callees of ${what}. ${label}`} />
    </>
  );
}
