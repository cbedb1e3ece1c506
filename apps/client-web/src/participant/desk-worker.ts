/** Entry of the worker in which a data holder's part is done: files, keys, records, the session. */
import { z } from "zod";
import { workerPorts } from "./platform/worker-ports.ts";
import type { ToDesk } from "./wire/messages.ts";
import { serveDesk } from "./wire/serve-desk.ts";

// The content security policy forbids code that is made at run time.
z.config({ jitless: true });

const hear = serveDesk(workerPorts(), (message) => {
  postMessage(message);
});
onmessage = ({ data }: MessageEvent<ToDesk>) => {
  hear(data);
};
