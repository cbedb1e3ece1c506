import type { ApiClient } from "@fedtune/api";
import { createContext, use } from "react";

/** The API of the pages below. */
export const ApiContext = createContext<ApiClient | null>(null);

/** The API. @throws RangeError outside of {@link ApiContext} */
export function useApi(): ApiClient {
  const api = use(ApiContext);
  if (api === null) throw new RangeError("Cannot use the API: no ApiContext is above");
  return api;
}
