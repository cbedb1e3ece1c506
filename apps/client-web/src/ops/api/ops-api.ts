/** The API for a signed-in page: the cookie says who asks, a token repeated by the page says that the page asks. */
import { createApiClient } from "@fedtune/api";
import type { ApiClient, ApiClientOptions, Fetch } from "@fedtune/api";

/** The header that repeats the session's token. */
export const csrfHeader = "X-Fedtune-CSRF";

/** What the pages' client needs. */
export interface OpsApiOptions extends Pick<ApiClientOptions, "url" | "fetch" | "clock"> {
  /** Called when the server no longer knows the session. */
  readonly onSignedOut: () => void;
}

/** Signing in asks with no session: that it is refused says nothing about one. */
function watched(fetch: Fetch, onSignedOut: () => void): Fetch {
  return async (url, request) => {
    const response = await fetch(url, request);
    if (response.status === 401 && !url.endsWith("/sessions")) onSignedOut();
    return response;
  };
}

/** Makes the client. It learns the session's token from `signIn` and `getMe` and forgets it with `signOut`. */
export function createOpsApi({ url, fetch, clock, onSignedOut }: OpsApiOptions): ApiClient {
  let csrf: string | null = null;
  const client = createApiClient({
    ...{ url, clock, fetch: watched(fetch, onSignedOut) },
    headers: (): Record<string, string> => (csrf === null ? {} : { [csrfHeader]: csrf }),
  });
  return {
    ...client,
    async signIn(input) {
      const session = await client.signIn(input);
      csrf = session.csrf;
      return session;
    },
    async getMe(input) {
      const me = await client.getMe(input);
      csrf = me.csrf;
      return me;
    },
    async signOut(input) {
      await client.signOut(input);
      csrf = null;
    },
  };
}
