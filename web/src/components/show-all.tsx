interface ShowAllProps {
  /** Rows of the short form. */
  readonly first: number;
  readonly count: number;
  readonly all: boolean;
  readonly setAll: (all: boolean) => void;
  readonly class?: string;
}

/** Between the first rows of a table and all of them; nothing where all are few. */
export function ShowAll({ first, count, all, setAll, class: looks = 'link' }: ShowAllProps) {
  if (count <= first) return null;
  return (
    <button type="button" class={looks} onClick={() => setAll(!all)}>
      {all ? `Show the first ${first}` : `Show all ${count}`}
    </button>
  );
}

/** The same as a line of its own under the table. */
export const ShowAllLine = (props: ShowAllProps) =>
  props.count > props.first && (
    <p class="note under">
      <ShowAll {...props} />
    </p>
  );
