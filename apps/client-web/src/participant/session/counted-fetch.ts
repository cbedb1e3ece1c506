/** The browser's `fetch`, with every byte of blobs and models written down as it travels. */
import type { Fetch, FetchRequest, FetchResponse } from "@fedtune/client";
import type { Transfer } from "../session-report.ts";
import type { Observer, Sightings } from "./observer.ts";

/** What a request is for, from its address; null: nothing that is listed. */
function purposeOf(
  path: string,
): (Pick<Transfer, "what" | "direction"> & { round?: number }) | null {
  const update = /^\/runs\/[^/]+\/rounds\/(\d+)\/updates\//.exec(path);
  if (update !== null) return { what: "update", direction: "up", round: Number(update[1]) };
  if (/^\/runs\/[^/]+\/blobs\//.test(path)) return { what: "joint-result", direction: "down" };
  return null;
}

/** `fetch` without cookies and caches: whoever signs needs neither. */
export function plainFetch(url: string, request: RequestInit): Promise<Response> {
  return fetch(url, { ...request, credentials: "omit", cache: "no-store" });
}

/** The client loop's `fetch`; each attempt at an upload is a transfer of its own. */
export function countedFetch(
  observer: Observer,
  sightings: Sightings,
  inner: Fetch = plainFetch,
): Fetch {
  return async (url, request) => {
    const purpose = purposeOf(new URL(url).pathname);
    if (purpose === null) return inner(url, request);
    const began = observer.now();
    const told = (bytes: number, isComplete: boolean): void => {
      const at = observer.now();
      const seconds = (at - began) / 1000;
      const round = purpose.round ?? sightings.round;
      const { what, direction } = purpose;
      observer.tell({
        type: "transfer",
        transfer: { at, direction, what, round, bytes, seconds, isComplete },
      });
    };
    if (purpose.direction === "up") return sent(inner, { url, request }, told);
    return received(await inner(url, request), told);
  };
}

type Tell = (bytes: number, isComplete: boolean) => void;

/** An upload whose answer did not come may have travelled in part, or whole. */
async function sent(
  inner: Fetch,
  { url, request }: { readonly url: string; readonly request: FetchRequest },
  told: Tell,
): Promise<FetchResponse> {
  const bytes = request.body?.length ?? 0;
  try {
    const response = await inner(url, request);
    told(bytes, true);
    return response;
  } catch (error) {
    told(bytes, false);
    throw error;
  }
}

function received(response: FetchResponse, told: Tell): FetchResponse {
  const { ok, status, body } = response;
  if (body === null) return response;
  return {
    ...{ ok, status },
    body: {
      getReader() {
        const reader = body.getReader();
        let bytes = 0;
        let isTold = false;
        const end = (isComplete: boolean): void => {
          if (!isTold && bytes > 0) told(bytes, isComplete);
          isTold = true;
        };
        return {
          async read() {
            try {
              const part = await reader.read();
              bytes += part.value?.length ?? 0;
              if (part.done) end(true);
              return part;
            } catch (error) {
              end(false);
              throw error;
            }
          },
          cancel() {
            end(false);
            return reader.cancel();
          },
        };
      },
    },
  };
}
