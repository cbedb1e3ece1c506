import { useEffect, useState, type RefCallback } from "react";

/** The width of an element in whole px as it changes; `first` until it is known, as on a server. */
export function useWidth(first: number): [ref: RefCallback<Element>, width: number] {
  const [element, setElement] = useState<Element | null>(null);
  const [width, setWidth] = useState(first);
  useEffect(() => {
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => {
      // Below a few px the element is hidden, and nothing needs to be drawn for it.
      if (entry !== undefined && entry.contentRect.width > 20) {
        setWidth(Math.floor(entry.contentRect.width));
      }
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, width];
}
