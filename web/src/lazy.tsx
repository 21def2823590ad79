import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Skeleton } from './components/states.tsx';

/** A page in a chunk of its own: loaded when first shown, then at once. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [Page, setPage] = useState<ComponentType<P> | undefined>(() => loaded);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (Page) return;
      load().then(
        (component) => {
          loaded = component;
          setPage(() => component);
        },
        () => setFailed(true),
      );
    }, [Page]);
    if (failed) {
      return (
        <p class="lede">
          A part of this page did not load; Tidemark may have been updated. <a href={location.href}>Reload</a>
        </p>
      );
    }
    return Page ? <Page {...props} /> : <Skeleton />;
  };
}
