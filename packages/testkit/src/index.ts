export { allowConsole } from "./console.ts";
