/** The data holder's pages. The secret of an invitation leaves the address bar before anything else happens. */
import { createParticipant, pagePorts, takeLink } from "../participant/index.ts";
import { mount } from "./mount.tsx";

const link = takeLink(window);
mount({
  participant: createParticipant(pagePorts()),
  timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
  now: Date.now,
  link,
});
