import { useCallback } from "react";
import { useLocation, useSearch } from "wouter";

/** A search with one value changed; null takes it away. */
export function searchWith(search: string, name: string, value: string | null): string {
  const parameters = new URLSearchParams(search);
  if (value === null) parameters.delete(name);
  else parameters.set(name, value);
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** One value of the address's query, so that a link shows what its sender saw; null: it is not there. */
export function useSearchState(
  name: string,
): readonly [value: string | null, set: (value: string | null) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const set = useCallback(
    (value: string | null) => {
      navigate(path + searchWith(search, name, value), { replace: true });
    },
    [path, search, name, navigate],
  );
  return [new URLSearchParams(search).get(name), set];
}
