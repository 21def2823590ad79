// What senders say of a resource, a point or a span, whatever protocol they say it in.

/** Numbers beyond 2^53 stay decimal strings; bytes become base64; arrays and maps become one text, `[a,b]` or `{k=v}`. */
export type AttributeValue = string | number | boolean;
export type Attributes = ReadonlyMap<string, AttributeValue>;

export const NO_ATTRIBUTES: Attributes = new Map();

/** Cuts to `limit` UTF-16 units without leaving half of a character. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? limit - 1 : limit);
}

export function text(attributes: Attributes, key: string): string | undefined {
  const value = attributes.get(key);
  if (value === undefined || value === '') return undefined;
  return typeof value === 'string' ? value : String(value);
}

export function first(attributes: Attributes, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = text(attributes, key);
    if (value !== undefined) return value;
  }
  return undefined;
}
