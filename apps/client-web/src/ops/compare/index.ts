/** The page that compares runs. */
export { ComparePage } from "./compare-page.tsx";
