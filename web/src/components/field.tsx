import type { ComponentChildren, InputHTMLAttributes } from 'preact';

/** An input under its label; `set` gets the text at each keystroke. */
export function Field({
  label,
  set,
  ...input
}: { label: ComponentChildren; set: (text: string) => void } & InputHTMLAttributes) {
  return (
    <label>
      {label}
      <input class="field" onInput={(event) => set(event.currentTarget.value)} {...input} />
    </label>
  );
}
