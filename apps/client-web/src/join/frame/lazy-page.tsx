import { lazy, useState, type ComponentType } from "react";

/** A page whose code is fetched when it is gone to, or before. */
export interface LazyPage<Props> {
  readonly Page: ComponentType<Props>;
  /** Fetches the code, so that going there shows the page at once. */
  readonly prefetch: () => void;
}

/** Makes a page of what `load` fetches; it is fetched once. */
export function lazyPage<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): LazyPage<Props> {
  let loaded: ComponentType<Props> | null = null;
  let loading: Promise<ComponentType<Props>> | null = null;
  const fetched = (): Promise<ComponentType<Props>> =>
    (loading ??= load().then((Page) => (loaded = Page)));
  const Lazy = lazy(async () => ({ default: await fetched() })) as unknown as ComponentType<Props>;
  return {
    Page(props) {
      // Chosen once: another component in the same place would begin anew.
      const [Chosen] = useState(() => loaded ?? Lazy);
      return <Chosen {...props} />;
    },
    prefetch() {
      fetched().catch(() => {
        // Without a network now; going there tries again.
        loading = null;
      });
    },
  };
}
