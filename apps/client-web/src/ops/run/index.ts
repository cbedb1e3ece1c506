/** The page of one run. */
export { RunPage } from "./run-page.tsx";
export type { RunPageProps } from "./run-page.tsx";
