import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
// Styles one by one: a module that only imports them counts as one without effects and would be left out.
import "@fontsource-variable/ibm-plex-sans/wght.css";
import "@fontsource/ibm-plex-mono/latin-400.css";
import "../design/tokens.css";
import "../design/base.css";
import { JoinApp } from "./join-app.tsx";
import type { JoinAppProps } from "./join-app.tsx";

/** Draws the pages into the document. */
export function mount(props: JoinAppProps): void {
  const place = document.getElementById("root");
  if (place === null) throw new RangeError("Cannot draw the pages: the document has no #root");
  createRoot(place).render(
    <StrictMode>
      <JoinApp {...props} />
    </StrictMode>,
  );
}
