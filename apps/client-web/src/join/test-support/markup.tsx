/** Pages as markup, without a browser. */
import type { ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Router } from "wouter";
import type { ParticipantSnapshot } from "../../participant/index.ts";
import { Root } from "../../ui/root.tsx";
import { ParticipantProvider } from "../frame/participant-context.tsx";
import { fakeParticipant } from "./fake-participant.ts";
import { nowMs } from "./fixture.ts";

/** A page's markup under a snapshot. */
export function markupOf(
  page: ReactElement,
  { snapshot, path }: { readonly snapshot: ParticipantSnapshot; readonly path: string },
): string {
  return renderToStaticMarkup(
    <Router ssrPath={path}>
      <Root>
        <ParticipantProvider
          participant={fakeParticipant(snapshot)}
          timeZone="UTC"
          now={() => nowMs}
        >
          {page}
        </ParticipantProvider>
      </Root>
    </Router>,
  );
}

/** What is read: the markup without its tags, entities undone. */
export const readText = (markup: string): string =>
  markup
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&#x27;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ");
