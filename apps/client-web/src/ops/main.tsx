/** The operators' pages. First of all, schemas are told not to compile themselves: the pages' policy allows no `eval`. */
import { config } from "zod";

config({ jitless: true });
// Loaded afterwards: schemas read that setting when they are made.
void import("./start.tsx").then(({ start }) => {
  start();
});
