import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Root } from "../ui/root.tsx";
import { App } from "./app.tsx";
import { browserClock, browserFetch } from "./api/browser-ports.ts";
import { ApiContext } from "./api/context.tsx";
import { keys } from "./api/keys.ts";
import { createOpsApi } from "./api/ops-api.ts";
import { createQueryClient } from "./api/query-client.ts";

/** Draws the pages into the document. */
export function start(): void {
  const place = document.getElementById("root");
  if (place === null) throw new RangeError("Cannot start: the document has no #root");
  const queries = createQueryClient();
  const api = createOpsApi({
    ...{ url: location.origin, fetch: browserFetch, clock: browserClock },
    onSignedOut: () => queries.setQueryData(keys.me, null),
  });
  createRoot(place).render(
    <StrictMode>
      <ApiContext value={api}>
        <QueryClientProvider client={queries}>
          <Root>
            <App />
          </Root>
        </QueryClientProvider>
      </ApiContext>
    </StrictMode>,
  );
}
