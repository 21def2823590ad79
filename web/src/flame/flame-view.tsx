import type { ComponentChildren } from 'preact';
import { useCallback, useMemo } from 'preact/hooks';
import { useKeys } from '../keys.ts';
import { go, hrefWith, usePlace } from '../router.ts';
import { useAfterFrame } from './after-frame.ts';
import { profileAmount } from './amount.ts';
import { FilterFound, Filters, hrefWithout, wholeTerm } from './filters.tsx';
import { FlameLegend } from './flame-legend.tsx';
import { FlameTools } from './flame-tools.tsx';
import { FunctionTable } from './function-table.tsx';
import { Graphs } from './graphs.tsx';
import { type FlameModel, type FlamePicture, flameModel } from './model.ts';
import { hitsOf, nextHit, shareText } from './search.ts';
import { shared } from './shared.ts';
import { hrefToGraph, hrefToSandwich, useZoomed } from './use-zoomed.ts';

/**
 * A picture as it is drawn: without idle time unless the reader wants it.
 *
 * @param scaleBefore see `flameModel`
 */
export function useFlameModel(picture: FlamePicture, scaleBefore = 1): FlameModel {
  const keepIdle = usePlace().query.get('idle') === 'shown';
  return useMemo(() => flameModel(picture, keepIdle, scaleBefore), [picture, keepIdle, scaleBefore]);
}

/** Graph and table together, with search, zoom, sandwich, filters and idling in the URL. */
export function FlameView({
  model,
  unit,
  label,
  sides = false,
  filtered = false,
  about,
}: {
  model: FlameModel;
  /** Of the amounts. */
  unit: string;
  label: string;
  sides?: boolean;
  /** Whether the picture is asked for with the URL's filters. */
  filtered?: boolean;
  /** What else is known of the frame that was zoomed to. */
  about?: (model: FlameModel, node: number) => ComponentChildren;
}) {
  const { query } = usePlace();
  const amount = useCallback((value: number) => profileAmount(value, unit), [unit]);
  const keepIdle = query.get('idle') === 'shown';
  const isSandwich = query.get('view') === 'sandwich';
  const lit = useMemo(() => shared<number | undefined>(undefined), [model]);
  const text = query.get('q') ?? '';
  const hits = useMemo(() => hitsOf(model, text), [model, text]);
  const found = useMemo(() => hits && shareText(model, hits), [model, hits]);
  const { zoom, ahead, isLost, setZoom } = useZoomed(model, isSandwich);
  const told = useAfterFrame(zoom);
  const panel = useMemo(() => told > 0 && about?.(model, told), [about, model, told]);
  const side = sides ? (query.get('width') === 'before' ? 'before' : 'after') : undefined;
  /** The function that is pointed at or was chosen by keys, else that which was zoomed to. */
  const meant = () => lit.now ?? (zoom > 0 ? model.name[zoom] : undefined) ?? 0;
  useKeys({
    s: () => go(isSandwich ? hrefToGraph(model, zoom) : hrefToSandwich(model, meant())),
    ...(filtered && {
      i: () => {
        const text = model.names[meant()] as string;
        if (meant() > 0) go(hrefWithout(query, wholeTerm(text)));
      },
    }),
  });
  const table = useMemo(
    () => (
      <FunctionTable
        model={model}
        amount={amount}
        lit={lit}
        find={(name) => go(hrefWith({ q: name === text ? null : name }), 'replace')}
      />
    ),
    [model, amount, lit, text],
  );
  const graphs = useMemo(
    () => <Graphs {...{ model, isSandwich, zoom, ahead, setZoom, hits, lit, side, unit, amount, label }} />,
    [model, isSandwich, zoom, ahead, setZoom, hits, lit, side, unit, amount, label],
  );
  return (
    <div class="flamebox">
      <div>
        {filtered && <Filters />}
        <FlameTools
          {...{ model, isSandwich, zoom, setZoom, isLost, side, text, found }}
          next={() => hits && setZoom(nextHit(model, hits, zoom))}
        >
          {filtered && hits && hits.size > 0 && <FilterFound text={text} />}
        </FlameTools>
        {graphs}
        <FlameLegend
          {...{ sides, keepIdle, filtered }}
          idle={model.idle > 0 ? amount(model.idle) : undefined}
        />
        {panel}
      </div>
      {table}
    </div>
  );
}
