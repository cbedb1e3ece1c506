import { isFedtuneError } from "@fedtune/core";
import { QueryClient } from "@tanstack/react-query";

/** How often a reading that may succeed later is tried again. */
const RETRIES = 2;

/** Whether a failed reading is worth another try. */
function shouldRetry(failures: number, error: unknown): boolean {
  return failures < RETRIES && isFedtuneError(error) && error.retryable;
}

/**
 * The cache of all that the pages have read. It asks even where the browser believes to be offline: a coordinator in
 * the same room needs no internet.
 */
export function createQueryClient(): QueryClient {
  const networkMode = "always";
  return new QueryClient({
    defaultOptions: {
      queries: { networkMode, retry: shouldRetry, staleTime: 5_000 },
      mutations: { networkMode, retry: false },
    },
  });
}
