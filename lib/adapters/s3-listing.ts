import type { ObjectInfo } from '../ports/object-store.ts';

/** What `ListObjectsV2` answers. Our keys hold no character that XML would have to hide. */
export function listedObjects(body: Uint8Array): {
  readonly objects: readonly ObjectInfo[];
  readonly isTruncated: boolean;
} {
  const xml = new TextDecoder().decode(body);
  const objects = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, fields = '']) => ({
    key: field(fields, 'Key'),
    size: Number(field(fields, 'Size')),
    modified: Date.parse(field(fields, 'LastModified')),
  }));
  return { objects, isTruncated: field(xml, 'IsTruncated') === 'true' };
}

const field = (xml: string, name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';
